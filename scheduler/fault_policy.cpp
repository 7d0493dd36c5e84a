#include "scheduler/fault_policy.h"

#include <array>

namespace scheduler {

namespace {

using dfu::FaultCode;
using enum About;
using enum Recovery;
using enum Remedy;

// In the order of FaultCode. duplicate_id, port_suspect, hub_suspect and hub_power are reserved: no attempt ends with
// them (docs/formats.md, "Fault codes").
constexpr std::array policies = {
    FaultPolicy{FaultCode::stall, unit, true, rungs, try_again},
    FaultPolicy{FaultCode::wrong_state, unit, true, rungs, try_again},
    FaultPolicy{FaultCode::device_error, unit, true, rungs, try_again},
    FaultPolicy{FaultCode::busy_timeout, unit, true, start, try_again},
    FaultPolicy{FaultCode::no_answer, unit, true, start, try_again},
    FaultPolicy{FaultCode::read_protected, unit, false, none, set_aside},
    FaultPolicy{FaultCode::map_mismatch, unit, false, none, set_aside},
    FaultPolicy{FaultCode::erase_failed, unit, true, rungs, set_aside},
    FaultPolicy{FaultCode::write_failed, unit, true, rungs, set_aside},
    FaultPolicy{FaultCode::verify_mismatch, unit, true, rungs, set_aside},
    FaultPolicy{FaultCode::leave_refused, unit, true, rungs, try_again},
    FaultPolicy{FaultCode::not_back, unit, false, none, try_again},
    FaultPolicy{FaultCode::back_in_dfu, unit, true, rungs, set_aside},
    FaultPolicy{FaultCode::safe_mode, unit, false, none, set_aside},
    FaultPolicy{FaultCode::factory_fallback, unit, false, none, set_aside},
    FaultPolicy{FaultCode::wrong_firmware, unit, false, none, set_aside},
    FaultPolicy{FaultCode::unit_swapped, unit, false, none, try_again},
    FaultPolicy{FaultCode::duplicate_id, unit, false, none, get_help},
    // It was pulled, or its plug is loose: another unit may be put in its place, and no rung is climbed there.
    FaultPolicy{FaultCode::unit_gone, cable, true, none, try_again},
    FaultPolicy{FaultCode::io_error, cable, true, rungs, try_again},
    FaultPolicy{FaultCode::pulled_before_proof, cable, true, none, try_again},
    FaultPolicy{FaultCode::image_unfit, image, false, none, get_help},
    FaultPolicy{FaultCode::port_suspect, port, false, none, get_help},
    FaultPolicy{FaultCode::port_quarantined, port, false, none, get_help},
    FaultPolicy{FaultCode::hub_suspect, hub, false, none, get_help},
    FaultPolicy{FaultCode::hub_power, hub, false, none, get_help},
    FaultPolicy{FaultCode::access_denied, station, false, none, get_help},
    FaultPolicy{FaultCode::interface_busy, station, false, none, get_help},
    FaultPolicy{FaultCode::records_unavailable, station, false, none, get_help},
    FaultPolicy{FaultCode::cancelled, station, false, none, try_again},
    FaultPolicy{FaultCode::interrupted, station, false, none, try_again},
    // The unit was left in the middle of something.
    FaultPolicy{FaultCode::internal, station, true, rungs, get_help},
};

constexpr bool has_each_code_in_order() {
  for (std::size_t i = 0; i < policies.size(); ++i) {
    if (policies[i].code != static_cast<FaultCode>(i)) return false;
  }
  return policies.back().code == FaultCode::internal;  // the last one
}
static_assert(has_each_code_in_order());

}  // namespace

const FaultPolicy& policy_of(FaultCode code) {
  return policies.at(static_cast<std::size_t>(code));
}

bool counts_for_slot(FaultCode code) {
  const About whom = about(code);
  return whom != image && whom != station;
}

std::string_view to_string(About about) {
  switch (about) {
    case unit:
      return "unit";
    case cable:
      return "cable";
    case image:
      return "image";
    case port:
      return "port";
    case hub:
      return "hub";
    case station:
      return "station";
  }
  return {};
}

}  // namespace scheduler
