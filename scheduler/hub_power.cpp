#include "scheduler/hub_power.h"

#include <algorithm>

namespace scheduler {

dfu::PortPower power_of(const dfu::PortPath& hub, const config::StationConfig& station, const dfu::Topology& topology) {
  for (const config::HubLimits& limits : station.hubs) {
    if (limits.power && station.port_of(limits.port, topology.controllers) == hub) return *limits.power;
  }
  const auto found = std::ranges::find(topology.hubs, hub, &dfu::HubInfo::port);
  return found == topology.hubs.end() ? dfu::PortPower::unknown : found->power;
}

bool may_ever_switch(const dfu::PortPath& port, const config::StationConfig& station, const dfu::Topology& topology) {
  const bool cascade = std::ranges::find(topology.hubs, port, &dfu::HubInfo::port) != topology.hubs.end();
  const dfu::PortPower power = power_of(port.hub(), station, topology);
  return !cascade && (power == dfu::PortPower::per_port || power == dfu::PortPower::ganged);
}

bool may_switch_off(const dfu::PortPath& port, dfu::PortPower power, const std::set<dfu::PortPath>& occupied) {
  // "1-1.4.2" loses its power with 1-1's just as "1-1.4" does.
  const auto loses_it = [&](const dfu::PortPath& other) { return other != port && other.is_behind(port.hub()); };
  switch (power) {
    case dfu::PortPower::per_port:
      return true;
    case dfu::PortPower::ganged:
      return std::ranges::none_of(occupied, loses_it);
    case dfu::PortPower::none:
    case dfu::PortPower::unknown:
      return false;
  }
  return false;
}

}  // namespace scheduler
