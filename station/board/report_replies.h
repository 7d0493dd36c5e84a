// Reports and certificates as replies: pages of their own and files to be saved. For the workers, since they read the
// record. Errors: db::Error.
#pragma once

#include <map>
#include <string>
#include <variant>

#include "station/board/http.h"
#include "station/record/entry.h"

namespace station::board {

// A page whose style and script stand in it: it comes with its own policy, since the board's would refuse both.
Reply page_reply(const std::variant<std::string, Refused>& made);

// `query`: format (html, summary, csv, xlsx), and what is wanted: job, lot, unit, slot, operator, day.
Reply report_reply(const std::string& database, const std::map<std::string, std::string>& query);

}  // namespace station::board
