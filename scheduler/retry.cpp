#include "scheduler/retry.h"

#include "scheduler/fault_policy.h"

namespace scheduler {

bool worth_retrying(const dfu::Fault& fault, const std::optional<dfu::Fault>& before) {
  const bool same_byte = before && fault.code == dfu::FaultCode::verify_mismatch && before->code == fault.code &&
                         fault.address && before->address == fault.address;
  return policy_of(fault.code).retry && !same_byte;
}

bool owes_proof_after(const AttemptFinished& end) {
  using dfu::FaultCode;
  if (!end.fault || end.fault->operation != dfu::OperationKind::proof) return false;
  const FaultCode code = end.fault->code;
  return code == FaultCode::not_back || (policy_of(code).retry && code != FaultCode::back_in_dfu);
}

}  // namespace scheduler
