// Judges what was found out about this host: what prevents a line, what will, and what to do about it.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "station/diagnostics/host_facts.h"

namespace station {

enum class Level {
  ok,
  warn,     // the line runs, but less well than it could, or not for long
  problem,  // the line does not run, or its record is at risk
};

std::string_view to_string(Level level);  // "OK", "WARN", "PROBLEM"

struct Finding {
  std::string check;  // "udev-rules"
  Level level = Level::ok;
  std::string text;    // what was found
  std::string remedy;  // what to do; empty when all is well
};

// The hub that a port belongs to: "1-1" for "1-1.2", the root hub "1-0" for "1-1".
dfu::PortPath hub_of(const dfu::PortPath& port);

// One finding for each thing that was looked at, always in the same order.
std::vector<Finding> examine(const HostFacts& facts);

}  // namespace station
