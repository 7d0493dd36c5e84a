// The program's name and version, and what it was built with.
#pragma once

#include <chrono>
#include <string>

namespace station {

std::string version();                  // "0.1.0"
std::chrono::sys_seconds build_time();  // the beginning of that day, or what SOURCE_DATE_EPOCH says
std::string version_text();             // for --version: several lines
std::string host_name();
std::string kernel();  // "Linux 6.1.0-13-amd64"

}  // namespace station
