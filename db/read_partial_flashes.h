// Which units of this station were left half-written: Reader::half_written(). Inside db only.
#pragma once

#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/one_state.h"
#include "db/reader.h"

namespace db {

// Reads what is not settled (db/unsettled.h) and the last visit of each port; not more of a longer record.
LeftHalfWritten read_half_written(SQLite::Database& database, const OneState& state);

}  // namespace db
