// One state of the record for the length of a call. Who writes is asked before and after it is taken, so that an
// attempt that is closed, or begun, in between is not taken for one that a crash left open. Inside db only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/values.h"

namespace db {

class OneState {
 public:
  // `rows_worth_threads`: see Reader.
  OneState(SQLite::Database& database, const std::string& path, std::int64_t rows_worth_threads);

  // Of an attempt of this run without a verdict: running or interrupted.
  Outcome open_outcome(const Uuid& run) const;

  // One more connection that sees just this state, for another thread. Nothing: the record is so small that it is not
  // worth one, or the line has written to it since.
  std::optional<SQLite::Database> open_another() const;

 private:
  SQLite::Database& database_;
  std::string path_;
  std::int64_t rows_worth_threads_;
  std::optional<Uuid> before_;
  std::optional<Uuid> after_;
  SQLite::Transaction transaction_;  // rolled back: nothing was written
};

}  // namespace db
