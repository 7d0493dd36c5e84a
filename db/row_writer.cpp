#include "db/row_writer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace db {

namespace {

constexpr std::size_t kChain = 0;
constexpr std::size_t kSeq = 1;
constexpr std::size_t kHash = 2;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

RowWriter::RowWriter(SQLite::Database& database, std::string_view table) : table_(table) {
  SQLite::Statement columns(database, "SELECT * FROM " + table_ + " LIMIT 0");
  std::string marks;
  for (int i = 0; i < columns.getColumnCount(); ++i) {
    columns_.emplace_back(columns.getColumnName(i));
    marks += i == 0 ? "?" : ",?";
  }
  values_.resize(columns_.size());
  insert_.emplace(database, "INSERT INTO " + table_ + " VALUES (" + marks + ")");
}

RowWriter& RowWriter::set(std::string_view column, std::optional<std::int64_t> value) {
  if (value) at(column) = *value;
  return *this;
}

RowWriter& RowWriter::set(std::string_view column, const std::string& text) {
  if (!text.empty()) at(column) = text;
  return *this;
}

RowWriter& RowWriter::set(std::string_view column, std::span<const std::uint8_t> blob) {
  at(column) = std::vector<std::uint8_t>(blob.begin(), blob.end());
  return *this;
}

void RowWriter::insert(std::int64_t chain, Head& head) {
  Head next;
  next.seq = head.seq + 1;
  values_[kSeq] = next.seq;
  hasher_.begin(table_);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (i == kChain || i == kHash) continue;
    const int position = static_cast<int>(i);
    std::visit(Overloaded{[](std::monostate) {}, [&](std::int64_t value) { hasher_.integer(position, value); },
                          [&](const std::string& value) { hasher_.text(position, value); },
                          [&](const std::vector<std::uint8_t>& value) { hasher_.blob(position, value); }},
               values_[i]);
  }
  next.hash = hasher_.finish(head.hash);
  values_[kChain] = chain;
  values_[kHash] = std::vector<std::uint8_t>(next.hash.begin(), next.hash.end());

  const std::vector<Value> row = std::exchange(values_, std::vector<Value>(columns_.size()));
  insert_->tryReset();  // what the last use reports was thrown then
  for (std::size_t i = 0; i < row.size(); ++i) bind(static_cast<int>(i) + 1, row[i]);
  insert_->exec();
  head = next;
}

RowWriter::Value& RowWriter::at(std::string_view column) {
  const auto found = std::ranges::find(columns_, column);
  if (found == columns_.end()) throw std::logic_error("no column " + std::string(column) + " in " + table_);
  return values_[static_cast<std::size_t>(found - columns_.begin())];
}

void RowWriter::bind(int position, const Value& value) {
  std::visit(Overloaded{[&](std::monostate) { insert_->bind(position); },
                        [&](std::int64_t number) { insert_->bind(position, number); },
                        [&](const std::string& text) { insert_->bind(position, text); },
                        [&](const std::vector<std::uint8_t>& blob) {
                          // A null pointer would be bound as NULL, not as a blob without bytes.
                          insert_->bind(position, blob.empty() ? "" : static_cast<const void*>(blob.data()),
                                        static_cast<int>(blob.size()));
                        }},
             value);
}

}  // namespace db
