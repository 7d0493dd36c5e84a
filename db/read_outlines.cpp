#include "db/read_outlines.h"

#include <algorithm>
#include <vector>

#include "db/filter_sql.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/shared_rows.h"

namespace db {

namespace {

struct Ending {
  Uuid attempt;
  Time at;
  Outcome outcome = Outcome::error;
  std::string unit;
};

Filter without_outcome(Filter filter) {
  filter.outcome.reset();
  return filter;
}

std::vector<Outline> read_begun(SQLite::Database& database, const Condition& condition, bool narrow) {
  SQLite::Statement query(database, "SELECT s.id, s.visit, s.at" +
                                        std::string(narrow ? kAttemptTables : " FROM attempt_started s") +
                                        condition.sql());
  condition.bind(query);
  std::vector<Outline> begun;
  while (query.executeStep()) {
    RowReader row(query);
    Outline outline;
    outline.attempt = row.uuid();
    outline.visit = row.uuid();
    outline.started = row.time();
    begun.push_back(std::move(outline));
  }
  // Rows stand in the order of their chain, which is nearly this.
  if (!std::ranges::is_sorted(begun, {}, &Outline::attempt)) std::ranges::sort(begun, {}, &Outline::attempt);
  return begun;
}

std::vector<Ending> read_verdicts(SQLite::Database& database, const Condition* condition) {
  std::string sql = "SELECT f.attempt, f.at, f.outcome, f.unit";
  sql += condition ? kAttemptTables + condition->sql() + (condition->sql().empty() ? " WHERE" : " AND") +
                         " f.attempt IS NOT NULL"
                   : std::string(" FROM attempt_finished f");
  SQLite::Statement query(database, sql);
  if (condition) condition->bind(query);
  std::vector<Ending> verdicts;
  while (query.executeStep()) {
    RowReader row(query);
    Ending verdict;
    verdict.attempt = row.uuid();
    verdict.at = row.time();
    verdict.outcome = parse_outcome(row.text()).value_or(Outcome::error);
    verdict.unit = row.text();
    verdicts.push_back(std::move(verdict));
  }
  if (!std::ranges::is_sorted(verdicts, {}, &Ending::attempt)) std::ranges::sort(verdicts, {}, &Ending::attempt);
  return verdicts;
}

Uuid run_of(SQLite::Database& database, const Uuid& visit) {
  SQLite::Statement query(database, "SELECT run FROM visit WHERE id = ?");
  query.bind(1, visit.bytes.data(), static_cast<int>(visit.bytes.size()));
  if (!query.executeStep()) return {};
  RowReader row(query);
  return row.uuid();
}

}  // namespace

// Two tables from front to back and put together here, which takes a tenth of the time of a join of all rows; where the
// filter leaves few, the join.
void read_outlines(SQLite::Database& database, const OneState& state, const Filter& filter,
                   const std::function<bool(const Outline&)>& visit) {
  const bool narrow = filter.job || filter.lot || filter.unit || filter.slot || filter.attempt || filter.visit;
  const Condition condition(without_outcome(filter), SharedRows(database).recipes_for(filter),
                            has_second_tables(database));
  std::vector<Outline> begun = read_begun(database, condition, narrow);
  std::vector<Ending> verdicts = read_verdicts(database, narrow ? &condition : nullptr);
  auto verdict = verdicts.begin();
  for (Outline& outline : begun) {
    while (verdict != verdicts.end() && verdict->attempt < outline.attempt) ++verdict;
    if (verdict != verdicts.end() && verdict->attempt == outline.attempt) {
      outline.ended = verdict->at;
      outline.outcome = verdict->outcome;
      outline.unit = std::move(verdict->unit);
    } else {
      outline.ended = outline.started;
      outline.outcome = state.open_outcome(run_of(database, outline.visit));
    }
    if (filter.outcome && outline.outcome != *filter.outcome) continue;
    if (!visit(outline)) return;
  }
}

Counts count_attempts(SQLite::Database& database, const OneState& state, const Filter& filter) {
  const Condition condition(filter, SharedRows(database).recipes_for(filter), has_second_tables(database));
  SQLite::Statement query(database, "SELECT f.outcome, CASE WHEN f.attempt IS NULL THEN v.run END, count(*)" +
                                        std::string(kAttemptTables) + condition.sql() + " GROUP BY 1, 2");
  condition.bind(query);
  Counts counts;
  while (query.executeStep()) {
    RowReader row(query);
    const std::string stored = row.text();
    const Uuid run = row.uuid();
    const auto count = static_cast<std::uint64_t>(row.integer());
    const Outcome outcome = stored.empty() ? state.open_outcome(run) : parse_outcome(stored).value_or(Outcome::error);
    if (filter.outcome && outcome != *filter.outcome) continue;
    counts.by_outcome[static_cast<std::size_t>(outcome)] += count;
    counts.attempts += count;
  }
  return counts;
}

}  // namespace db
