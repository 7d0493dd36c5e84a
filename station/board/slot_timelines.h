// What happened in each slot lately, step by step: for the board's page about one slot. Called by the engine; asked
// from any thread. Bounded: older events are in the record and in the log.
#pragma once

#include <QJsonObject>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "scheduler/observer.h"

namespace station::board {

class SlotTimelines : public scheduler::Observer {
 public:
  void on(const scheduler::Event& event, scheduler::WallTime at) override;
  // "steps" of the last attempt and "log" of the slot.
  QJsonObject of(const std::string& port) const;

 private:
  struct Step {
    std::string name;
    // While it runs: "waiting", the phase that works on it, or "worked-on" between two of them. Then as
    // reports::StepState.
    std::string state = "waiting";
    std::string address;
    std::uint32_t bytes = 0;
    double seconds = 0;
  };
  struct Timeline {
    std::vector<Step> steps;
    std::optional<dfu::OperationKind> phase;  // of the last event
    std::string step;                         // likewise
    std::deque<std::string> log;
  };

  void hear(const scheduler::UnitArrived&) {}
  void hear(const scheduler::UnitLeft& event) { say(event.port, "unplugged"); }
  void hear(const scheduler::VisitBegan& event) { say(event.port, "a unit was plugged in"); }
  void hear(const scheduler::VisitOver&) {}
  void hear(const scheduler::UnitWaits&) {}  // a state, and no part of a story
  void hear(const scheduler::AttemptBegan& event);
  void hear(const scheduler::Progress& event);
  void hear(const scheduler::AttemptEnded& event);
  void hear(const scheduler::Judged&) {}
  void hear(const scheduler::VerdictReached& event);
  void hear(const scheduler::UnitMade&) {}
  void hear(const scheduler::JobTaken&) {}
  void hear(const scheduler::Remarked& event);
  void say(const dfu::PortPath& port, const std::string& text);

  mutable std::mutex mutex_;
  scheduler::WallTime at_{};                 // guarded by mutex_; of the event at hand
  std::map<std::string, Timeline> by_port_;  // guarded by mutex_
};

}  // namespace station::board
