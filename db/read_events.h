// What happened beside the attempts: Reader::events() and its like. Inside db only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/values.h"

namespace db {

std::vector<Event> read_events(SQLite::Database& database, const std::optional<Uuid>& attempt);
std::int64_t count_own_events(SQLite::Database& database, const std::string& kind, Time since);
std::vector<Disposition> read_dispositions(SQLite::Database& database, const Uuid& attempt, const std::string& unit);

}  // namespace db
