// The recovery ladder: what may recover a unit after a fault, mildest step (rung) first. Pure.
//
// The rungs, and what bounds each: `reopen` closes the unit, opens it again and brings it to dfuIDLE by abort or clear
// status; once after each attempt. `reset` is a USB reset; once a visit, because what one reset does not cure, a
// second one does not cure either. `power` is the port's power, off and on, for a unit that hangs; once a visit, for it
// costs the unit a start and the flash memory whatever was being written. `ask` is the last one: a person, with a
// sentence that says what to do. What is no fault of a unit that hangs - the wrong image, a missing permission, a unit
// that was pulled - has no rung.
#pragma once

#include <optional>
#include <string_view>

#include "dfu/clock.h"
#include "dfu/fault.h"

namespace scheduler {

enum class Rung { reopen, reset, power, ask };
std::string_view to_string(Rung rung);

// The rungs that were tried already.
struct Climbed {
  bool reopen = false;  // since the fault
  bool reset = false;   // in this visit
  bool power = false;   // in this visit
};

// The rungs that are possible.
struct Possible {
  bool present = false;  // the unit is on the bus
  bool power = false;    // the hub switches this port on its own
  bool starts = false;   // a USB reset starts its firmware, as plain DFU has it (docs/devices.md, "Detach and reset")
};

// `code`: what was seen last, of the attempt or of the unit after a rung. Nothing: no rung helps against this fault.
std::optional<Rung> next_rung(dfu::FaultCode code, const Climbed& climbed, const Possible& possible);

// The unit does not answer, and only a restart of the unit ends that. One that answers and refuses does not hang:
// a start would only run whatever it holds.
bool hangs(dfu::FaultCode code);

// What `ask` says to the person at the line.
constexpr std::string_view unplug_it = "Unplug this unit, and plug it in again.";

// Off for so long that a board without load has lost its charge; uhubctl waits as long.
constexpr dfu::Duration power_off_time = std::chrono::seconds(2);
// From power to a unit on the bus: up to 5 s for a hub and a kernel that try more than once, and as long for its boot.
constexpr dfu::Duration power_on_limit = std::chrono::seconds(10);
// A port must not stay without power because one request to its hub was lost.
constexpr int most_power_ons = 3;

}  // namespace scheduler
