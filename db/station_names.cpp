#include "db/station_names.h"

#include <iterator>

#include "db/row_reader.h"

namespace db {

StationNames::StationNames(SQLite::Database& database) {
  SQLite::Statement query(database, "SELECT chain, seq, name FROM station");
  while (query.executeStep()) {
    RowReader row(query);
    const std::int64_t chain = row.integer();
    const std::int64_t seq = row.integer();
    by_row_[{chain, seq}] = row.text();
  }
}

const std::string& StationNames::at(std::int64_t chain, std::int64_t seq) const {
  static const std::string none;
  const auto next = by_row_.upper_bound({chain, seq});
  if (next != by_row_.begin()) {
    if (const auto last = std::prev(next); last->first.first == chain) return last->second;
  }
  return next != by_row_.end() && next->first.first == chain ? next->second : none;
}

}  // namespace db
