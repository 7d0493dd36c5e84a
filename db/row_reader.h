// Takes the columns of a result row one after the other as the types of db/values.h. Inside db only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include <SQLiteCpp/SQLiteCpp.h>

#include "db/uuid.h"
#include "db/values.h"

namespace db {

// `Row`: SQLite::Statement, or what has its getColumn() and isColumnNull().
template <typename Row>
class BasicRowReader {
 public:
  // REQUIRES: `row` stands on a row and outlives this.
  explicit BasicRowReader(const Row& row) : row_(row) {}

  std::int64_t integer() { return row_.getColumn(next_++).getInt64(); }
  std::string text() { return row_.getColumn(next_++).getString(); }  // NULL: empty
  Time time() { return Time(milliseconds(integer())); }
  bool is_null() const { return row_.isColumnNull(next_); }
  void skip(int columns) { next_ += columns; }

  std::optional<std::int64_t> maybe_integer() {
    return maybe([this] { return integer(); });
  }
  std::optional<milliseconds> maybe_duration() {
    return maybe([this] { return milliseconds(integer()); });
  }
  std::optional<bool> maybe_fact() {
    return maybe([this] { return integer() != 0; });
  }

  Uuid uuid() {
    Uuid uuid;
    bytes(uuid.bytes);
    return uuid;
  }
  std::optional<Sha256> maybe_sha256() {
    return maybe([this] { return sha256(); });
  }
  Sha256 sha256() {
    Sha256 digest{};
    bytes(digest);
    return digest;
  }

 private:
  template <typename Take>
  auto maybe(Take take) -> std::optional<decltype(take())> {
    if (!is_null()) return take();
    ++next_;
    return std::nullopt;
  }

  // Of a blob of another length nothing is taken.
  template <std::size_t kSize>
  void bytes(std::array<std::uint8_t, kSize>& into) {
    const auto column = row_.getColumn(next_++);
    if (column.getBytes() != static_cast<int>(kSize)) return;
    std::copy_n(static_cast<const std::uint8_t*>(column.getBlob()), kSize, into.begin());
  }

  const Row& row_;
  int next_ = 0;
};

using RowReader = BasicRowReader<SQLite::Statement>;

}  // namespace db
