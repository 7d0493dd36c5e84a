// Attempts as a Reader would give them, without a database.
#pragma once

#include "reports/report.h"
#include "tests/db/outline.h"
#include "tests/db/sample.h"

namespace sample {

inline db::Attempt attempt(std::uint8_t id, std::uint8_t of_visit, db::AttemptFinished finished,
                           std::int64_t number = 1) {
  db::Attempt attempt;
  attempt.station = "line-3";
  attempt.installation = uuid(250);
  attempt.run = std::make_shared<const db::Run>(run());
  attempt.visit = visit(of_visit);
  attempt.started = started(id, of_visit, number);
  attempt.finished = std::move(finished);
  return attempt;
}

inline db::Attempt open_attempt(std::uint8_t id, std::uint8_t of_visit, db::Outcome outcome) {
  db::AttemptFinished nothing;
  nothing.attempt = uuid(id);
  nothing.at = started(id, of_visit).at;
  nothing.outcome = outcome;
  if (outcome == db::Outcome::interrupted) nothing.fault = db::interrupted_fault();
  db::Attempt open = attempt(id, of_visit, nothing);
  open.open = true;
  return open;
}

inline reports::Report report(std::vector<db::Attempt> attempts) {
  db::StationInfo station{uuid(250), "line-3", {42, digest(0x5A)}};
  reports::Report report{{station}, [attempts = std::move(attempts)](const reports::Report::Visitor& visitor) {
                           for (const db::Attempt& one : attempts) {
                             if (!visitor(one)) return;
                           }
                         }};
  report.outlines = [all = report.attempts](db::Outlined, const auto& visitor) {
    all([&visitor](const db::Attempt& one) { return visitor(outline_of(one)); });
  };
  return report;
}

}  // namespace sample
