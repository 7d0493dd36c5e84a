// Writes the rows of one order into a database of their own: export_job() of db/care.h.
#include <array>
#include <filesystem>

#include "db/attached.h"
#include "db/care.h"
#include "db/connection.h"
#include "db/new_file.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/verify.h"

namespace db {

namespace {

namespace fs = std::filesystem;

// Not the number of an own chain: the file is nobody's record to go on with.
constexpr std::int64_t kChainOfExport = kOwnChain + 1;

struct Part {
  std::string_view table;
  std::string_view which;  // rows `r` of the station, by ?1: the order; `visits`, `attempts`: those that are its own
};

// What an auditor asks about an order, in an order in which each part may look at what is there already. A visit is
// taken with all its attempts: the last of them says what became of the unit.
constexpr std::array<Part, 16> kParts{
    {{"station", "true"},
     {"station_key", "true"},
     {"job", "r.order_number = ?1"},
     {"job_closed", "r.order_number = ?1"},
     {"visit", "r.id IN visits"},
     {"attempt_started", "r.visit IN visits"},
     {"step", "r.attempt IN attempts"},
     {"unit", "r.attempt IN attempts"},
     {"attempt_finished", "r.attempt IN attempts"},
     {"visit_ended", "r.visit IN visits"},
     {"label", "r.visit IN visits"},
     {"disposition",
      "r.attempt IN attempts OR r.unit IN (SELECT unit FROM main.attempt_finished WHERE unit IS NOT NULL)"},
     {"recipe", "r.id IN (SELECT recipe FROM main.attempt_started)"},
     {"image",
      "r.id IN (SELECT image FROM main.step) OR EXISTS (SELECT 1 FROM main.recipe c WHERE instr(c.images, r.id) > 0)"},
     // Clock steps and the like, as long as the order was worked on.
     {"event",
      "r.attempt IN attempts OR (r.attempt IS NULL AND r.run IN (SELECT run FROM main.visit) AND r.seq BETWEEN "
      "(SELECT min(seq) FROM main.visit) AND max((SELECT max(seq) FROM main.attempt_started), (SELECT "
      "coalesce(max(seq), 0) FROM main.visit_ended), (SELECT coalesce(max(seq), 0) FROM main.job_closed)))"},
     {"run", "r.id IN (SELECT run FROM main.visit UNION SELECT run FROM main.event)"}}};
static_assert(kParts.size() == kChainedTables.size());

class Export {
 public:
  Export(SQLite::Database& database, const std::string& order) : database_(database), order_(order) {}

  ExportedJob run(const StationKey& key) {
    take_over_chain(database_, kOwnChain, kChainOfExport);
    find_visits();
    for (const Part& part : kParts) copy(part);
    if (database_.execAndGet("SELECT (SELECT count(*) FROM job) + (SELECT count(*) FROM visit)").getInt64() == 0) {
      throw Error(Trouble::missing,
                  "This station's record has no order " + order_ + ". `flashline job list` names them.");
    }
    const std::string public_key = to_string(key.public_key());
    SQLite::Statement names(database_, "SELECT 1 FROM main.station_key WHERE public_key = ?");
    names.bind(1, public_key);
    if (!names.executeStep()) {
      throw Error(
          Trouble::refused,
          "The key is not one that this record names, and what it signs could not be checked. Give the key file "
          "of the station that wrote the record.");
    }
    return sign(key, public_key);
  }

 private:
  void find_visits() {
    database_.exec("CREATE TEMP TABLE visits (id BLOB PRIMARY KEY) WITHOUT ROWID");
    database_.exec("CREATE TEMP TABLE attempts (id BLOB PRIMARY KEY) WITHOUT ROWID");
    SQLite::Statement visits(database_,
                             "INSERT INTO visits SELECT DISTINCT visit FROM other.attempt_started WHERE job = ? AND "
                             "chain = " +
                                 std::to_string(kOwnChain));
    visits.bind(1, order_);
    visits.exec();
    database_.exec("INSERT INTO attempts SELECT id FROM other.attempt_started WHERE visit IN visits");
  }

  void copy(const Part& part) {
    const std::string columns = columns_of_other(database_, part.table), table(part.table);
    if (columns.empty()) return;  // of an older schema
    SQLite::Statement copy(database_, "INSERT INTO main." + table + " (chain, " + columns + ") SELECT " +
                                          std::to_string(kChainOfExport) + ", " + columns + " FROM other." + table +
                                          " r WHERE chain = " + std::to_string(kOwnChain) + " AND (" +
                                          std::string(part.which) + ") ORDER BY seq");
    if (part.which.find("?1") != std::string_view::npos) copy.bind(1, order_);
    copy.exec();
  }

