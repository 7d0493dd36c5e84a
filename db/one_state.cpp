#include "db/one_state.h"

#include <map>

#include "db/connection.h"
#include "db/stored_row.h"
#include "db/writer_lock.h"

namespace db {

namespace {

// Rows are only added, each behind the last one of its chain: the same ends mean the same rows.
std::map<std::int64_t, std::int64_t> ends_of_chains(SQLite::Database& database) {
  std::map<std::int64_t, std::int64_t> ends;
  SQLite::Statement chains(database, "SELECT chain FROM chain");
  while (chains.executeStep()) {
    const std::int64_t chain = chains.getColumn(0).getInt64();
    ends[chain] = last_row(database, chain).head.seq;
  }
  return ends;
}

}  // namespace

OneState::OneState(SQLite::Database& database, const std::string& path, std::int64_t rows_worth_threads)
    : database_(database),
      path_(path),
      rows_worth_threads_(rows_worth_threads),
      before_(run_of_live_writer(path)),
      transaction_(database) {
  database.execAndGet("SELECT count(*) FROM chain");  // the first read takes the state
  after_ = run_of_live_writer(path);
}

Outcome OneState::open_outcome(const Uuid& run) const {
  return run == before_ || run == after_ ? Outcome::running : Outcome::interrupted;
}

std::optional<SQLite::Database> OneState::open_another() const {
  const auto ends = ends_of_chains(database_);
  std::int64_t rows = 0;
  for (const auto& [chain, end] : ends) rows += end;
  if (rows < rows_worth_threads_) return std::nullopt;
  SQLite::Database another = open_for_reading(path_);
  another.exec("BEGIN");
  if (ends_of_chains(another) != ends) return std::nullopt;
  return another;
}

}  // namespace db
