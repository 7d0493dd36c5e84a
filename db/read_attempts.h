// Attempts as they are on record, with their steps: Reader::attempts(). Inside db only.
#pragma once

#include <functional>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/one_state.h"
#include "db/reader.h"

namespace db {

// One after the other, in the order in which they were started; until `visit` returns false.
void read_attempts(SQLite::Database& database, const OneState& state, const Filter& filter,
                   const std::function<bool(const Attempt&)>& visit);
// Those of `ids` that are there, one by one, without steps.
void read_these_attempts(SQLite::Database& database, const OneState& state, const std::vector<Uuid>& ids,
                         const std::function<void(const Attempt&)>& visit);

}  // namespace db
