// What a command line names for a run of the line, read and found good. What is wrong has been said on stderr.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/recipe.h"
#include "config/station_config.h"
#include "dfu/hubs.h"
#include "scheduler/engine.h"
#include "station/exit_status.h"
#include "station/run/flash_options.h"

namespace station {

// The files that may be read again while the line runs.
struct FileSettings {
  std::shared_ptr<const config::Recipe> recipe;  // null: only slots' own recipes
  // By the port as the station file names it.
  std::map<std::string, std::shared_ptr<const config::Recipe>> slot_recipes;
  std::shared_ptr<const config::StationConfig> station;
};

std::variant<FileSettings, ExitStatus> read_settings(const FlashOptions& options);
// The line's own first; it may be null.
std::vector<std::shared_ptr<const config::Recipe>> recipes_of(const FileSettings& files);
scheduler::LineSettings line_settings(const FileSettings& files, const dfu::Topology& topology);

// The ports that --port and --slot name; empty: every port.
std::variant<std::vector<dfu::PortPath>, ExitStatus> chosen_ports(const FlashOptions& options,
                                                                  const config::StationConfig& station,
                                                                  const dfu::Topology& topology);

// Where the board listens; empty: nowhere.
std::string board_place(const FlashOptions& options, const config::StationConfig& station);

}  // namespace station
