#include "db/read_events.h"

#include "db/row_values.h"
#include "db/schema.h"

namespace db {

std::vector<Event> read_events(SQLite::Database& database, const std::optional<Uuid>& attempt) {
  std::vector<Event> events;
  if (!has_second_tables(database)) return events;
  SQLite::Statement query(database, std::string("SELECT ") + kEventColumns + " FROM event r" +
                                        (attempt ? " WHERE r.attempt = ?" : "") + kOwnRowsFirst);
  if (attempt) bind(query, 1, *attempt);
  while (query.executeStep()) {
    RowReader row(query);
    events.push_back(event_of(row));
  }
  return events;
}

std::int64_t count_own_events(SQLite::Database& database, const std::string& kind, Time since) {
  if (!has_second_tables(database)) return 0;
  SQLite::Statement query(database, "SELECT count(*) FROM event WHERE chain = ? AND kind = ? AND at >= ?");
  query.bind(1, kOwnChain);
  query.bind(2, kind);
  query.bind(3, static_cast<std::int64_t>(since.time_since_epoch().count()));
  query.executeStep();
  return query.getColumn(0).getInt64();
}

std::vector<Disposition> read_dispositions(SQLite::Database& database, const Uuid& attempt, const std::string& unit) {
  std::vector<Disposition> all;
  if (!has_second_tables(database)) return all;
  SQLite::Statement query(database, std::string("SELECT ") + kDispositionColumns +
                                        " FROM disposition r WHERE r.attempt = ?1 OR (?2 <> '' AND r.unit = ?2)" +
                                        kOwnRowsFirst);
  bind(query, 1, attempt);
  query.bind(2, unit);
  while (query.executeStep()) {
    RowReader row(query);
    all.push_back(disposition_of(row));
  }
  return all;
}

}  // namespace db
