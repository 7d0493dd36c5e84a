// The tables of the record and the numbered steps that lead to them. An older database is migrated by the writer, a
// newer one is refused. Inside db only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/chain.h"
#include "db/excerpt.h"

namespace db {

inline constexpr std::int64_t kApplicationId = 0x464C534C;  // "FLSL"

// The chain number of the station that writes this database; others belong to rows that were merged into it.
inline constexpr std::int64_t kOwnChain = 1;

// The tables whose rows are links of a hash chain. Their names are part of the hashes.
inline constexpr std::array<std::string_view, 16> kChainedTables{
    "station",          "run",         "image",       "recipe", "visit", "attempt_started", "unit",        "step",
    "attempt_finished", "visit_ended", "station_key", "event",  "job",   "job_closed",      "disposition", "label"};
// Those that a database of an older schema has.
std::span<const std::string_view> chained_tables(SQLite::Database& database);

// Events, orders, decisions, labels and keys: from schema 2 on. An older database that nobody has written since has
// none.
bool has_second_tables(SQLite::Database& database);

// Attempts say by what evidence the unit that came back is the same: from schema 4 on.
bool has_identity(SQLite::Database& database);
bool has_alternates(SQLite::Database& database);

// There is a table of the attempts that are not settled: from schema 5 on.
bool has_unsettled(SQLite::Database& database);

// The hash before a chain's first row, and that row's seq less one: the genesis, or where an archived record ended.
Head start_of(SQLite::Database& database, std::int64_t chain, const Uuid& installation);

// As the table has them, in an order that does not depend on which came first. `file`: main, or one that is attached.
struct SignedExcerpt {
  std::string statement;
  std::string signature;
  std::optional<Excerpt> says;  // nothing: the statement is not of this program's form
};
std::vector<SignedExcerpt> excerpts_of(SQLite::Database& database, std::int64_t chain,
                                       const std::string& file = "main");

struct Migration {
  int version = 0;  // user_version after it
  std::string sql;
  void (*fill)(SQLite::Database&) = nullptr;  // what follows from the rows that are there, in the same transaction
};

// In order, without gaps, from 1.
std::span<const Migration> migrations();

// Brings the database to the last of `steps`, in one transaction: if one of them cannot be done (no room on the disk, a
// damaged page), the file stays as the older program left it, which can go on with it. Throws Error when it is newer.
void migrate(SQLite::Database& database, const std::string& path, std::span<const Migration> steps = migrations());

// Throws Error when the database was made by a newer version.
void refuse_newer(SQLite::Database& database, const std::string& path, std::span<const Migration> steps = migrations());

// Name and SQL of every table, index, trigger and view, sorted: what the file says, and what it should say. `file`:
// main, or one that is attached.
enum class Objects {
  all,
  tables  // all but triggers, which no reading fires
};
std::string schema_of(SQLite::Database& database, const std::string& file = "main", Objects objects = Objects::all);
// Made once each, when it is asked for: a start needs one of them. Any thread.
const std::string& schema_as_made(int version, Objects objects = Objects::all);

}  // namespace db
