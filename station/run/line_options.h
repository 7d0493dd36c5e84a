// Which line, in the words of the command line.
#pragma once

#include <optional>
#include <string>

namespace station {

// Of every command that looks at the line.
struct LineOptions {
  std::string line = "usb";
  int units = 8;
  int generation = 3;
  std::optional<double> speed;
  std::string keep;  // folder; empty: the units' flash is forgotten
};

}  // namespace station
