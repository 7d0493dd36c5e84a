#include "scheduler/ladder.h"

namespace scheduler {

namespace {

// The unit is there, and what went wrong may be the state it is in.
bool helped_by_rungs(dfu::FaultCode code) {
  using dfu::FaultCode;
  switch (code) {
    case FaultCode::stall:
    case FaultCode::wrong_state:
    case FaultCode::device_error:
    case FaultCode::busy_timeout:
    case FaultCode::no_answer:
    case FaultCode::erase_failed:
    case FaultCode::write_failed:
    case FaultCode::verify_mismatch:
    case FaultCode::leave_refused:
    case FaultCode::back_in_dfu:
    case FaultCode::io_error:
      return true;
    case FaultCode::read_protected:
    case FaultCode::map_mismatch:
    case FaultCode::not_back:
    case FaultCode::safe_mode:
    case FaultCode::factory_fallback:
    case FaultCode::wrong_firmware:
    case FaultCode::unit_swapped:
    case FaultCode::duplicate_id:
    case FaultCode::unit_gone:            // it was pulled, or its plug is loose: another one may be put in its place
    case FaultCode::pulled_before_proof:  // likewise
    case FaultCode::image_unfit:
    case FaultCode::port_suspect:
    case FaultCode::port_quarantined:
    case FaultCode::hub_suspect:
    case FaultCode::hub_power:
    case FaultCode::access_denied:
    case FaultCode::interface_busy:
    case FaultCode::records_unavailable:
    case FaultCode::cancelled:
    case FaultCode::interrupted:
    case FaultCode::internal:
      return false;
  }
  return false;
}

}  // namespace

std::string_view to_string(Rung rung) {
  switch (rung) {
    case Rung::reopen:
      return "re-open";
    case Rung::reset:
      return "USB reset";
    case Rung::power:
      return "port power";
    case Rung::ask:
      return "the operator";
  }
  return {};
}

std::optional<Rung> next_rung(dfu::FaultCode code, const Climbed& climbed, const Possible& possible) {
  if (!helped_by_rungs(code)) return {};
  if (possible.present && !climbed.reopen) return Rung::reopen;
  if (possible.present && !climbed.reset && (hangs(code) || !possible.starts)) return Rung::reset;
  if (hangs(code) && possible.power && !climbed.power) return Rung::power;
  return Rung::ask;
}

bool hangs(dfu::FaultCode code) {
  return code == dfu::FaultCode::no_answer || code == dfu::FaultCode::busy_timeout;
}

}  // namespace scheduler
