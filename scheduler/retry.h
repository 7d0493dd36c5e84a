// Whether another attempt of the same visit can help. Pure.
#pragma once

#include "dfu/fault.h"

namespace scheduler {

// False for what a repetition cannot change: the wrong unit or image, a missing permission, a stop.
bool worth_retrying(dfu::FaultCode code);

}  // namespace scheduler
