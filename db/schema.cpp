#include "db/schema.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "db/error.h"
#include "db/row_reader.h"
#include "db/unsettled.h"

namespace db {

namespace {

// Rows are kept in the order of their chain, so that verifying it reads each table from front to back. A reference
// between rows is a UUID that any database can take over unchanged; `chain` is a local number.
constexpr const char* kTables = R"sql(
CREATE TABLE chain (
  chain INTEGER PRIMARY KEY,
  installation BLOB NOT NULL UNIQUE CHECK (length(installation) = 16)
) STRICT;

CREATE TABLE station (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL,
  installation BLOB NOT NULL CHECK (length(installation) = 16),
  name TEXT,
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  at INTEGER NOT NULL,
  command TEXT,
  software TEXT,
  host TEXT,
  kernel TEXT,
  libusb TEXT,
  sqlite TEXT,
  operator TEXT,
  recipe_file TEXT,
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE image (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  name TEXT NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  kind TEXT,
  platform TEXT,
  function TEXT,
  module_index INTEGER,
  module_version INTEGER,
  start_address INTEGER,
  end_address INTEGER,
  dependencies TEXT,
  PRIMARY KEY (chain, seq),
  UNIQUE (chain, sha256, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE recipe (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  name TEXT NOT NULL,
  revision TEXT,
  file TEXT,
  images BLOB NOT NULL CHECK (length(images) % 16 = 0), -- image.id of each step, one after the other
  text TEXT,
  PRIMARY KEY (chain, seq),
  UNIQUE (chain, sha256, images, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  run BLOB NOT NULL REFERENCES run (id),
  at INTEGER NOT NULL,
  port TEXT NOT NULL,
  slot TEXT,
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX visit_port ON visit (port);
CREATE INDEX visit_slot ON visit (slot) WHERE slot IS NOT NULL;

CREATE TABLE attempt_started (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  visit BLOB NOT NULL REFERENCES visit (id),
  number INTEGER NOT NULL CHECK (number > 0),
  at INTEGER NOT NULL,
  recipe BLOB NOT NULL REFERENCES recipe (id),
  job TEXT,
  lot TEXT,
  operator TEXT,
  vendor INTEGER,
  product INTEGER,
  release INTEGER,
  serial TEXT,
  product_name TEXT,
  PRIMARY KEY (chain, seq),
  UNIQUE (visit, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_started_at ON attempt_started (at);
CREATE INDEX attempt_started_job ON attempt_started (job) WHERE job IS NOT NULL;
CREATE INDEX attempt_started_lot ON attempt_started (lot) WHERE lot IS NOT NULL;

CREATE TABLE unit (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  unit TEXT NOT NULL, -- chip or device id
  attempt BLOB NOT NULL REFERENCES attempt_started (id), -- that first read it
  PRIMARY KEY (chain, seq),
  UNIQUE (chain, unit)
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  attempt BLOB NOT NULL REFERENCES attempt_started (id),
  number INTEGER NOT NULL CHECK (number > 0),
  name TEXT NOT NULL,
  image BLOB NOT NULL REFERENCES image (id),
  address INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  written_bytes INTEGER NOT NULL,
  unchanged_bytes INTEGER NOT NULL,
  erased_sectors INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  readback BLOB CHECK (length(readback) = 32),
  PRIMARY KEY (chain, seq),
  UNIQUE (attempt, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt_finished (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  attempt BLOB NOT NULL UNIQUE REFERENCES attempt_started (id),
  at INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'error', 'cancelled', 'interrupted', 'already')),
  fault_code TEXT,
  fault_about TEXT,
  fault_step TEXT,
  fault_operation TEXT,
  fault_address INTEGER,
  fault_block INTEGER,
  fault_text TEXT,
  verified INTEGER CHECK (verified IN (0, 1)),
  booted INTEGER CHECK (booted IN (0, 1)),
  unit TEXT,
  serials TEXT NOT NULL, -- JSON array
  flash_ms INTEGER,
  return_ms INTEGER,
  floor_ms INTEGER,
  PRIMARY KEY (chain, seq),
  FOREIGN KEY (chain, unit) REFERENCES unit (chain, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_finished_unit ON attempt_finished (unit) WHERE unit IS NOT NULL;

CREATE TABLE visit_ended (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  visit BLOB NOT NULL UNIQUE REFERENCES visit (id),
  at INTEGER NOT NULL,
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
)sql";

// What happened beside the attempts; production orders; corrections, which are rows of their own.
// A chain that goes on where an archived record ended says so.
constexpr const char* kSecondTables = R"sql(
ALTER TABLE chain ADD COLUMN start_seq INTEGER;
ALTER TABLE chain ADD COLUMN start_hash BLOB CHECK (length(start_hash) = 32);

CREATE TABLE station_key (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL,
  public_key TEXT NOT NULL, -- as minisign writes it
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  run BLOB NOT NULL REFERENCES run (id),
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  attempt BLOB REFERENCES attempt_started (id),
  about TEXT,
  text TEXT,
  facts TEXT, -- JSON object
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_attempt ON event (attempt) WHERE attempt IS NOT NULL;

CREATE TABLE job (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL,
  order_number TEXT NOT NULL,
  product TEXT,
  lot TEXT,
  recipe_name TEXT,
  recipe_sha256 BLOB CHECK (length(recipe_sha256) = 32),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  count_already INTEGER NOT NULL CHECK (count_already IN (0, 1)),
  until INTEGER,
  operator TEXT,
  PRIMARY KEY (chain, seq),
  UNIQUE (chain, order_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE job_closed (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL,
  order_number TEXT NOT NULL,
  operator TEXT,
  reason TEXT,
  certificate TEXT NOT NULL,
  PRIMARY KEY (chain, seq),
  UNIQUE (chain, order_number),
  FOREIGN KEY (chain, order_number) REFERENCES job (chain, order_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE disposition (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL,
  attempt BLOB REFERENCES attempt_started (id),
  unit TEXT,
  verdict TEXT NOT NULL CHECK (verdict IN ('rework', 'scrap', 'waiver', 'comment')),
  author TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (chain, seq),
  CHECK ((attempt IS NULL) <> (unit IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX disposition_attempt ON disposition (attempt) WHERE attempt IS NOT NULL;
CREATE INDEX disposition_unit ON disposition (unit) WHERE unit IS NOT NULL;

CREATE TABLE label (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  seq INTEGER NOT NULL CHECK (seq > 0),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  at INTEGER NOT NULL,
  visit BLOB NOT NULL REFERENCES visit (id),
  label TEXT NOT NULL,
  author TEXT,
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_visit ON label (visit);
CREATE INDEX label_label ON label (label);
)sql";

// What stations signed about rows that came without those between them (db/excerpt.h). No link of a chain: it says of a
// chain where this file holds it. An excerpt goes away when the rows around it come.
constexpr const char* kThirdTables = R"sql(
CREATE TABLE excerpt (
  chain INTEGER NOT NULL REFERENCES chain (chain),
  statement TEXT NOT NULL,
  signature TEXT NOT NULL -- as minisign writes it
) STRICT;
)sql";

// By what evidence the unit that came back was taken for the one that was verified. Rows of an older schema have none:
// a null is no part of a row's hash.
constexpr const char* kFourthColumns = R"sql(
ALTER TABLE attempt_finished ADD COLUMN identity TEXT CHECK (identity IN ('id', 'reread', 'reset-time'));
)sql";

// Attempts that a start must look at (db/unsettled.h). No link of a chain: it follows from rows that are.
constexpr const char* kFifthTables = R"sql(
CREATE TABLE unsettled (
  attempt BLOB PRIMARY KEY NOT NULL CHECK (length(attempt) = 16),
  unit TEXT, -- id, where it is known
  open INTEGER NOT NULL CHECK (open IN (0, 1)) -- without a verdict
) STRICT, WITHOUT ROWID;
CREATE INDEX unsettled_unit ON unsettled (unit) WHERE unit IS NOT NULL;
)sql";

// The memory of a step, where a unit has several. A null is no part of a row's hash here either.
constexpr const char* kSixthColumns = R"sql(
ALTER TABLE step ADD COLUMN alternate INTEGER CHECK (alternate BETWEEN 0 AND 255);
)sql";

constexpr std::size_t kTablesOfFirst = 10;  // of kChainedTables

std::string append_only(std::string_view table) {
  const std::string name(table);
  return "CREATE TRIGGER " + name + "_no_update BEFORE UPDATE ON " + name +
         " BEGIN SELECT RAISE(ABORT, 'rows of table " + name + " are never changed'); END;\n" +  //
         "CREATE TRIGGER " + name + "_no_delete BEFORE DELETE ON " + name +
         " BEGIN SELECT RAISE(ABORT, 'rows of table " + name + " are never deleted'); END;\n";
}

std::string first_schema() {
  std::string sql = kTables + append_only("chain");
  for (const std::string_view table : std::span(kChainedTables).first(kTablesOfFirst)) sql += append_only(table);
  return sql;
}

std::string second_schema() {
  std::string sql = kSecondTables;
  for (const std::string_view table : std::span(kChainedTables).subspan(kTablesOfFirst)) sql += append_only(table);
  return sql;
}

int version_of(SQLite::Database& database) {
  return database.execAndGet("PRAGMA user_version").getInt();
}

}  // namespace

std::span<const Migration> migrations() {
  static const std::vector<Migration> steps{{1, first_schema()},
                                            {2, second_schema()},
                                            {3, kThirdTables},
                                            {4, kFourthColumns},
                                            {5, kFifthTables, fill_unsettled},
                                            {6, kSixthColumns}};
  return steps;
}

std::span<const std::string_view> chained_tables(SQLite::Database& database) {
  return std::span(kChainedTables).first(version_of(database) == 1 ? kTablesOfFirst : kChainedTables.size());
}

bool has_second_tables(SQLite::Database& database) {
  return version_of(database) != 1;
}

bool has_identity(SQLite::Database& database) {
  return version_of(database) >= 4;
}

bool has_alternates(SQLite::Database& database) {
  return version_of(database) >= 6;
}

bool has_unsettled(SQLite::Database& database) {
  return version_of(database) >= 5;
}

Head start_of(SQLite::Database& database, std::int64_t chain, const Uuid& installation) {
  const Head genesis_of_it{0, genesis(installation)};
  if (chained_tables(database).size() < kChainedTables.size()) return genesis_of_it;
  SQLite::Statement query(database,
                          "SELECT start_seq, start_hash FROM chain WHERE chain = ? AND start_seq IS NOT NULL");
  query.bind(1, chain);
  if (!query.executeStep()) return genesis_of_it;
  RowReader row(query);
  Head start;
  start.seq = row.integer();
  start.hash = row.sha256();
  return start;
}

std::vector<SignedExcerpt> excerpts_of(SQLite::Database& database, std::int64_t chain, const std::string& file) {
  std::vector<SignedExcerpt> all;
  SQLite::Statement exists(database, "SELECT 1 FROM " + file + ".sqlite_schema WHERE name = 'excerpt'");
  if (!exists.executeStep()) return all;  // of an older schema
  SQLite::Statement query(database,
                          "SELECT statement, signature FROM " + file + ".excerpt WHERE chain = ? ORDER BY statement");
  query.bind(1, chain);
  while (query.executeStep()) {
    RowReader row(query);
    SignedExcerpt one;
    one.statement = row.text();
    one.signature = row.text();
    one.says = parse_excerpt(one.statement);
    all.push_back(std::move(one));
  }
  return all;
}

void migrate(SQLite::Database& database, const std::string& path, std::span<const Migration> steps) {
  refuse_newer(database, path, steps);
  if (version_of(database) == steps.back().version) return;
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  for (const Migration& step : steps) {
    if (step.version <= version_of(database)) continue;
    database.exec(step.sql);
    if (step.fill) step.fill(database);
    database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    database.exec("PRAGMA user_version = " + std::to_string(step.version));
  }
  transaction.commit();
}

void refuse_newer(SQLite::Database& database, const std::string& path, std::span<const Migration> steps) {
  const int version = version_of(database);
  const int known = steps.back().version;
  if (version <= known) return;
  throw Error(Trouble::newer_schema, path + " was written by a newer Flashline (schema " + std::to_string(version) +
                                         "; this program knows up to " + std::to_string(known) +
                                         "). Use that version, or name another file with --db.");
}

std::string schema_of(SQLite::Database& database, const std::string& file, Objects objects) {
  std::string text;
  SQLite::Statement all(
      database, "SELECT type, name, sql FROM " + file + ".sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' " +
                    (objects == Objects::tables ? "AND type <> 'trigger' " : "") + "ORDER BY type, name");
  while (all.executeStep()) {
    text +=
        all.getColumn(0).getString() + ' ' + all.getColumn(1).getString() + '\n' + all.getColumn(2).getString() + '\n';
  }
  return text;
}

namespace {

std::string make_schema(int version, Objects objects) {
  SQLite::Database fresh(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  const std::span<const Migration> steps = migrations();
  migrate(fresh, ":memory:", steps.first(static_cast<std::size_t>(version)));
  return schema_of(fresh, "main", objects);
}

}  // namespace

const std::string& schema_as_made(int version, Objects objects) {
  static std::mutex mutex;
  static std::map<std::pair<int, Objects>, std::string> made;  // guarded by mutex; what is in it stays
  const std::lock_guard lock(mutex);
  const auto found = made.find({version, objects});
  if (found != made.end()) return found->second;
  return made.emplace(std::pair(version, objects), make_schema(version, objects)).first->second;
}

}  // namespace db
