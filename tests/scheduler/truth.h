// What a virtual unit really holds and does, and whether a verdict agrees with it. The truth comes from the unit's own
// flash and its own boot, which share no rule with the station.
#pragma once

#include <optional>
#include <string>

#include "tests/scheduler/fleet.h"

namespace scheduler::truth {

// Now: to be asked at the moment of the verdict, for what people do to the unit afterwards makes no lie of it.
struct Truth {
  bool holds = false;    // every byte of the recipe is in its flash
  bool started = false;  // after its last reset its firmware ran, on the port where the unit was flashed
  bool runs = false;     // it still does, and answers on USB if it has that
  // Its last start, if it was told to start otherwise than its flash says (the faults `fallback` and `safe-mode`).
  std::optional<dfu::virt::BootOutcome> overruled{};
  bool restored = false;     // a start put its factory firmware in the place of what was written
  std::uint32_t starts = 0;  // in its life
  std::uint16_t system = 0;  // module version of the system that runs
  // What it does when its power comes next. A unit that would crash has lost its way to DFU mode.
  dfu::virt::BootOutcome next_start = dfu::virt::BootOutcome::dfu;
};

// A unit whose firmware has no USB (ST's ROM) runs when it has left the bus for its program.
Truth truth_of(fleet::Fleet& fleet, const std::string& port, const config::Recipe& recipe);
inline Truth truth_of(fleet::Fleet& fleet, const std::string& port) {
  return truth_of(fleet, port, *fleet.options.settings.recipe);
}

// What is not true about an attempt's verdict; nothing if all is. A verdict says as much as its recipe asks for:
// verified is about every byte, booted about the start, null is no claim. So a unit that cannot be read back may hold a
// wrong byte and pass; that is what the waiver on record means, and `unproved` counts it.
std::optional<std::string> lie_in(const AttemptFinished& verdict, const Truth& truth);
bool unproved(const AttemptFinished& verdict, const Truth& truth);
bool runs_it(const AttemptFinished& verdict, const Truth& truth);

bool passed(const AttemptFinished& verdict);
// A fail that says that it cannot tell: the unit was away for longer than its own reset takes, shows no id where it is
// now (a bootloader may show one that its firmware does not), and cannot be read once more. It is true, whatever the
// unit holds.
bool untold(const AttemptFinished& verdict);

// Why the proof that the recipe asks for cannot show this unit, which does not run what was written, as it is; nothing
// if it can. The list is closed: a proof that misses anything else is a lie.
std::optional<std::string> beyond_proof(const config::Recipe& recipe, const Truth& truth);

}  // namespace scheduler::truth
