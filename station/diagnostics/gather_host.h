// Looks at this host for `doctor`: reads files and asks the system; changes nothing and opens no device.
// Blocks on the disk. Any thread.
#pragma once

#include <string>

#include "station/diagnostics/host_facts.h"

namespace station {

// `root` stands before /sys, /dev, /etc and the like: "" is this system.
UsbFacts gather_usb(const std::string& root);
DatabaseFacts gather_database(const std::string& file);
ClockFacts gather_clock();
std::uint64_t open_files_limit();
// Whether setpriority(-10) would be granted.
bool may_go_first();

}  // namespace station
