// What people and programs may watch while the line runs. Values, in one order for all observers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "dfu/fit.h"
#include "scheduler/record.h"
#include "scheduler/wait.h"

namespace scheduler {

struct UnitArrived {
  dfu::UnitInfo unit;
  std::string slot;
  bool ours = false;  // matches the recipe in DFU mode, or in application mode where it is brought out of that
  // Of one that is not: how far it matches the recipe, and in words why that is not enough ("is in DFU mode, but ...").
  dfu::Fit fit = dfu::Fit::ready;
  std::string unfit{};  // empty: it is of another kind
};
struct UnitLeft {
  dfu::PortPath port;
  std::string slot;
};
// A unit was inserted, and waits for its first attempt.
struct VisitBegan {
  dfu::PortPath port;
  std::string slot;
  std::string visit;
};
// The unit was removed, or another one is in its place: what arrives next is not the unit of this visit.
struct VisitOver {
  dfu::PortPath port;
  std::string slot;
  std::string visit;
  bool never_begun = false;  // it was removed before its first attempt: it has no verdict
};
// It could begin, and waits for this; nothing: it waits no longer. Sent when it changes.
struct UnitWaits {
  dfu::PortPath port;
  std::string slot;
  std::optional<Wait> wait{};
};
struct AttemptBegan {
  AttemptStarted started;
  WallTime at{};  // as its record has it
};
struct Progress {
  std::string attempt;
  dfu::PortPath port;
  std::string slot;
  dfu::OperationKind phase = dfu::OperationKind::open;
  std::string step;         // recipe step; may be empty
  double fraction = 0;      // of the device time of what is planned, 0..1
  double left_seconds = 0;  // estimated
  // Of the attempt since the unit was opened, in what was finished before this operation:
  double elapsed_seconds = 0;
  double floor_seconds = 0;  // the unit's own time for it
  std::uint64_t bytes = 0;   // of data on the wire, in either direction
};
// Comes after the attempt's end is committed, never before.
struct AttemptEnded {
  AttemptFinished finished;
  WallTime began{}, at{};  // as its records have them
};
// What a dry run found for one unit: it is refused, or this much would be written.
struct Judged {
  dfu::UnitInfo unit;
  std::string slot;
  std::optional<dfu::Fault> refusal;
  std::uint32_t bytes_to_write = 0;
  double floor_seconds = 0;
};
// The visit has its verdict: the slot shows it until the next insertion.
struct VerdictReached {
  dfu::PortPath port;
  std::string slot;
  Outcome outcome = Outcome::error;
  int attempts = 0;      // 0: stopped before the first one
  std::string advice{};  // what a person should do with the unit now; usually nothing
};

// A unit was made for the job, and so many are still to be made. At 0 the line stops, or waits for the next job.
struct UnitMade {
  int left = 0;
};
// The line works for another job from now on; for none, and begins nothing, where there is none.
struct JobTaken {
  std::shared_ptr<const WorkOrder> job;
  int left = 0;
  bool without_order = false;  // every unit that comes is begun
};

// Something beside the attempts that people should know; on record as well.
struct Remarked {
  Remark remark;
};

using Event = std::variant<UnitArrived, UnitLeft, VisitBegan, VisitOver, UnitWaits, AttemptBegan, Progress,
                           AttemptEnded, Judged, VerdictReached, UnitMade, JobTaken, Remarked>;

class Observer {
 public:
  virtual ~Observer() = default;
  // One call at a time, in the order in which things happened; from a pool thread. Must not block.
  virtual void on(const Event& event, WallTime at) = 0;
};

}  // namespace scheduler
