// What sums need of attempts: Reader::outlines() and Reader::counts(). Inside db only.
#pragma once

#include <functional>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/one_state.h"
#include "db/reader.h"

namespace db {

// The attempts of read_attempts() in the same order.
void read_outlines(SQLite::Database& database, const OneState& state, const Filter& filter, Outlined outlined,
                   const std::function<bool(const Outline&)>& visit);
Counts count_attempts(SQLite::Database& database, const OneState& state, const Filter& filter);

}  // namespace db
