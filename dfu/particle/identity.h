// Whether the serial that a Particle unit shows is its own. Source: docs/devices.md, "Serial numbers and chip ids".
// Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "dfu/bus.h"

namespace dfu::particle {

// The 24-hex device id, in lower case, of a unit that shows it as its serial; nothing where the serial is a constant
// of the firmware ("00000000010C") and identifies no unit.
std::optional<std::string> device_id(const UnitInfo& unit);

}  // namespace dfu::particle
