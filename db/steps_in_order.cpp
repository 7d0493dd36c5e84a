#include "db/steps_in_order.h"

#include "db/attempt_rows.h"
#include "db/row_reader.h"
#include "db/stored_row.h"

namespace db {

StepRows::StepRows(SQLite::Database& database, std::int64_t chain)
    : rows_(database, "SELECT seq, " + step_columns(database, "") + " FROM step WHERE chain = ? ORDER BY seq", chain) {}

std::optional<StepRow> StepRows::next() {
  if (!rows_.next()) return std::nullopt;
  StreamReader row(rows_);
  StepRow found;
  found.seq = row.integer();
  found.attempt = row.uuid();
  found.step = read_step(row, found.image);
  return found;
}

StepsInOrder::StepsInOrder(SQLite::Database& database, const OneState& state, SharedRows& shared) : shared_(shared) {
  const std::vector<std::int64_t> chains = chains_in(database, "step");
  for (const std::int64_t chain : chains) {
    OfChain& rows = by_chain_[chain];
    // A thread for each of many merged stations would be too many.
    std::optional<SQLite::Database> another = chains.size() == 1 ? state.open_another() : std::nullopt;
    if (another) {
      rows.ahead = std::make_unique<ReadAhead<StepRows>>(std::move(*another), chain);
    } else {
      rows.here = std::make_unique<StepRows>(database, chain);
    }
    rows.advance();
  }
}

std::vector<Step> StepsInOrder::take(const Uuid& attempt, std::int64_t chain, std::int64_t verdict) {
  std::vector<Step> own;
  if (const auto found = by_chain_.find(chain); found != by_chain_.end()) {
    for (OfChain& rows = found->second; rows.first && rows.first->seq < verdict; rows.advance()) {
      Step& step = rows.first->step;
      step.image = shared_.image(rows.first->image);
      (rows.first->attempt == attempt ? own : waiting_[rows.first->attempt]).push_back(std::move(step));
    }
  }
  if (auto early = waiting_.extract(attempt)) own.insert(own.begin(), early.mapped().begin(), early.mapped().end());
  return own;
}

}  // namespace db
