// A run as JSON Lines on standard output. Format: docs/formats.md, "JSON of flash and run". A new key:
// CONTRIBUTING.md, "Where to add".
#pragma once

#include <QJsonObject>
#include <chrono>
#include <map>
#include <string>

#include "station/output/output.h"
#include "station/output/run_facts.h"
#include "station/record/record_rows.h"

namespace station {

class JsonLines : public RunOutput {
 public:
  JsonLines(LineWriter& out, RecordContext context) : out_(out), rows_(std::move(context)) {}

  void started(const RunFacts& facts) override;
  void stopping(scheduler::StopKind kind) override;
  void ended(const RunEnd& end) override;
  void on(const scheduler::Event& event, scheduler::WallTime at) override;

 private:
  using Wall = std::chrono::steady_clock;

  void on_event(const scheduler::UnitArrived& event);
  void on_event(const scheduler::UnitLeft& event);
  void on_event(const scheduler::VisitBegan& event);
  void on_event(const scheduler::VisitOver& event);
  void on_event(const scheduler::UnitWaits& event);
  void on_event(const scheduler::AttemptBegan& event);
  void on_event(const scheduler::Progress& event);
  void on_event(const scheduler::AttemptEnded& event);
  void on_event(const scheduler::Judged& event);
  void on_event(const scheduler::VerdictReached& event);
  void on_event(const scheduler::UnitMade& event);
  void on_event(const scheduler::JobTaken& event);
  void on_event(const scheduler::Remarked& event);

  LineWriter& out_;
  RecordRows rows_;
  db::Time at_{};                                          // of the event at hand
  std::map<std::string, Wall::time_point> last_progress_;  // by the running attempt's id
};

}  // namespace station
