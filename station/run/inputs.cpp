#include "station/run/inputs.h"

#include <utility>

#include "reports/printable.h"
#include "station/diagnostics/host_width.h"
#include "station/output/output.h"
#include "station/record/paths.h"

namespace station {

namespace {

std::shared_ptr<const config::StationConfig> with_cap(config::StationConfig station) {
  if (!station.has_cap) station.cap = units_at_once();
  return std::make_shared<const config::StationConfig>(std::move(station));
}

}  // namespace

ExitStatus complain(ExitStatus status, const std::string& sentence) {
  say_error(sentence);
  return status;
}

ExitStatus created(const std::string& problem) {
  return problem.empty() ? ExitStatus::passed : complain(ExitStatus::cannot_create, problem);
}

void print_diagnostics(const std::vector<config::Diagnostic>& diagnostics) {
  for (const config::Diagnostic& each : diagnostics) print_error(reports::printable(config::to_string(each)) + "\n");
}

std::variant<std::shared_ptr<const config::Recipe>, ExitStatus> read_recipe(const std::string& file) {
  const config::RecipeResult result = config::load_recipe(file);
  print_diagnostics(result.diagnostics);
  if (result.recipe) return result.recipe;
  return result.input_missing ? ExitStatus::input_missing : ExitStatus::bad_recipe;
}

std::variant<std::vector<dfu::Profile>, ExitStatus> wanted_profiles(const std::string& file) {
  if (file.empty()) return dfu::all_profiles();
  const auto recipe = read_recipe(file);
  if (const auto* status = std::get_if<ExitStatus>(&recipe)) return *status;
  return std::vector{std::get<0>(recipe)->profile};
}

std::variant<std::shared_ptr<const config::StationConfig>, ExitStatus> read_station(const std::string& file) {
  if (file.empty()) return with_cap({});
  const config::StationResult result = config::load_station(file);
  print_diagnostics(result.diagnostics);
  if (result.station) return with_cap(*result.station);
  return ExitStatus::bad_configuration;
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
