// Inputs and effects of the pure `Line`: what the engine passes to it, and what it asks the engine to do. Values.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/recipe.h"
#include "config/station_config.h"
#include "dfu/bus.h"
#include "dfu/hubs.h"
#include "scheduler/messages.h"
#include "scheduler/observer.h"
#include "scheduler/partial_flash.h"

namespace scheduler {

// What the line works by. May be replaced while it runs; a visit that has begun keeps what it began with.
struct LineSettings {
  std::shared_ptr<const config::Recipe> recipe;  // null: only slots with a recipe of their own are worked on
  std::map<dfu::PortPath, std::shared_ptr<const config::Recipe>> own_recipes;  // by port
  std::shared_ptr<const config::StationConfig> station;
};

// How many units a job still wants. No more are begun than could be used; when they are made the line stops, or waits.
struct Quota {
  int left = 0;
  bool count_already = false;  // a unit that held everything counts as made
  std::shared_ptr<const WorkOrder> job{};
  bool without_order = false;  // any number, and `left` means nothing; `job` then only names the operator
};

struct LineOptions {
  LineSettings settings;
  dfu::Topology topology;
  std::vector<dfu::PortPath> only_ports;  // empty: every port
  bool stay = false;                      // `run`: go on with units that are plugged in later
  std::optional<Quota> quota;
  bool wait_for_jobs = false;                 // when the quota is made, for the next one
  std::vector<PartialFlash> partial_flashes;  // by runs before this one
  bool dry_run = false;                       // surveys and judges, writes nothing, records nothing
};

// Units counted by their last attempt.
struct Totals {
  int units = 0;  // matching units that were seen
  int passed = 0;
  int already = 0;
  int failed = 0;
  int error = 0;
  int cancelled = 0;
  int not_begun = 0;  // of `cancelled`: stopped before the first attempt
  int attempts = 0;
  int access_denied = 0;  // of `error`: units that could not be opened for lack of permission
  bool records_lost = false;
  bool quota_made = false;  // the quota was reached, and the line stopped for that
};

// Inputs of the line.
namespace input {
struct Begin {};  // first
// By the bus. `late`: for how long in all the computer stood still until then (dfu/clock.h).
struct Arrived {
  dfu::UnitInfo unit;
  dfu::Duration late{};
};
struct Left {
  dfu::UnitHandle handle;
  dfu::PortPath port;
  dfu::Duration late{};
};
struct Listed {};
// By the visit on a port.
struct PlaceWanted {
  dfu::PortPath port;
};
struct PlaceReleased {
  dfu::PortPath port;
};
struct PowerWanted {
  dfu::PortPath port;
  bool on;
};
struct WorkChanged {
  bool begun;  // something is under way there that must end before the program may; or it has ended
};
struct Happened {
  Event event;
  WallTime at{};
};
// By the engine, as answers to effects.
struct PowerSwitched {
  dfu::PortPath port;
  bool on;
  bool switched;  // or the hub did not do that
};
struct Settled {};
struct TimeOver {};
// By people.
struct Stop {
  StopKind kind;
};
struct Halt {
  StopKind kind;
};
struct Pause {
  bool paused;
};
struct Release {
  dfu::PortPath place;  // a port or a hub
  Decision decision;
};
struct Skip {
  dfu::PortPath port;
  bool skip;
};
struct Commission {
  bool on;
};
struct WorkFor {
  Quota quota;
};
struct Reload {
  LineSettings settings;
};
struct Say {
  Remark remark;
};
}  // namespace input
using Input =
    std::variant<input::Begin, input::Arrived, input::Left, input::Listed, input::PlaceWanted, input::PlaceReleased,
                 input::PowerWanted, input::WorkChanged, input::Happened, input::PowerSwitched, input::Settled,
                 input::TimeOver, input::Stop, input::Halt, input::Pause, input::Release, input::Skip,
                 input::Commission, input::WorkFor, input::Reload, input::Say>;

// What the line wants done, in this order.
namespace effect {
// A port comes into use, with the setting of its first visit. Sent once, before anything else about it.
struct UsePort {
  dfu::PortPath port;
  VisitSetting setting;
};
struct TellPort {
  dfu::PortPath port;
  VisitInput told;
};
// For the record; nobody waits for it.
struct Note {
  Remark remark;
};
struct Show {
  Event event;
};
// Answered once by PowerSwitched.
struct SwitchPower {
  dfu::PortPath port;
  bool on;
};
// Answered by Settled when each port has handled the inputs it has now, and the line what came of them.
struct Settle {};
// Answered by TimeOver.
struct WakeAt {
  dfu::Duration when;
};
// All is done. Comes once, and last.
struct Finish {
  Totals totals;
};
}  // namespace effect
using Effect = std::variant<effect::UsePort, effect::TellPort, effect::Note, effect::Show, effect::SwitchPower,
                            effect::Settle, effect::WakeAt, effect::Finish>;

}  // namespace scheduler
