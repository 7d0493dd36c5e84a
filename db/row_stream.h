// A query whose rows are read by the million: as SQLite::Statement, without its copies and shared pointers. Inside db
// only; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "db/row_reader.h"

namespace db {

class RowStream {
 public:
  class Column {
   public:
    Column(sqlite3_stmt* row, int at) : row_(row), at_(at) {}

    std::int64_t getInt64() const { return sqlite3_column_int64(row_, at_); }
    std::string getString() const {
      const auto* text = static_cast<const char*>(sqlite3_column_blob(row_, at_));
      return text ? std::string(text, static_cast<std::size_t>(getBytes())) : std::string();
    }
    const void* getBlob() const { return sqlite3_column_blob(row_, at_); }
    int getBytes() const { return sqlite3_column_bytes(row_, at_); }

   private:
    sqlite3_stmt* row_;
    int at_;
  };

  // `chain` is bound to the first parameter, if there is one.
  RowStream(SQLite::Database& database, const std::string& sql, std::int64_t chain = 0);

  // False after the last row, and from then on. Throws SQLite::Exception.
  bool next();
  // Begins again, with `id` as the first parameter. False: there is no such row.
  bool find(const Uuid& id);
  Column getColumn(int at) const { return {statement_.get(), at}; }
  bool isColumnNull(int at) const { return sqlite3_column_type(statement_.get(), at) == SQLITE_NULL; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  bool at_end_ = false;
};

using StreamReader = BasicRowReader<RowStream>;

}  // namespace db
