// Whether the wall clock was set while the line ran: it is compared with a clock that nobody can set
// and that goes on while the machine sleeps. Times on record are UTC by the wall clock, durations are not, so a step
// spoils no duration, but it must be on record. Pure: fed with both clocks; one thread.
#pragma once

#include <chrono>
#include <optional>

#include "db/values.h"

namespace station {

struct ClockReading {
  db::Time wall;
  std::chrono::milliseconds since_boot{};
};
ClockReading read_clocks();

// What a daemon corrects slowly, or a second reading takes, is less.
inline constexpr std::chrono::milliseconds least_clock_step = std::chrono::seconds(2);

struct ClockStep {
  db::Time from;                   // what the wall clock would say now
  std::chrono::milliseconds by{};  // ahead, or back if negative
};
db::Event event_of(const ClockStep& step);

class ClockWatch {
 public:
  explicit ClockWatch(ClockReading begin) : last_(begin) {}

  // A step since the beginning or the last step that was reported.
  std::optional<ClockStep> look(ClockReading now);

 private:
  ClockReading last_;
};

// The record ends later than this run begins: the clock was set back while no line ran.
std::optional<ClockStep> step_back_since(std::optional<db::Time> latest_on_record, db::Time now);

}  // namespace station
