// record_time() of db/record_clock.h for an open connection. Inside db only.
#pragma once

#include <optional>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/values.h"

namespace db {

std::optional<Time> read_record_time(SQLite::Database& database);

}  // namespace db
