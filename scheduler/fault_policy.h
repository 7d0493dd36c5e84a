// How the station judges a fault and what it does about it, one row for each code: who is blamed, whether another
// attempt can help, which recovery helps, and what a person does with the unit afterwards. What else a new code needs:
// CONTRIBUTING.md, "Where to add". Pure values; any thread.
#pragma once

#include <string_view>

#include "dfu/fault.h"

namespace scheduler {

enum class About { unit, cable, image, port, hub, station };
std::string_view to_string(About about);

enum class Recovery {
  none,   // nothing is wrong with the state of the unit, or it is not there
  rungs,  // it is there, and what went wrong may be the state it is in (scheduler/ladder.h)
  start,  // it hangs: it does not answer, and only a restart of the unit ends that
};

enum class Remedy {
  try_again,  // unplug the unit, and plug it in again
  set_aside,  // this unit is bad
  get_help,   // another person must change something
};

struct FaultPolicy {
  dfu::FaultCode code;
  About about;
  bool retry;  // another attempt of the same visit may end otherwise
  Recovery recovery;
  Remedy remedy;
};

const FaultPolicy& policy_of(dfu::FaultCode code);

inline About about(dfu::FaultCode code) {
  return policy_of(code).about;
}
// It speaks about the unit, its cable, port or hub: images and the station itself are the same for all slots.
bool counts_for_slot(dfu::FaultCode code);

}  // namespace scheduler
