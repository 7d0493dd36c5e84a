// For how long the host has enumerated one unit after the other on a bus, without a pause: units that leave together
// come back one by one, and the last of them is late through no doing of its own (facts/dfu.md 4.9). A port counts
// once: one that comes again and again keeps nobody waiting for longer. Pure.
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

  // A unit was enumerated on this port. Since when the host was busy with its bus, until now.
  dfu::Duration arrived(const dfu::PortPath& port, dfu::Duration now) {
    const auto [bus, fresh] = busy_.try_emplace(port.text.substr(0, port.text.find('-')), Busy{now - longest, now, {}});
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
  std::map<std::string, Busy> busy_;  // by bus
};

}  // namespace scheduler
