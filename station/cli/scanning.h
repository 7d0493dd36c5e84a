// What a hand scanner reads, line by line: a slot, then the label of the unit there, and so on. Pure: says what a line
// means. A slot that is scanned when a label was awaited starts a new pair, so a wrong scan needs no correction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace station {

class Scanning {
 public:
  struct Pair {
    std::string slot;
    std::string label;
  };
  struct Meaning {
    std::optional<Pair> pair;
    std::string say;  // to the person; empty: nothing
  };

  // `is_slot`: what was read is the name of a slot or port of this station.
  Meaning read(std::string_view line, bool is_slot);
  const std::string& slot() const { return slot_; }  // whose label is awaited; empty: none

 private:
  std::string slot_;
};

// Without what scanners put around what they read: blanks, a carriage return, STX and ETX or other control characters.
std::string_view scanned(std::string_view line);

}  // namespace station
