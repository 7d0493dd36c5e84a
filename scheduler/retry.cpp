#include "scheduler/retry.h"

namespace scheduler {

namespace {

bool may_change(dfu::FaultCode code) {
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
    case FaultCode::unit_gone:
    case FaultCode::io_error:
    case FaultCode::pulled_before_proof:
      return true;
    case FaultCode::read_protected:
    case FaultCode::map_mismatch:
    case FaultCode::not_back:
    case FaultCode::safe_mode:
    case FaultCode::factory_fallback:
    case FaultCode::wrong_firmware:
    case FaultCode::unit_swapped:
    case FaultCode::duplicate_id:
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

bool worth_retrying(const dfu::Fault& fault, const std::optional<dfu::Fault>& before) {
  const bool same_byte = before && fault.code == dfu::FaultCode::verify_mismatch && before->code == fault.code &&
                         fault.address && before->address == fault.address;
  return may_change(fault.code) && !same_byte;
}

bool owes_proof_after(const AttemptFinished& end) {
  using dfu::FaultCode;
  if (!end.fault || end.fault->operation != dfu::OperationKind::proof) return false;
  const FaultCode code = end.fault->code;
  return code == FaultCode::not_back || (may_change(code) && code != FaultCode::back_in_dfu);
}

}  // namespace scheduler
