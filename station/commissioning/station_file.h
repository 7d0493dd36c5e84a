// The station file as text that grows: what stands in it, comments too, stays as it is.
#pragma once

#include <optional>
#include <string>

namespace station {

// Puts `text` behind what the file holds; makes the file if there is none. The new file replaces the old one at once,
// and only if it is a good station file. A sentence about what is wrong otherwise; then the old file is untouched.
std::optional<std::string> append_to_station_file(const std::string& file, const std::string& text);
// Puts `whole` in its place, likewise.
std::optional<std::string> replace_station_file(const std::string& file, const std::string& whole);
// Whether that would go; the file stays as it is.
std::optional<std::string> try_station_file(const std::string& file, const std::string& whole);

}  // namespace station
