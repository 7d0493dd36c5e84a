#include "db/read_attempts.h"

#include "db/attempt_rows.h"
#include "db/filter_sql.h"
#include "db/label_sql.h"
#include "db/read_all_attempts.h"
#include "db/row_values.h"
#include "db/schema.h"

namespace db {

namespace {

// Sorted afterwards: by the index on the ids it would read all attempts to find these.
constexpr const char* kInOrder = " ORDER BY +s.id";

std::string prefixed(const std::string& prefix, const std::string& columns) {
  std::string all = prefix + ".";
  for (const char c : columns) c == ' ' ? all += " " + prefix + "." : all += c;
  return all;
}

std::string join_of(SQLite::Database& database) {
  std::string finished = prefixed("f", finished_columns(database));
  if (const auto none = finished.find("f.NULL"); none != std::string::npos) finished.erase(none, 2);
  return "SELECT s.chain, s.seq, s.id, " + prefixed("s", kStartedColumns) + ", " + prefixed("v", kVisitColumns) +
         (has_second_tables(database) ? ", (SELECT l.label FROM label l WHERE l.visit = v.id AND " + label_holds() + ")"
                                      : std::string(", NULL")) +
         ", f.attempt IS NULL, " + finished + kAttemptTables;
}

Attempt attempt_of(const SQLite::Statement& query, SharedRows& shared, const OneState& state) {
  RowReader row(query);
  Parts parts;
  parts.chain = row.integer();
  parts.seq = row.integer();
  parts.attempt = row.uuid();
  parts.started = read_started(row);
  parts.visit = read_visit(row);
  std::string label = row.text();
  if (row.integer() == 0) parts.finished = read_finished(row);
  Attempt attempt = put_together(std::move(parts), shared, state);
  attempt.label = std::move(label);
  return attempt;
}

// Steps of the attempts of the same condition in the same order: both results are read side by side. CROSS JOIN keeps
// SQLite from starting at the steps, of which there are many more.
class StepStream {
 public:
  StepStream(SQLite::Database& database, const Condition& condition, SharedRows& shared)
      : shared_(shared),
        query_(database, "SELECT " + step_columns(database, "t.") + kAttemptTables +
                             " CROSS JOIN step t ON t.attempt = s.id" + condition.sql() +
                             " ORDER BY +t.attempt, t.number") {
    condition.bind(query_);
    there_ = query_.executeStep();
  }

  // REQUIRES: attempts are asked for in ascending order.
  void take(const Uuid& attempt, std::vector<Step>& steps) {
    for (; there_; there_ = query_.executeStep()) {
      RowReader row(query_);
      const Uuid owner = row.uuid();
      if (owner > attempt) return;
      if (owner != attempt) continue;
      Uuid image;
      steps.push_back(read_step(row, image));
      steps.back().image = shared_.image(image);
    }
  }

 private:
  SharedRows& shared_;
  SQLite::Statement query_;
  bool there_ = false;
};

void look_up_attempts(SQLite::Database& database, const OneState& state, const Filter& filter,
                      const Condition& condition, SharedRows& shared,
                      const std::function<bool(const Attempt&)>& visit) {
  SQLite::Statement query(database, join_of(database) + condition.sql() + kInOrder);
  condition.bind(query);
  std::optional<StepStream> steps;
  if (filter.steps) steps.emplace(database, condition, shared);
  while (query.executeStep()) {
    Attempt attempt = attempt_of(query, shared, state);
    if (filter.outcome && attempt.finished.outcome != *filter.outcome) continue;
    if (steps) steps->take(attempt.started.attempt, attempt.finished.steps);
    if (!visit(attempt)) return;
  }
}

}  // namespace

void read_attempts(SQLite::Database& database, const OneState& state, const Filter& filter,
                   const std::function<bool(const Attempt&)>& visit) {
  SharedRows shared(database);
  const std::optional<std::vector<Uuid>> recipes = shared.recipes_for(filter);
  if (leaves_most(database, filter, recipes)) {
    return read_from_front_to_back(database, state, filter, recipes, shared, visit);
  }
  const Condition condition(filter, recipes, has_second_tables(database));
  look_up_attempts(database, state, filter, condition, shared, visit);
}

void read_these_attempts(SQLite::Database& database, const OneState& state, const std::vector<Uuid>& ids,
                         const std::function<void(const Attempt&)>& visit) {
  SharedRows shared(database);
  SQLite::Statement query(database, join_of(database) + " WHERE s.id = ?");
  for (const Uuid& id : ids) {
    query.reset();
    bind(query, 1, id);
    if (query.executeStep()) visit(attempt_of(query, shared, state));
  }
}

}  // namespace db
