#include "scheduler/record.h"

#include "scheduler/fault_policy.h"

namespace scheduler {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "failed";
    case Outcome::error:
      return "error";
    case Outcome::cancelled:
      return "cancelled";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::already:
      return "already";
  }
  return {};
}

Outcome outcome_of(const dfu::Fault& fault) {
  if (fault.code == dfu::FaultCode::cancelled) return Outcome::cancelled;
  if (fault.code == dfu::FaultCode::interrupted) return Outcome::interrupted;
  switch (about(fault.code)) {
    case About::unit:
    case About::cable:
    case About::image:
      return Outcome::failed;
    case About::port:
    case About::hub:
    case About::station:
      break;
  }
  return Outcome::error;
}

}  // namespace scheduler
