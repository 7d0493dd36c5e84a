// The host enumerates one unit after the other on a bus: units that leave together come back one by one, and the last
// of them is late without being at fault (docs/devices.md, "Enumeration and host limits"). For how long that has
// gone on without a pause, and for how long it may go on. A port counts once: a unit that keeps reconnecting does
// not extend the wait. Pure.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "dfu/bus.h"

namespace scheduler {

class Enumerations {
 public:
  // An enumeration takes 0.15-0.3 s; after a longer pause nothing was waiting.
  static constexpr dfu::Duration longest = std::chrono::milliseconds(300);

  // A unit left this port. For how long those that left its bus before it may keep the host busy.
  dfu::Duration left(const dfu::PortPath& port, dfu::Duration now) {
    Away& away = away_[bus_of(port)];
    std::erase_if(away, [&](const auto& one) { return now - one.second > longest_absence; });
    away.erase(port);
    const dfu::Duration ahead = longest * static_cast<int>(away.size());
    away[port] = now;
    return ahead;
  }

  // A unit was enumerated on this port. Since when the host was busy with its bus, until now.
  dfu::Duration arrived(const dfu::PortPath& port, dfu::Duration now) {
    away_[bus_of(port)].erase(port);
    const auto [bus, fresh] = busy_.try_emplace(bus_of(port), Busy{now - longest, now, {}});
    Busy& busy = bus->second;
    if (now - busy.last > longest) busy = {now - longest, now, {}};
    busy.last = now;
    busy.ports.insert(port);
    return std::min(now - busy.since, longest * static_cast<int>(busy.ports.size()));
  }

 private:
  struct Busy {
    dfu::Duration since, last;
    std::set<dfu::PortPath> ports;
  };
  using Away = std::map<dfu::PortPath, dfu::Duration>;  // since when
  // What is away for longer was taken out, or will not come back.
  static constexpr dfu::Duration longest_absence = std::chrono::minutes(1);

  static std::string bus_of(const dfu::PortPath& port) { return port.text.substr(0, port.text.find('-')); }

  std::map<std::string, Busy> busy_;  // by bus
  std::map<std::string, Away> away_;  // by bus
};

}  // namespace scheduler
