// What a person should do at a slot: one answer for console, tile and page, so that they cannot differ. Pure; any
// thread.
#pragma once

#include <string_view>

#include "dfu/fault.h"
#include "station/live/live_line.h"

namespace station {

// What a person does with a unit that ended in this fault: try_again, set_aside or get_help. A fault that is not about
// the unit never sets a unit aside.
Advice after(dfu::FaultCode code);

Advice advise(const SlotNow& slot);

std::string_view to_string(Advice advice);  // for JSON: "try-again"
std::string_view english(Advice advice);    // for a row: "unplug it, plug it in again"

}  // namespace station
