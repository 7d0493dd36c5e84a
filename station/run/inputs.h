// Reads what a command line names, says on stderr what is wrong with it, and turns that into an exit status.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/recipe.h"
#include "config/station_config.h"
#include "station/exit_status.h"

namespace station {

// Prints the sentence on stderr and returns `status`, so that a caller can print and return in one statement.
ExitStatus complain(ExitStatus status, const std::string& sentence);
// Of a file that was to be made: passed without a problem, else it is said on stderr.
ExitStatus created(const std::string& problem);
void print_diagnostics(const std::vector<config::Diagnostic>& diagnostics);

std::variant<std::shared_ptr<const config::Recipe>, ExitStatus> read_recipe(const std::string& file);
// Of this recipe's units; of every unit that is known when `file` is empty.
std::variant<std::vector<dfu::Profile>, ExitStatus> wanted_profiles(const std::string& file);
// The defaults when `file` is empty.
std::variant<std::shared_ptr<const config::StationConfig>, ExitStatus> read_station(const std::string& file);
// --db, the station file's database, or the default.
std::variant<std::string, ExitStatus> find_database(const std::string& option, const config::StationConfig& station);
std::variant<std::string, ExitStatus> find_database(const std::string& option, const std::string& station_file);

}  // namespace station
