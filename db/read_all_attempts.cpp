#include "db/read_all_attempts.h"

#include <algorithm>
#include <map>

#include "db/attempt_rows.h"
#include "db/front_to_back.h"
#include "db/labels_in_order.h"
#include "db/schema.h"

namespace db {

namespace {

// Steps stand right before the verdict of their attempt.
class StepsBeforeVerdicts {
 public:
  StepsBeforeVerdicts(SQLite::Database& database, SharedRows& shared) : database_(database), shared_(shared) {}

  // Of every attempt, also of those that nobody wants.
  std::vector<Step> take(const Uuid& attempt, std::int64_t chain, std::int64_t verdict) {
    OfChain& rows = of_chain(chain);
    for (; rows.there && rows.seq < verdict; advance(rows)) {
      StreamReader row(rows.stream);
      row.skip(1);
      const Uuid owner = row.uuid();
      waiting_[owner].push_back(read_step(row, shared_));
    }
    auto steps = waiting_.extract(attempt);
    return steps ? std::move(steps.mapped()) : std::vector<Step>();
  }

 private:
  struct OfChain {
    RowStream stream;
    bool there = false;
    std::int64_t seq = 0;
  };

  static void advance(OfChain& rows) {
    rows.there = rows.stream.next();
    if (rows.there) rows.seq = rows.stream.getColumn(0).getInt64();
  }

  OfChain& of_chain(std::int64_t chain) {
    if (const auto known = by_chain_.find(chain); known != by_chain_.end()) return known->second;
    const std::string sql = std::string("SELECT seq, ") + kStepColumns + " FROM step WHERE chain = ? ORDER BY seq";
    OfChain& rows = by_chain_.try_emplace(chain, OfChain{RowStream(database_, sql, chain)}).first->second;
    advance(rows);
    return rows;
  }

  SQLite::Database& database_;
  SharedRows& shared_;
  std::map<std::int64_t, OfChain> by_chain_;
  std::map<Uuid, std::vector<Step>> waiting_;
};

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
  StepsBeforeVerdicts all_steps(database, shared);
  while (auto* started = begun.next()) {
    auto* verdict = ended.find(started->id);
    std::vector<Step> steps;
    if (filter.steps && verdict) steps = all_steps.take(started->id, verdict->chain, verdict->seq);
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
