// Inputs and effects of a visit: what the engine passes to it, and what it asks the engine to do. Values.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/recipe.h"
#include "dfu/bus.h"
#include "scheduler/observer.h"
#include "scheduler/record.h"
#include "scheduler/task.h"

namespace scheduler {

// No new visit begins, and...
enum class StopKind {
  drain,       // units in work are finished, with their proof
  safe_point,  // they stop after the operation that runs, unless they are leaving already
  at_once,     // transfers in flight are cancelled
};

// What may change between two visits on one port; the job, between two attempts.
struct VisitSetting {
  std::string slot;
  std::shared_ptr<const config::Recipe> recipe;  // null: units on this port are left alone
  bool enter_dfu = false;                        // units in application mode are brought into DFU mode
  dfu::Duration insert_after{};                  // a port that was empty for longer gets a new visit
  bool power = false;                            // the hub may be asked to switch this port's power
  std::string quarantine;                        // why units here are not touched; empty: they are
  std::shared_ptr<const WorkOrder> job{};        // null: for none
};

// Inputs of a visit.
namespace visit_input {
struct Arrived {
  dfu::UnitInfo unit;
  // The attempt that verified this very unit and could not prove its boot, in whatever visit that was.
  std::shared_ptr<const AttemptFinished> pending_proof{};
  // For so long the host has enumerated one unit after the other on this bus, without a pause.
  dfu::Duration queued{};
  // While the unit was away the computer stood still for so long.
  dfu::Duration late{};
};
struct Left {
  dfu::UnitHandle handle;
  // For how long the host may be busy with units of the same bus that left earlier and come back first.
  dfu::Duration ahead{};
};
struct Admitted {};
struct Recorded {
  bool committed;
  WallTime at{};  // as the record has it
};
struct Opened {
  dfu::OpenResult result;
  dfu::Duration late{};  // as Talked has it
};
// The conversation of a task is over: the task is finished, or was cut off.
// `late`: for how long the computer stood still meanwhile (dfu/clock.h).
struct Talked {
  dfu::Duration late{};
};
struct Closed {};
// The port's power, as it was wanted; or the hub did not do that, or must not now.
struct Powered {
  bool switched;
};
struct TimeOver {
  int timer;
};
struct Stop {
  StopKind kind;
};
// The attempt that runs ends as `kind` says, and its unit waits for its turn again. The line goes on later.
struct Halt {
  StopKind kind;
};
// For the next visit; a visit that has begun keeps what it began with.
struct Setting {
  VisitSetting setting;
};
}  // namespace visit_input
using VisitInput = std::variant<visit_input::Arrived, visit_input::Left, visit_input::Admitted, visit_input::Recorded,
                                visit_input::Opened, visit_input::Talked, visit_input::Closed, visit_input::Powered,
                                visit_input::TimeOver, visit_input::Stop, visit_input::Halt, visit_input::Setting>;

// What a visit wants done. RequestPlace, Save, Open, Talk, Close and Power are each answered once.
namespace visit_effect {
struct RequestPlace {};
struct ReleasePlace {};
struct Save {
  Record record;
};
// To be recorded in order with the others, but nobody waits for it.
struct SaveLater {
  Record record;
};
struct Open {
  dfu::UnitHandle handle;
  std::vector<dfu::Claim> claims;
};
// Carries the conversation of this task out (scheduler/talk.h). The unit is open.
struct Talk {
  dfu::UnitHandle handle;
  std::shared_ptr<Task> task;
};
// To the conversation that runs, if one does; not answered itself. At once: what it waits for is cut short.
struct StopTalk {
  bool at_once = false;
};
struct Close {
  dfu::UnitHandle handle;
};
// Of this visit's port.
struct Power {
  bool on;
};
struct Timer {
  int timer;
  dfu::Duration delay;
};
struct Tell {
  Event event;
};
}  // namespace visit_effect
using VisitEffect =
    std::variant<visit_effect::RequestPlace, visit_effect::ReleasePlace, visit_effect::Save, visit_effect::SaveLater,
                 visit_effect::Open, visit_effect::Talk, visit_effect::StopTalk, visit_effect::Close,
                 visit_effect::Power, visit_effect::Timer, visit_effect::Tell>;

}  // namespace scheduler
