// Which units of this station were left half-written: Reader::partial_flashes(). Inside db only.
#pragma once

#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/one_state.h"
#include "db/reader.h"

namespace db {

// Reads what is not settled (db/unsettled.h) and the last visit of each port; not more of a longer record.
PartialFlashes read_partial_flashes(SQLite::Database& database, const OneState& state);

}  // namespace db
