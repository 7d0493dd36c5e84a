#include "station/cli/options.h"

#include <algorithm>
#include <charconv>

#include "dfu/virtual/line_spec.h"
#include "station/record/anchor_text.h"

namespace station {

namespace {

// Written so that "nan" fails too.
std::string is_speed(const std::string& text) {
  double speed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), speed);
  const bool number = error == std::errc{} && end == text.data() + text.size();
  if (number && speed >= 0.01 && speed <= 1000) return {};
  return "'" + text + "' is not a speed from 0.01 to 1000";
}

std::vector<std::string> generations() {
  std::vector<std::string> known;
  for (const int number : dfu::virt::generation_numbers()) known.push_back(std::to_string(number));
  return known;
}

}  // namespace

std::string one_of(const std::string& value, const std::vector<std::string>& known) {
  if (std::ranges::count(known, value) > 0) return {};
  std::string text = "'" + value + "' is not one of";
  for (const std::string& each : known) text += (&each == &known.front() ? " " : ", ") + each;
  return text;
}

std::string is_time(const std::string& text) {
  if (time_from(text)) return {};
  return "'" + text + "' is not a time; write 2026-11-22, 2026-11-22T06:00 or 2026-11-22T06:00:00Z";
}

void add_station_option(Arguments& arguments, std::string& station) {
  arguments.add("--station", station, "Station file: this line's name, limits, hubs and slots").type("FILE");
}

void add_record_options(Arguments& arguments, std::string& station, std::string& db) {
  add_station_option(arguments, station);
  arguments.add("--db", db, "Database (default: the station file's, or $XDG_STATE_HOME/flashline/flashline.db)")
      .type("FILE");
}

void add_record_options(Arguments& arguments, RecordOptions& record) {
  add_record_options(arguments, record.station, record.db);
}

void add_line_options(Arguments& arguments, LineOptions& options, const char* values, const char* what) {
  arguments.add("--line", options.line, what).type(values).show_default();
  arguments.add("--units", options.units, "Units on --line virtual").type("N").range(1, most_units).show_default();
  arguments.add("--generation", options.generation, "Bootloader generation of the Photons on --line virtual")
      .one_of(generations())
      .show_default();
  arguments.add("--speed", options.speed, "Speed of a virtual line; 1 is real time").type("X").check(is_speed);
  arguments.add("--keep", options.keep, "Folder in which the flash of virtual units is kept between runs").type("DIR");
}

std::string contradiction(const Arguments& arguments, const LineOptions& options) {
  if (options.line != "virtual") {
    if (arguments.given("--units")) return "--units belongs to --line virtual";
    if (arguments.given("--generation")) return "--generation belongs to --line virtual";
  }
  if (options.line == "usb") {
    if (arguments.given("--speed")) return "--speed belongs to a virtual line: real units have their own time";
    if (arguments.given("--keep")) return "--keep belongs to a virtual line: real units keep their flash themselves";
  }
  return {};
}

}  // namespace station
