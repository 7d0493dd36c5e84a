// Attempts where the filter leaves most of them: each table is read from front to back. Inside db only.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/one_state.h"
#include "db/reader.h"
#include "db/shared_rows.h"

namespace db {

// `recipes`: as SharedRows::recipes_for() says. REQUIRES: leaves_most() of db/filter_sql.h.
void read_from_front_to_back(SQLite::Database& database, const OneState& state, const Filter& filter,
                             const std::optional<std::vector<Uuid>>& recipes, SharedRows& shared,
                             const std::function<bool(const Attempt&)>& visit);

}  // namespace db
