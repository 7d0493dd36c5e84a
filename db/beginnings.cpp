#include "db/beginnings.h"

#include <cstdint>
#include <optional>

#include "db/excerpt.h"
#include "db/row_reader.h"
#include "db/schema.h"

namespace db {

Beginnings read_beginnings(SQLite::Database& database) {
  Beginnings found;
  if (!has_second_tables(database)) return found;
  SQLite::Statement chains(database,
                           "SELECT chain, start_seq, start_hash IS NULL FROM chain WHERE start_seq IS NOT NULL OR "
                           "start_hash IS NOT NULL ORDER BY chain");
  while (chains.executeStep()) {
    RowReader row(chains);
    const std::int64_t chain = row.integer();
    const std::optional<std::int64_t> start = row.maybe_integer();
    if (!start || *start <= 0 || row.integer() != 0) {
      found.problems.emplace_back(
          "The table of chains has half of a beginning. A record begins at row 1, or where an archive ended.");
      continue;
    }
    if (!excerpts_of(database, chain).empty()) continue;  // it has some rows only
    found.goes_on = true;
    SQLite::Statement first(database, "SELECT 1 FROM station WHERE chain = ? AND seq = ?");
    first.bind(1, chain);
    first.bind(2, *start + 1);
    if (first.executeStep()) continue;
    found.problems.push_back(
        "The record claims to go on after row " + std::to_string(*start) +
        ", and its first row does not name the station: `db archive` did not make it. Rows were cut off.");
  }
  return found;
}

}  // namespace db
