#include "db/stored_row.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "db/schema.h"

namespace db {

namespace {

constexpr int kSeq = 1;
constexpr int kHash = 2;

void hash_column(sqlite3_stmt* row, int column, RowHasher& hasher) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
      return;
    case SQLITE_INTEGER:
      hasher.integer(column, sqlite3_column_int64(row, column));
      return;
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
      hasher.text(column, {text, static_cast<std::size_t>(sqlite3_column_bytes(row, column))});
      return;
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(row, column));
      hasher.blob(column, {bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, column))});
      return;
    }
    case SQLITE_FLOAT: {  // no column holds one: an edit. As a blob it differs from any integer.
      const auto bits = std::bit_cast<std::array<std::uint8_t, 8>>(sqlite3_column_double(row, column));
      hasher.blob(column, bits);
      return;
    }
  }
}

}  // namespace

StoredRows::StoredRows(SQLite::Database& database, std::string_view table, std::int64_t chain,
                       std::optional<std::int64_t> only)
    : database_(database.getHandle()), table_(table) {
  prepare(chain, only ? " AND seq = ?2" : " ORDER BY seq", {only});
}

StoredRows::StoredRows(SQLite::Database& database, std::string_view table, std::int64_t chain, After after)
    : database_(database.getHandle()), table_(table) {
  prepare(chain, " AND seq > ?2 ORDER BY seq", {after.seq});
}

StoredRows::StoredRows(SQLite::Database& database, std::string_view table, std::int64_t chain, Between between)
    : database_(database.getHandle()), table_(table) {
  prepare(chain, " AND seq > ?2 AND seq <= ?3 ORDER BY seq", {between.after, between.last});
}

void StoredRows::prepare(std::int64_t chain, const std::string& condition, const Bounds& bounds) {
  const std::string sql = "SELECT * FROM " + std::string(table_) + " WHERE chain = ?1" + condition;
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr);
  statement_.reset(statement);
  if (result != SQLITE_OK) throw SQLite::Exception(database_, result);
  sqlite3_bind_int64(statement, 1, chain);
  if (bounds.first) sqlite3_bind_int64(statement, 2, *bounds.first);
  if (bounds.second) sqlite3_bind_int64(statement, 3, *bounds.second);
  columns_ = sqlite3_column_count(statement);
}

bool StoredRows::next() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  throw SQLite::Exception(database_, result);
}

std::int64_t StoredRows::seq() const {
  return sqlite3_column_int64(statement_.get(), kSeq);
}

Sha256 StoredRows::stored_hash() const {
  Sha256 hash{};
  const void* bytes = sqlite3_column_blob(statement_.get(), kHash);
  if (static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), kHash)) == hash.size()) {
    std::memcpy(hash.data(), bytes, hash.size());
  }
  return hash;
}

Sha256 StoredRows::computed_hash(RowHasher& hasher, const Sha256& previous, std::int64_t as_seq) const {
  hasher.begin(table_);
  hasher.integer(kSeq, as_seq);
  for (int column = kHash + 1; column < columns_; ++column) hash_column(statement_.get(), column, hasher);
  return hasher.finish(previous);
}

std::vector<std::int64_t> chains_in(SQLite::Database& database, const std::string& table) {
  SQLite::Statement next(database, "SELECT min(chain) FROM " + table + " WHERE chain > ?");
  std::vector<std::int64_t> chains;
  std::int64_t last = INT64_MIN;
  while (true) {
    next.reset();
    next.bind(1, last);
    next.executeStep();
    if (next.isColumnNull(0)) return chains;
    last = next.getColumn(0).getInt64();
    chains.push_back(last);
  }
}

LastRow last_row(SQLite::Database& database, std::int64_t chain) {
  LastRow last;
  for (const std::string_view table : chained_tables(database)) {
    SQLite::Statement query(database, "SELECT max(seq) FROM " + std::string(table) + " WHERE chain = ?");
    query.bind(1, chain);
    query.executeStep();
    const std::int64_t seq = query.getColumn(0).getInt64();
    if (seq > last.head.seq) last = {table, {seq, {}}};
  }
  if (last.head.seq == 0) return last;
  StoredRows row(database, last.table, chain, last.head.seq);
  if (row.next()) last.head.hash = row.stored_hash();
  return last;
}

std::optional<LastRow> find_row(SQLite::Database& database, std::int64_t chain, std::int64_t seq) {
  for (const std::string_view table : chained_tables(database)) {
    StoredRows row(database, table, chain, seq);
    if (row.next()) return LastRow{table, {seq, row.stored_hash()}};
  }
  return std::nullopt;
}

}  // namespace db
