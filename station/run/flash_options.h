// What a run of the line is asked for, in the words of the command line.
#pragma once

#include <string>
#include <vector>

#include "station/exit_status.h"
#include "station/run/line_options.h"

namespace station {

// Of `flash` and of `run`.
struct FlashOptions : LineOptions {
  bool stay = false;    // `run`: go on with units that are plugged in later
  std::string recipe;   // empty, with `stay` only: slots with a recipe of their own are worked on
  std::string station;  // file; empty: none
  std::string db;       // empty: the station file's, or the default
  std::vector<std::string> ports;
  std::vector<std::string> slots;
  std::string operator_name;
  std::string job;    // order number; empty: none
  std::string board;  // "ADDR:PORT" or "off"; empty: as the station file says
  bool dry_run = false;
  bool archive = true;          // keep the images beside the database
  bool clock_is_right = false;  // a person says so, whatever the record ends with
  bool json = false;
  std::string color = "auto";  // of the console: or "always", "never"
  int verbosity = 0;
};

// Does all of it, prints, and says how it ended.
ExitStatus flash(const FlashOptions& options);

}  // namespace station
