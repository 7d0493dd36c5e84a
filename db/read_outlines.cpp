#include "db/read_outlines.h"

#include <algorithm>

#include "db/filter_sql.h"
#include "db/front_to_back.h"
#include "db/labels_in_order.h"
#include "db/row_reader.h"
#include "db/schema.h"
#include "db/shared_rows.h"
#include "db/steps_in_order.h"
#include "db/unsettled.h"

namespace db {

namespace {

using Visitor = std::function<bool(const Outline&)>;

struct Begun {
  Uuid visit, recipe;
  Time at;
  std::string job, lot, operator_name;
};

template <typename Row>
Begun read_begun(Row& row) {
  Begun begun;
  begun.visit = row.uuid();
  begun.at = row.time();
  begun.recipe = row.uuid();
  begun.operator_name = row.text();
  begun.job = row.text();
  begun.lot = row.text();
  return begun;
}

struct Ended {
  Time at;
  Outcome outcome = Outcome::error;
  std::string unit;
};

template <typename Row>
Ended read_ended(Row& row) {
  Ended ended;
  ended.at = row.time();
  ended.outcome = parse_outcome(row.text()).value_or(Outcome::error);
  ended.unit = row.text();
  return ended;
}

struct Where {
  Uuid run;
  std::string port, slot;
};

template <typename Row>
Where read_where(Row& row) {
  Where where;
  where.run = row.uuid();
  where.port = row.text();
  where.slot = row.text();
  return where;
}

Outline outline_of(const Uuid& attempt, Begun&& begun, const Ended* ended) {
  Outline outline{attempt, begun.visit, begun.at, begun.at};
  outline.job = std::move(begun.job);
  outline.lot = std::move(begun.lot);
  outline.operator_name = std::move(begun.operator_name);
  if (!ended) return outline;
  outline.ended = ended->at;
  outline.outcome = ended->outcome;
  outline.unit = ended->unit;
  return outline;
}

// ---- few: each looked up

void look_up_outlines(SQLite::Database& database, const OneState& state, const Filter& filter,
                      const Condition& condition, SharedRows& shared, const Visitor& visit) {
  SQLite::Statement query(database,
                          "SELECT s.chain, s.seq, s.id, s.visit, s.at, s.recipe, s.operator, s.job, s.lot, v.run, "
                          "v.port, v.slot, f.attempt IS NULL, f.at, f.outcome, f.unit, s.serial" +
                              std::string(kAttemptTables) + condition.sql() + " ORDER BY +s.id");
  condition.bind(query);
  while (query.executeStep()) {
    RowReader row(query);
    const std::int64_t chain = row.integer(), seq = row.integer();
    const Uuid attempt = row.uuid();
    Begun begun = read_begun(row);
    const Uuid recipe = begun.recipe;
    Where where = read_where(row);
    std::optional<Ended> ended;
    if (row.integer() == 0) {
      ended = read_ended(row);
    } else {
      row.skip(3);
    }
    const std::string serial = row.text();
    Outline outline = outline_of(attempt, std::move(begun), ended ? &*ended : nullptr);
    if (!ended) outline.outcome = state.open_outcome(where.run);
    if (outline.unit.empty()) outline.unit = unit_of_cut_off(outline.outcome, serial);
    if (filter.outcome && outline.outcome != *filter.outcome) continue;
    outline.station = shared.station(chain, seq);
    outline.port = std::move(where.port);
    outline.slot = std::move(where.slot);
    outline.recipe = shared.recipe(recipe);
    if (!visit(outline)) return;
  }
}

// ---- many: each table from front to back

// Serial numbers of the few attempts that were cut off, each looked up.
class SerialsOfCutOff {
 public:
  explicit SerialsOfCutOff(SQLite::Database& database)
      : query_(database, "SELECT serial FROM attempt_started WHERE id = ?") {}

  std::string unit_of(const Outline& attempt) {
    if (attempt.outcome != Outcome::interrupted && attempt.outcome != Outcome::running) return {};
    if (!query_.find(attempt.attempt)) return {};
    return unit_of_cut_off(attempt.outcome, StreamReader(query_).text());
  }

 private:
  RowStream query_;
};

bool wants(const Filter& filter, const std::optional<std::vector<Uuid>>& recipes, const Begun& begun) {
  return (!filter.since || begun.at >= *filter.since) && (!filter.until || begun.at < *filter.until) &&
         (!filter.operator_name || begun.operator_name == *filter.operator_name) &&
         (!recipes || std::ranges::binary_search(*recipes, begun.recipe));
}

// The columns that nobody asks for are not read.
std::string begun_columns(Outlined outlined, const Filter& filter) {
  const bool groups = outlined == Outlined::groups;
  return std::string("visit, at, recipe, ") + (groups || filter.operator_name ? "operator, " : "NULL, ") +
         (groups ? "job, lot" : "NULL, NULL");
}

void read_from_front_to_back(SQLite::Database& database, const OneState& state, const Filter& filter,
                             const std::optional<std::vector<Uuid>>& recipes, Outlined outlined, SharedRows& shared,
                             const Visitor& visit) {
  RowsById<Begun> begun(database, state, {"attempt_started", "id", begun_columns(outlined, filter)},
                        read_begun<StreamReader>);
  RowsById<Ended> ended(database, state, {"attempt_finished", "attempt", "at, outcome, unit"},
                        read_ended<StreamReader>);
  RowsById<Where> visits(database, state, {"visit", "id", "run, port, slot"}, read_where<StreamReader>);
  std::optional<LabelsInOrder> labels;
  if (outlined == Outlined::contents && has_second_tables(database)) labels.emplace(database, state);
  std::optional<StepsInOrder> all_steps;
  if (outlined == Outlined::contents) all_steps.emplace(database, state, shared);
  SerialsOfCutOff serials(database);
  const bool placed = outlined != Outlined::sums;
  while (auto* started = begun.next()) {
    const auto* verdict = ended.find(started->id);
    std::vector<Step> steps;
    if (all_steps && verdict) steps = all_steps->take(started->id, verdict->chain, verdict->seq);
    if (!wants(filter, recipes, started->row)) continue;
    const Uuid recipe = started->row.recipe;
    Outline outline = outline_of(started->id, std::move(started->row), verdict ? &verdict->row : nullptr);
    const auto* where = placed || !verdict ? visits.find(outline.visit) : nullptr;
    if (placed && !where) continue;  // its visit is gone: no report has it
    if (!verdict) outline.outcome = state.open_outcome(where ? where->row.run : Uuid{});
    if (outline.unit.empty()) outline.unit = serials.unit_of(outline);
    if (filter.outcome && outline.outcome != *filter.outcome) continue;
    if (placed) {
      outline.station = shared.station(started->chain, started->seq);
      outline.port = where->row.port;
      outline.slot = where->row.slot;
      outline.recipe = shared.recipe(recipe);
    }
    if (labels) outline.label = labels->of(outline.visit);
    outline.steps = std::move(steps);
    if (!visit(outline)) return;
  }
}

}  // namespace

void read_outlines(SQLite::Database& database, const OneState& state, const Filter& filter, Outlined outlined,
                   const Visitor& visit) {
  SharedRows shared(database);
  const std::optional<std::vector<Uuid>> recipes = shared.recipes_for(filter);
  if (leaves_most(database, filter, recipes)) {
    return read_from_front_to_back(database, state, filter, recipes, outlined, shared, visit);
  }
  look_up_outlines(database, state, filter, Condition(filter, recipes, has_second_tables(database)), shared, visit);
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
