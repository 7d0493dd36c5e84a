#include "db/start_check.h"

#include <filesystem>
#include <system_error>

#include "db/beginnings.h"
#include "db/chain_walk.h"
#include "db/error.h"
#include "db/own_chain.h"
#include "db/schema.h"
#include "db/stored_row.h"
#include "db/unsettled.h"

namespace db {

namespace {

// SQLite's check reads every page, some hundred MB a second: of larger files only their end is looked at.
constexpr std::int64_t most_bytes_to_check = 64 << 20;
// The last hours of a busy line; read in some 30 ms.
constexpr std::int64_t rows_to_check = 5000;

Error broken(const std::string& path, const std::string& what) {
  return {Trouble::damaged, path + " is not as it was written: " + what +
                                " Nothing is added to it. Keep the file, run `flashline audit verify`, and go on with "
                                "a backup or with a new file (--db)."};
}

bool is_small(SQLite::Database& database) {
  return database.execAndGet("PRAGMA page_count").getInt64() * database.execAndGet("PRAGMA page_size").getInt64() <=
         most_bytes_to_check;
}

void check_pages(SQLite::Database& database, const std::string& path) {
  if (!is_small(database)) return;
  const std::string said = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (said != "ok") throw broken(path, "SQLite says \"" + said + "\".");
}

}  // namespace

void check_not_emptied(const std::string& path) {
  std::error_code none;
  const bool empty = std::filesystem::file_size(path, none) == 0 && !none;
  if (!empty || !std::filesystem::exists(path + ".key", none)) return;
  throw Error(Trouble::damaged, path + " has no content, and " + path +
                                    ".key beside it belongs to a record that had some. Nothing is written. Put the "
                                    "latest backup in its place with `flashline db restore`; or name another file "
                                    "with --db to begin a new record.");
}

void check_tables(SQLite::Database& database, const std::string& path) {
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  const std::string made = version > 0 ? schema_as_made(version) : std::string();  // 0: nothing is in it yet
  if (version >= 0 && schema_of(database) == made) return;
  throw broken(path, "its tables, indexes or triggers are not those that this program makes.");
}

Head check_at_start(SQLite::Database& database, const std::string& path, std::int64_t chain, const Uuid& installation) {
  check_pages(database, path);
  if (const auto found = read_beginnings(database).problems; !found.empty()) throw broken(path, found.front());
  const Head start = start_of(database, chain, installation);
  const LastRow last = last_row(database, chain);
  if (last.head.seq == 0) return start;
  std::optional<Head> after;
  if (last.head.seq - rows_to_check > start.seq) {
    const auto before = find_row(database, chain, last.head.seq - rows_to_check);
    if (!before) throw broken(path, "row " + std::to_string(last.head.seq - rows_to_check) + " is gone.");
    after = before->head;
  }
  AnchorChecks none;
  const ChainVerification end = walk_chain(database, chain, installation, none, after);
  if (!end.problem) return end.last;
  const ChainProblem& problem = *end.problem;
  throw broken(path, "row " + std::to_string(problem.seq) +
                         (problem.table.empty() ? "" : " (table " + problem.table + ")") + " is " +
                         std::string(to_string(problem.damage)) + ".");
}

std::string missing_rows(SQLite::Database& database, const std::optional<WriterLock::Noted>& noted, const Head& last) {
  if (!noted) return {};
  const std::string end = "row " + std::to_string(noted->seq) + " " + noted->hash;
  if (noted->seq > last.seq) {
    return "Rows are missing. The program that wrote the record before had recorded rows up to " + end +
           ", and the record ends at row " + std::to_string(last.seq) + ": " + std::to_string(noted->seq - last.seq) +
           " rows are gone. Its -wal file was damaged or removed, or an older file was put in its place. Flash the "
           "units of the last minutes again, or restore a backup that has the rows.";
  }
  const auto row = find_row(database, kOwnChain, noted->seq);
  if (!row || hex(row->head.hash) == noted->hash) return {};  // before the first row of an archived record: not here
  return "The program that wrote the record before had recorded " + end + ", and here this row is " +
         hex(row->head.hash) + ": another file was put in the place of the record.";
}

Event rows_missing_event(const std::string& sentence, Time at) {
  Event event;
  event.at = at;
  event.kind = "rows-missing";
  event.text = sentence;
  return event;
}

std::string stale_tables(SQLite::Database& database) {
  if (!has_unsettled(database) || !is_small(database) || read_unsettled(database) == derive_unsettled(database))
    return {};
  return "The table of unsettled attempts is not what follows from the rows of the record: somebody changed it. Units "
         "that were left half-written may not be told, or others be told. `flashline db rebuild` computes it again.";
}

}  // namespace db
