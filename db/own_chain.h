// What a writer must know of this station's own chain before it adds to it. Inside db only; used by the writer's
// thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/values.h"

namespace db {

std::optional<Uuid> own_installation(SQLite::Database& database);
void make_own_chain(SQLite::Database& database, const Uuid& installation);

// The last one on record; nothing in a record without rows.
std::optional<std::string> station_on_record(SQLite::Database& database);
// As minisign writes it; empty where none is on record.
std::string key_on_record(SQLite::Database& database);
// Since when; nothing where none is on record.
std::optional<Time> time_of_key(SQLite::Database& database);

// Readers sort attempts by their ids, which must therefore rise also when the clock has stepped back since.
std::optional<Uuid> youngest_attempt(SQLite::Database& database);

// Without a verdict. Whatever writes a run row closes these first: an open attempt is looked for behind the last run.
std::vector<Uuid> open_attempts(SQLite::Database& database);
// The verdict on an attempt that was found open.
AttemptFinished interruption(const Uuid& attempt, Time at);

}  // namespace db
