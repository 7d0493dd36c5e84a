// Inserts rows into one table and links each to the hash chain. Columns are set by name; those not set are NULL.
// Inside db only; used by the writer's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/chain.h"

namespace db {

class RowWriter {
 public:
  // REQUIRES: `table` is one of kChainedTables; `database` outlives this.
  RowWriter(SQLite::Database& database, std::string_view table);

  RowWriter& set(std::string_view column, std::optional<std::int64_t> value);
  RowWriter& set(std::string_view column, const std::string& text);  // empty: NULL
  RowWriter& set(std::string_view column, std::span<const std::uint8_t> blob);
  RowWriter& set(std::string_view column, const Uuid& uuid) { return set(column, std::span(uuid.bytes)); }
  RowWriter& set(std::string_view column, Time time) { return set(column, time.time_since_epoch().count()); }

  // Inserts what was set as the next row after `head`, moves `head` to it, and forgets what was set.
  void insert(std::int64_t chain, Head& head);

 private:
  using Value = std::variant<std::monostate, std::int64_t, std::string, std::vector<std::uint8_t>>;

  Value& at(std::string_view column);
  void bind(int position, const Value& value);

  std::string table_;
  std::vector<std::string> columns_;
  std::vector<Value> values_;
  std::optional<SQLite::Statement> insert_;
  RowHasher hasher_;
};

}  // namespace db
