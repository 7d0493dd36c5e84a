#include "dfu/fault.h"

#include <utility>

namespace dfu {

std::string_view to_string(FaultCode code) {
  switch (code) {
    case FaultCode::stall:
      return "stall";
    case FaultCode::wrong_state:
      return "wrong-state";
    case FaultCode::device_error:
      return "device-error";
    case FaultCode::busy_timeout:
      return "busy-timeout";
    case FaultCode::no_answer:
      return "no-answer";
    case FaultCode::read_protected:
      return "read-protected";
    case FaultCode::map_mismatch:
      return "map-mismatch";
    case FaultCode::erase_failed:
      return "erase-failed";
    case FaultCode::write_failed:
      return "write-failed";
    case FaultCode::verify_mismatch:
      return "verify-mismatch";
    case FaultCode::leave_refused:
      return "leave-refused";
    case FaultCode::not_back:
      return "not-back";
    case FaultCode::back_in_dfu:
      return "back-in-dfu";
    case FaultCode::safe_mode:
      return "safe-mode";
    case FaultCode::factory_fallback:
      return "factory-fallback";
    case FaultCode::wrong_firmware:
      return "wrong-firmware";
    case FaultCode::unit_swapped:
      return "unit-swapped";
    case FaultCode::duplicate_id:
      return "duplicate-id";
    case FaultCode::unit_gone:
      return "unit-gone";
    case FaultCode::io_error:
      return "io-error";
    case FaultCode::pulled_before_proof:
      return "pulled-before-proof";
    case FaultCode::image_unfit:
      return "image-unfit";
    case FaultCode::port_suspect:
      return "port-suspect";
    case FaultCode::port_quarantined:
      return "port-quarantined";
    case FaultCode::hub_suspect:
      return "hub-suspect";
    case FaultCode::hub_power:
      return "hub-power";
    case FaultCode::access_denied:
      return "access-denied";
    case FaultCode::interface_busy:
      return "interface-busy";
    case FaultCode::records_unavailable:
      return "records-unavailable";
    case FaultCode::cancelled:
      return "cancelled";
    case FaultCode::interrupted:
      return "interrupted";
    case FaultCode::internal:
      return "internal";
  }
  return {};
}

std::string_view to_string(OperationKind kind) {
  switch (kind) {
    case OperationKind::open:
      return "open";
    case OperationKind::enter:
      return "enter";
    case OperationKind::survey:
      return "survey";
    case OperationKind::recover:
      return "recover";
    case OperationKind::erase:
      return "erase";
    case OperationKind::write:
      return "write";
    case OperationKind::read:
      return "read";
    case OperationKind::leave:
      return "leave";
    case OperationKind::proof:
      return "proof";
  }
  return {};
}

Fault make_fault(FaultCode code, OperationKind operation, std::string text) {
  return {code, {}, operation, {}, {}, std::move(text)};
}

}  // namespace dfu
