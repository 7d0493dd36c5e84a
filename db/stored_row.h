// Rows as SQLite holds them, for the hash chain: read without copies, whatever type a column turns out to have.
// Inside db only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include "db/chain.h"

namespace db {

// `SELECT * FROM table WHERE chain = ?`, in the order of seq: all of it, the row with one seq, those after one,
// or those after one up to another.
class StoredRows {
 public:
  StoredRows(SQLite::Database& database, std::string_view table, std::int64_t chain,
             std::optional<std::int64_t> only = std::nullopt);
  struct After {
    std::int64_t seq = 0;
  };
  StoredRows(SQLite::Database& database, std::string_view table, std::int64_t chain, After after);
  struct Between {
    std::int64_t after = 0;
    std::int64_t last = 0;
  };
  StoredRows(SQLite::Database& database, std::string_view table, std::int64_t chain, Between between);

  // False after the last row. Throws SQLite::Exception.
  bool next();

  std::string_view table() const { return table_; }
  std::int64_t seq() const;
  // Of a row whose hash is not 32 bytes: zeros, which is nobody's hash.
  Sha256 stored_hash() const;
  // The hash that this row has if `previous` comes before it and its seq is `as_seq`.
  Sha256 computed_hash(RowHasher& hasher, const Sha256& previous, std::int64_t as_seq) const;

 private:
  // Values for ?2 and ?3, so far as there are any.
  struct Bounds {
    std::optional<std::int64_t> first{}, second{};
  };
  void prepare(std::int64_t chain, const std::string& condition, const Bounds& bounds);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  sqlite3* database_;
  std::string_view table_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int columns_ = 0;
};

// Of which chains a table has rows. From one chain's number to the next, not row by row.
std::vector<std::int64_t> chains_in(SQLite::Database& database, const std::string& table);

// Where the chain ends, by the rows that are there; seq 0 without rows.
struct LastRow {
  std::string_view table;
  Head head;
};
LastRow last_row(SQLite::Database& database, std::int64_t chain);

// The row with this seq, and the table it is in.
std::optional<LastRow> find_row(SQLite::Database& database, std::int64_t chain, std::int64_t seq);

}  // namespace db
