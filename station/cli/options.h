// Options that several commands have, and what their texts may be. Pure.
#pragma once

#include <string>
#include <vector>

#include "station/cli/arguments.h"
#include "station/run/line_options.h"

namespace station {

// Which record a command speaks of.
struct RecordOptions {
  std::string station;
  std::string db;
};

constexpr int most_units = 1000;  // what the scheduler is measured with

void add_station_option(Arguments& arguments, std::string& station);
void add_record_options(Arguments& arguments, std::string& station, std::string& db);
void add_record_options(Arguments& arguments, RecordOptions& record);
// `values` and `what`: of --line.
void add_line_options(Arguments& arguments, LineOptions& options, const char* values = "usb|virtual|FILE.toml",
                      const char* what = "usb, virtual, or the file of a virtual line");

// What the options of a line say together that makes no sense; empty: nothing.
std::string contradiction(const Arguments& arguments, const LineOptions& options);

// What is wrong with a value; empty: nothing.
std::string one_of(const std::string& value, const std::vector<std::string>& known);
std::string is_time(const std::string& text);

}  // namespace station
