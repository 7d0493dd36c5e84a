#include "db/row_stream.h"

namespace db {

RowStream::RowStream(SQLite::Database& database, const std::string& sql, std::int64_t chain)
    : database_(database.getHandle()) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr);
  statement_.reset(statement);
  if (result != SQLITE_OK) throw SQLite::Exception(database_, result);
  if (sqlite3_bind_parameter_count(statement) > 0) sqlite3_bind_int64(statement, 1, chain);
}

bool RowStream::next() {
  if (at_end_) return false;
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) throw SQLite::Exception(database_, result);
  at_end_ = true;
  return false;
}

bool RowStream::find(const Uuid& id) {
  sqlite3_reset(statement_.get());
  at_end_ = false;
  sqlite3_bind_blob(statement_.get(), 1, id.bytes.data(), static_cast<int>(id.bytes.size()), SQLITE_TRANSIENT);
  return next();
}

}  // namespace db