  // `SELECT seq, hash` of all tables of a file.
  std::string links(const std::string& file, const std::string& which) {
    std::string sql;
    for (const std::string_view table : kChainedTables) {
      if (file == "other" && columns_of_other(database_, table).empty()) continue;
      sql += (sql.empty() ? "SELECT seq, hash FROM " : " UNION ALL SELECT seq, hash FROM ") + file + "." +
             std::string(table) + " WHERE " + which;
    }
    return sql;
  }

  static Head head_in(SQLite::Statement& query) {
    RowReader row(query);
    Head head;
    head.seq = row.integer();
    head.hash = row.sha256();
    return head;
  }

  Head end_of_chain() {
    std::string ends;
    for (const std::string_view table : kChainedTables) {
      if (columns_of_other(database_, table).empty()) continue;
      const std::string name = "other." + std::string(table), chain = std::to_string(kOwnChain);
      ends += (ends.empty() ? "SELECT seq, hash FROM " : " UNION ALL SELECT seq, hash FROM ") + name +
              " WHERE chain = " + chain + " AND seq = (SELECT max(seq) FROM " + name + " WHERE chain = " + chain + ")";
    }
    SQLite::Statement query(database_, ends + " ORDER BY seq DESC LIMIT 1");
    query.executeStep();
    return head_in(query);
  }

  std::vector<RowRange> ranges(const Head& start) {
    SQLite::Statement before(database_, links("other", "chain = " + std::to_string(kOwnChain) + " AND seq = ?1"));
    SQLite::Statement rows(database_, links("main", "true") + " ORDER BY seq");
    std::vector<RowRange> all;
    while (rows.executeStep()) {
      const Head row = head_in(rows);
      if (!all.empty() && all.back().last.seq + 1 == row.seq) {
        all.back().last = row;
        continue;
      }
      all.push_back({start, row});
      if (row.seq == start.seq + 1) continue;
      before.reset();
      before.bind(1, row.seq - 1);
      if (before.executeStep()) all.back().before = head_in(before);
    }
    return all;
  }

  ExportedJob sign(const StationKey& key, const std::string& public_key) {
    Excerpt excerpt;
    excerpt.order = order_;
    excerpt.at = now();
    excerpt.public_key = public_key;
    SQLite::Statement installation(database_, "SELECT installation FROM main.chain");
    installation.executeStep();
    excerpt.installation = RowReader(installation).uuid();
    excerpt.start = start_of(database_, kChainOfExport, excerpt.installation);
    excerpt.head = end_of_chain();
    excerpt.ranges = ranges(excerpt.start);

    const std::string statement = to_text(excerpt);
    SQLite::Statement insert(database_, "INSERT INTO main.excerpt VALUES (?, ?, ?)");
    insert.bind(1, kChainOfExport);
    insert.bind(2, statement);
    insert.bind(3, key.sign(statement, "flashline excerpt"));
    insert.exec();

    ExportedJob exported;
    exported.rows = 0;
    for (const RowRange& range : excerpt.ranges) exported.rows += range.last.seq - range.before.seq;
    exported.of_rows = excerpt.head.seq - excerpt.start.seq;
    exported.attempts = count("attempt_started");
    exported.open = exported.attempts - count("attempt_finished");
    return exported;
  }

  std::int64_t count(const std::string& table) {
    return database_.execAndGet("SELECT count(*) FROM main." + table).getInt64();
  }

  SQLite::Database& database_;
  const std::string& order_;
};

void remove_part(const std::string& part) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(part + suffix);
}

}  // namespace

ExportedJob export_job(const std::string& path, const std::string& order, const std::string& to,
                       const StationKey& key) {
  const std::string source = canonical_path(path), part = to + ".part";
  if (!fs::exists(source)) throw Error(Trouble::missing, "There is no database at " + source + ".");
  open_for_reading(source);  // is it one?
  refuse_existing(to);
  remove_part(part);
  ExportedJob exported;
  try {
    translated_copy(source, to, [&] {
      SQLite::Database database = open_for_writing(part);
      migrate(database, part);
      database.exec("PRAGMA foreign_keys = OFF");  // what the rows name is partly left out
      const Attached attached(database, source);
      // Not IMMEDIATE, which would keep a running line from writing.
      SQLite::Transaction transaction(database);
      exported = Export(database, order).run(key);
      transaction.commit();
    });
    settle(part);
    if (const Verification made = verify_chain(part); !made.sound()) {
      const auto& problem = made.chains.front().problem;
      throw Error(Trouble::damaged, source + " is not as it was written, and nothing was exported. " +
                                        (problem ? problem->text : made.file_problems.front()) +
                                        " `flashline audit verify` says more.");
    }
  } catch (...) {
    remove_part(part);
    throw;
  }
  take_name(part, to);
  return exported;
}

}  // namespace db
