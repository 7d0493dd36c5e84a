// Reports of this station's record: with the test for bad slots that line and board use, with the time, and with a word
// about the record. Whole, as one file, for the board. Errors: db::Error, std::runtime_error.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "db/line_history.h"
#include "db/reader.h"
#include "reports/report.h"
#include "station/record/entry.h"

namespace station {

// `reader` and `history` must outlive the report.
reports::Report line_report(const std::string& database, db::Reader& reader, const db::Filter& filter,
                            db::LineHistory& history);

// `format`: html, summary (one page), csv or xlsx. Refused where it has more attempts than a board should send.
std::variant<std::string, Refused> report_file(const std::string& database, const db::Filter& filter,
                                               const std::string& format);

// From its first moment to that of the next, by the local clock like other times; of "2026-11-22".
std::optional<std::pair<db::Time, db::Time>> day_from(const std::string& text);

}  // namespace station
