#include "db/values.h"

#include <algorithm>

namespace db {

namespace {

constexpr std::array<std::string_view, 7> kOutcomes{"passed",      "failed",  "error",  "cancelled",
                                                    "interrupted", "already", "running"};
constexpr std::array<std::string_view, 4> kVerdicts{"rework", "scrap", "waiver", "comment"};

}  // namespace

std::string hex(const Sha256& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0F];
  }
  return text;
}

std::string_view to_string(Outcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

std::optional<Outcome> parse_outcome(std::string_view text) {
  const auto found = std::ranges::find(kOutcomes, text);
  if (found == kOutcomes.end()) return std::nullopt;
  return static_cast<Outcome>(found - kOutcomes.begin());
}

std::string_view to_string(Verdict verdict) {
  return kVerdicts[static_cast<std::size_t>(verdict)];
}

std::optional<Verdict> parse_verdict(std::string_view text) {
  const auto found = std::ranges::find(kVerdicts, text);
  if (found == kVerdicts.end()) return std::nullopt;
  return static_cast<Verdict>(found - kVerdicts.begin());
}

Fault interrupted_fault() {
  Fault fault;
  fault.code = "interrupted";
  fault.about = "station";
  fault.text = "The program stopped before this attempt ended. What the unit holds is not known: flash it again.";
  return fault;
}

}  // namespace db
