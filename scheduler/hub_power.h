// Whose power may be switched, and when. Pure.
//
// A port that its hub switches alone affects no other port. Ganged power is a resource of the whole hub: it may be cut
// only while no other port of the hub holds a unit, at work or not: a unit with a verdict would start again. A port
// with a hub behind it is never switched, and a hub that does not say how it switches is not tried.
#pragma once

#include <set>

#include "config/station_config.h"
#include "dfu/hubs.h"

namespace scheduler {

// What the station file says, which may know better than the hub does; else what the hub says.
dfu::PortPower power_of(const dfu::PortPath& hub, const config::StationConfig& station, const dfu::Topology& topology);

// This port may be worth asking for, now or at another time.
bool may_ever_switch(const dfu::PortPath& port, const config::StationConfig& station, const dfu::Topology& topology);

// `occupied`: all ports of the line that hold a unit now.
bool may_switch_off(const dfu::PortPath& port, dfu::PortPower power, const std::set<dfu::PortPath>& occupied);

}  // namespace scheduler
