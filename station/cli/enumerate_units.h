// The units that are on a line at this moment, for commands that read the line once. Opens none.
#pragma once

#include <optional>
#include <vector>

#include "dfu/bus.h"
#include "station/exit_status.h"

namespace station {

// Starts `bus` and waits until it has announced all units that are present; in port order. Nothing if it does not come
// to an end in ten seconds. REQUIRES: not started before. From then on events of the bus are dropped.
std::optional<std::vector<dfu::UnitInfo>> enumerate_units(dfu::Bus& bus);

// Says that it did not, and what to do.
ExitStatus complain_of_listing();

}  // namespace station
