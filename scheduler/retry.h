// Whether another attempt of the same visit can help. Pure.
#pragma once

#include <optional>

#include "dfu/fault.h"
#include "scheduler/record.h"

namespace scheduler {

// False for what a repetition cannot change: the wrong unit or image, a missing permission, a stop; and the byte that
// did not take what was written to it in the attempt before either.
bool worth_retrying(const dfu::Fault& fault, const std::optional<dfu::Fault>& before);

// Everything was done and verified, and only the proof of boot was not had: the unit went, or could not be asked.
bool owes_proof_after(const AttemptFinished& end);

}  // namespace scheduler
