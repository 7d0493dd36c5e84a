#include "station/cli/scanning.h"

#include <algorithm>
#include <utility>

namespace station {

std::string_view scanned(std::string_view line) {
  constexpr std::string_view around = " \t\r\n";
  line.remove_prefix(std::min(line.find_first_not_of(around), line.size()));
  line.remove_suffix(line.size() - (line.find_last_not_of(around) + 1));
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
