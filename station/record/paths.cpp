#include "station/record/paths.h"

#include <cstdlib>

namespace station {

std::optional<std::string> database_path(const std::string& option, const std::string& in_station_file) {
  if (!option.empty()) return option;
  if (!in_station_file.empty()) return in_station_file;
  const char* state = std::getenv("XDG_STATE_HOME");
  // The XDG rules: a relative path is to be ignored.
  if (state && *state == '/') return std::string(state) + "/flashline/flashline.db";
  const char* home = std::getenv("HOME");
  if (!home || *home == '\0') return std::nullopt;
  return std::string(home) + "/.local/state/flashline/flashline.db";
}

}  // namespace station
