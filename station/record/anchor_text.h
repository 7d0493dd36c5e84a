// The end of a chain as text that is kept elsewhere: written into anchors and certificates, and found in those and in
// reports of every text form. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/reader.h"
#include "db/verify.h"

namespace station {

// The lines "installation: ...", "row: ...", "hash: ...".
std::string anchor_lines(const db::Uuid& installation, const db::Head& head);
// The text of an anchor file: one station, one moment.
std::string anchor_text(const db::StationInfo& station, db::Time at);
// All that a file holds, each once; none in a file that is no anchor, certificate or report.
std::vector<db::Anchor> anchors_in(std::string_view text);

// "2026-11-22T06:00:00.000Z"
std::string utc(db::Time time);
// A day or a moment: "2026-11-22", "2026-11-22T06:00", with "Z" or an offset; without one it is local time.
std::optional<db::Time> time_from(const std::string& text);

}  // namespace station
