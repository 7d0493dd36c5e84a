// What a writer looks at before it adds to a record: whether the file is whole as far as a quick check shows, and
// whether the end of the chain holds, to which new rows are linked. Whole chains take longer: that is `audit verify`.
// Inside db only.
#pragma once

#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/chain.h"

namespace db {

// Throws Error when the file has no bytes and the key of its station stands beside it: a record was there. A file that
// is not there is a new record. Before it is opened.
void check_not_emptied(const std::string& path);

// Throws Error when the file has other tables, indexes or triggers than its version makes; before it is migrated.
void check_tables(SQLite::Database& database, const std::string& path);

// Throws Error when the file is not whole, a chain in it does not begin as one may, or its last rows are not as they
// were written. Takes well under a second, however large the file is. Returns the end of the chain; of a record without
// rows, its beginning.
Head check_at_start(SQLite::Database& database, const std::string& path, std::int64_t chain, const Uuid& installation);

}  // namespace db
