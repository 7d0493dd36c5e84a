#include "dfu/particle/store.h"

#include <algorithm>
#include <array>

namespace dfu::particle {
namespace {

using Result = std::variant<Setting, std::string>;

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Two capital letters and two zeros.
Result country_code(std::string_view value) {
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (value.size() != 2 || !std::ranges::all_of(value, capital)) return "must be two capital letters: \"DE\"";
  return Setting{1758, {static_cast<std::uint8_t>(value[0]), static_cast<std::uint8_t>(value[1]), 0, 0}};
}

// Without a terminator: it fills its place.
Result claim_code(std::string_view value) {
  constexpr std::size_t length = 63;
  if (value.size() != length) {
    return "must be " + std::to_string(length) + " characters long, and has " + std::to_string(value.size());
  }
  return Setting{1762, Bytes(value.begin(), value.end())};
}

// The length first; the rest of its place is zero.
Result ssid_prefix(std::string_view value) {
  constexpr std::size_t most = 25;
  if (value.empty() || value.size() > most ||
      !std::ranges::all_of(value, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == ' '; })) {
    return "must be 1 to " + std::to_string(most) + " letters, digits, blanks, '-' or '_'";
  }
  Bytes bytes{static_cast<std::uint8_t>(value.size())};
  bytes.insert(bytes.end(), value.begin(), value.end());
  bytes.resize(1 + most);
  return Setting{1826, bytes};
}

Result antenna(std::string_view value) {
  constexpr std::uint32_t offset = 2976;
  if (value == "internal") return Setting{offset, {0}};
  if (value == "external") return Setting{offset, {1}};
  if (value == "auto") return Setting{offset, {3}};
  return "must be \"internal\", \"external\" or \"auto\"";
}

struct Known {
  std::string_view name;
  Result (*encode)(std::string_view value);
};

constexpr std::array known = {
    Known{"antenna", antenna},
    Known{"claim-code", claim_code},
    Known{"country-code", country_code},
    Known{"ssid-prefix", ssid_prefix},
};

}  // namespace

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const Known& one : known) names.emplace_back(one.name);
  return names;
}

Result setting(std::string_view name, std::string_view value) {
  return std::ranges::find(known, name, &Known::name)->encode(value);
}

Setting bootloader_waits() {
  return {1753, {0xA5}};
}

}  // namespace dfu::particle
