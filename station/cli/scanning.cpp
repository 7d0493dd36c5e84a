#include "station/cli/scanning.h"

#include <utility>

namespace station {

std::string_view scanned(std::string_view line) {
  const auto around = [](char letter) { return static_cast<unsigned char>(letter) <= ' ' || letter == 0x7F; };
  while (!line.empty() && around(line.front())) line.remove_prefix(1);
  while (!line.empty() && around(line.back())) line.remove_suffix(1);
  return line;
}

Scanning::Meaning Scanning::read(std::string_view line, bool is_slot) {
  if (line.empty()) return {};
  if (is_slot) {
    slot_ = line;
    return {{}, slot_ + ": scan the label of its unit"};
  }
  if (slot_.empty()) return {{}, std::string(line) + " is not a slot where a unit was. Scan a slot first"};
  return {Pair{std::exchange(slot_, {}), std::string(line)}, {}};
}

}  // namespace station
