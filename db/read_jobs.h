// Production orders with what was made for them: Reader::jobs() and its like. Inside db only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/reader.h"

namespace db {

enum class Whose { own, all };

// All of them, or those with this number.
std::vector<WorkOrder> read_jobs(SQLite::Database& database, Whose whose, const std::optional<std::string>& order);

}  // namespace db
