// Whether another attempt of the same visit can help. Pure.
#pragma once

#include "dfu/fault.h"
#include "scheduler/record.h"

namespace scheduler {

// False for what a repetition cannot change: the wrong unit or image, a missing permission, a stop.
bool worth_retrying(dfu::FaultCode code);

// Everything was done and verified, and only the proof of boot was not had: the unit went, or could not be asked.
bool owes_proof_after(const AttemptFinished& end);

}  // namespace scheduler
