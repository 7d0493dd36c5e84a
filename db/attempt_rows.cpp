#include "db/attempt_rows.h"

#include "db/schema.h"
#include "db/unsettled.h"

namespace db {

std::string finished_columns(SQLite::Database& database) {
  return std::string(
             "at, outcome, fault_code, fault_about, fault_step, fault_operation, fault_address, fault_block, "
             "fault_text, verified, booted, unit, serials, flash_ms, return_ms, floor_ms, ") +
         (has_identity(database) ? "identity" : "NULL");
}

std::string step_columns(SQLite::Database& database, const std::string& table) {
  std::string columns;
  for (const char* column : {"attempt", "name", "image", "address", "bytes", "written_bytes", "unchanged_bytes",
                             "erased_sectors", "duration_ms", "readback"}) {
    columns += table + column + ", ";
  }
  return columns + (has_alternates(database) ? table + "alternate" : "NULL");
}

Attempt put_together(Parts parts, SharedRows& shared, const OneState& state) {
  Attempt attempt;
  attempt.installation = shared.installation(parts.chain);
  attempt.station = shared.station(parts.chain, parts.seq);
  attempt.run = shared.run(parts.visit.run);
  attempt.started = std::move(parts.started.started);
  attempt.started.attempt = parts.attempt;
  attempt.started.recipe = shared.recipe(parts.started.recipe);
  attempt.visit = std::move(parts.visit.visit);
  attempt.visit.visit = attempt.started.visit;
  attempt.open = !parts.finished;
  if (attempt.open) {
    attempt.finished.at = attempt.started.at;
    attempt.finished.outcome = state.open_outcome(parts.visit.run);
    if (attempt.finished.outcome == Outcome::interrupted) attempt.finished.fault = interrupted_fault();
  } else {
    attempt.finished = std::move(*parts.finished);
  }
  attempt.finished.attempt = parts.attempt;
  if (attempt.finished.unit.empty()) {
    attempt.finished.unit = unit_of_cut_off(attempt.finished.outcome, attempt.started.serial);
  }
  return attempt;
}

}  // namespace db
