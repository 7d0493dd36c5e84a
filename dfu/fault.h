// Why an attempt did not pass: a closed list (docs/formats.md, "Fault codes") with the facts. What is done about each
// code, and who is blamed: scheduler/fault_policy. A new code: CONTRIBUTING.md, "Where to add". The sentence is
// composed where the facts are known. Pure values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dfu {

enum class FaultCode {
  // about the unit
  stall,
  wrong_state,
  device_error,
  busy_timeout,
  no_answer,
  read_protected,
  map_mismatch,
  erase_failed,
  write_failed,
  verify_mismatch,
  leave_refused,
  not_back,
  back_in_dfu,
  safe_mode,
  factory_fallback,
  wrong_firmware,
  unit_swapped,
  duplicate_id,
  // about the cable
  unit_gone,
  io_error,
  pulled_before_proof,
  // about the image, judged against the unit
  image_unfit,
  // about the port and the hub
  port_suspect,
  port_quarantined,
  hub_suspect,
  hub_power,
  // about the station
  access_denied,
  interface_busy,
  records_unavailable,
  cancelled,
  interrupted,
  internal,
};

// The operation during which it happened.
enum class OperationKind { open, enter, survey, recover, erase, write, read, leave, proof };

std::string_view to_string(FaultCode code);  // "verify-mismatch"
std::string_view to_string(OperationKind kind);

struct Fault {
  FaultCode code = FaultCode::internal;
  std::string step;  // the recipe step's name; empty if it belongs to none
  std::optional<OperationKind> operation;
  std::optional<std::uint32_t> address;
  std::optional<std::uint32_t> block;  // wBlockNum of the transfer
  std::string text;                    // one sentence for a person
};

// One that belongs to no step.
Fault make_fault(FaultCode code, OperationKind operation, std::string text);

}  // namespace dfu
