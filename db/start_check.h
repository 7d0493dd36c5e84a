// What a writer looks at before it adds to a record: whether the file is whole as far as a quick check shows, and
// whether the end of the chain holds, to which new rows are linked. Whole chains take longer: that is `audit verify`.
// Inside db only.
#pragma once

#include <optional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/chain.h"
#include "db/values.h"
#include "db/writer_lock.h"

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

// Which rows the last writer had committed and this record does not have; empty: none that is known of. `last`: where
// the chain ends now.
std::string missing_rows(SQLite::Database& database, const std::optional<WriterLock::Noted>& noted, const Head& last);
Event rows_missing_event(const std::string& sentence, Time at);

// A table that follows from the rows and does not; empty: none. Of larger files it is not looked at, but by
// `audit verify`.
std::string stale_tables(SQLite::Database& database);

}  // namespace db
