#include "db/read_all_attempts.h"

#include <algorithm>
#include <optional>

#include "db/attempt_rows.h"
#include "db/front_to_back.h"
#include "db/labels_in_order.h"
#include "db/schema.h"
#include "db/steps_in_order.h"

namespace db {

namespace {

bool wants(const Filter& filter, const std::optional<std::vector<Uuid>>& recipes, const StartedRow& row) {
  const AttemptStarted& started = row.started;
  return (!filter.since || started.at >= *filter.since) && (!filter.until || started.at < *filter.until) &&
         (!filter.operator_name || started.operator_name == *filter.operator_name) &&
         (!recipes || std::ranges::binary_search(*recipes, row.recipe));
}

}  // namespace

void read_from_front_to_back(SQLite::Database& database, const OneState& state, const Filter& filter,
                             const std::optional<std::vector<Uuid>>& recipes, SharedRows& shared,
                             const std::function<bool(const Attempt&)>& visit) {
  RowsById<StartedRow> begun(database, state, {"attempt_started", "id", kStartedColumns}, read_started<StreamReader>);
  RowsById<AttemptFinished> ended(database, state, {"attempt_finished", "attempt", finished_columns(database)},
                                  read_finished<StreamReader>);
  RowsById<VisitRow> visits(database, state, {"visit", "id", kVisitColumns}, read_visit<StreamReader>);
  std::optional<LabelsInOrder> labels;
  if (has_second_tables(database)) labels.emplace(database, state);
  std::optional<StepsInOrder> all_steps;
  if (filter.steps) all_steps.emplace(database, state, shared);
  while (auto* started = begun.next()) {
    auto* verdict = ended.find(started->id);
    std::vector<Step> steps;
    if (all_steps && verdict) steps = all_steps->take(started->id, verdict->chain, verdict->seq);
    if (!wants(filter, recipes, started->row)) continue;
    const auto* place = visits.find(started->row.started.visit);
    if (!place) continue;
    Parts parts{started->chain, started->seq, started->id, std::move(started->row), place->row, std::nullopt};
    if (verdict) parts.finished = std::move(verdict->row);
    Attempt attempt = put_together(std::move(parts), shared, state);
    if (filter.outcome && attempt.finished.outcome != *filter.outcome) continue;
    if (labels) attempt.label = labels->of(attempt.visit.visit);
    attempt.finished.steps = std::move(steps);
    if (!visit(attempt)) return;
  }
}

}  // namespace db
