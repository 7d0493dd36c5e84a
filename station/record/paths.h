// Where a station keeps its data when nobody says otherwise.
#pragma once

#include <optional>
#include <string>

namespace station {

// What --db says, else what the station file says, else $XDG_STATE_HOME/flashline/flashline.db with ~/.local/state for
// an unset variable. Nothing if there is no home either.
std::optional<std::string> database_path(const std::string& option, const std::string& in_station_file);

}  // namespace station
