#include "station/inputs.h"

#include <cstdio>
#include <filesystem>

#include <unistd.h>

#include "config/line_file.h"
#include "station/paths.h"

namespace station {

namespace {

// Units whose flash has a file of its own in the line file keep it there.
bool keep_flash_in(const std::string& folder, dfu::virt::LineSpec& line) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (access(folder.c_str(), W_OK | X_OK) != 0 || !std::filesystem::is_directory(folder)) return false;
  for (dfu::virt::UnitSpec& unit : line.units) {
    if (unit.flash_file.empty()) unit.flash_file = folder + "/" + unit.port.text + ".bin";
  }
  return true;
}

}  // namespace

ExitStatus complain(ExitStatus status, const std::string& sentence) {
  std::fprintf(stderr, "flashline: %s\n", sentence.c_str());
  return status;
}

void print_diagnostics(const std::vector<config::Diagnostic>& diagnostics) {
  for (const config::Diagnostic& each : diagnostics) std::fprintf(stderr, "%s\n", config::to_string(each).c_str());
}

std::variant<std::shared_ptr<const config::Recipe>, ExitStatus> read_recipe(const std::string& file) {
  const config::RecipeResult result = config::load_recipe(file);
  print_diagnostics(result.diagnostics);
  if (result.recipe) return result.recipe;
  return result.input_missing ? ExitStatus::input_missing : ExitStatus::bad_recipe;
}

std::variant<std::shared_ptr<const config::StationConfig>, ExitStatus> read_station(const std::string& file) {
  if (file.empty()) return std::make_shared<const config::StationConfig>();
  const config::StationResult result = config::load_station(file);
  print_diagnostics(result.diagnostics);
  if (result.station) return result.station;
  return ExitStatus::bad_configuration;
}

std::variant<dfu::virt::LineSpec, ExitStatus> read_line(const FlashOptions& options) {
  if (options.line == "usb") {
    return complain(ExitStatus::no_unit,
                    "this version cannot reach units on USB yet. Use --line virtual, or --line FILE.toml for a virtual "
                    "line of your own.");
  }
  dfu::virt::LineSpec line;
  if (options.line == "virtual") {
    line = dfu::virt::photon_line(options.units, options.generation);
  } else {
    const config::LineResult result = config::load_line(options.line);
    print_diagnostics(result.diagnostics);
    if (!result.line) return ExitStatus::bad_configuration;
    line = *result.line;
  }
  if (options.speed) line.speed = *options.speed;
  if (!options.keep.empty() && !keep_flash_in(options.keep, line)) {
    return complain(
        ExitStatus::cannot_create,
        "the folder '" + options.keep + "' for the units' flash cannot be made. Name another one with --keep.");
  }
  return line;
}

std::variant<std::string, ExitStatus> find_database(const std::string& option, const config::StationConfig& station) {
  const std::optional<std::string> path = database_path(option, station.database);
  if (path) return *path;
  return complain(ExitStatus::usage, "there is no home folder for the default database. Name one with --db FILE.");
}

std::variant<std::string, ExitStatus> find_database(const std::string& option, const std::string& station_file) {
  // A database that is named needs no station file to find it.
  const auto station = read_station(option.empty() ? station_file : "");
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  return find_database(option, *std::get<0>(station));
}

}  // namespace station
