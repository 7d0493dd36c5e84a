// The host enumerates one unit after the other on a bus: units that leave together come back one by one, and the last
// of them is late without being at fault (docs/devices.md, "Enumeration and host limits"). For how long that has
// gone on without a pause, and for how long it may go on. A port counts once: a unit that keeps reconnecting does
// not extend the wait. While the computer stands still, units come back unseen: that time (`late`, see dfu/clock.h) is
// no pause. Pure.
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

  // The clock's time, and for how long in all it was late until then.
  struct Moment {
    dfu::Duration time{}, late{};
  };

  // A unit left this port. For how long those that left its bus before it may keep the host busy.
  dfu::Duration left(const dfu::PortPath& port, Moment now) {
    Away& away = away_[bus_of(port)];
    std::erase_if(away, [&](const auto& one) { return now.time - one.second.time > longest_absence; });
    away.erase(port);
    const dfu::Duration ahead = longest * static_cast<int>(away.size());
    away[port] = now;
    return ahead;
  }

  struct Return {
    dfu::Duration queued{};  // until now the host was busy with the bus for so long
    dfu::Duration late{};    // while the unit was away the computer stood still for so long
  };

  // A unit was enumerated on this port.
  Return arrived(const dfu::PortPath& port, Moment now) {
    Return back;
    Away& away = away_[bus_of(port)];
    if (const auto one = away.find(port); one != away.end()) {
      back.late = now.late - one->second.late;
      away.erase(one);
    }
    const Moment begun{now.time - longest, now.late};
    const auto [bus, fresh] = busy_.try_emplace(bus_of(port), Busy{begun, now, {}});
    Busy& busy = bus->second;
    if (now.time - busy.last.time > longest + (now.late - busy.last.late)) busy = {begun, now, {}};
    busy.last = now;
    busy.ports.insert(port);
    const dfu::Duration most = longest * static_cast<int>(busy.ports.size()) + (now.late - busy.since.late);
    back.queued = std::min(now.time - busy.since.time, most);
    return back;
  }

 private:
  struct Busy {
    Moment since, last;
    std::set<dfu::PortPath> ports;
  };
  using Away = std::map<dfu::PortPath, Moment>;  // since when
  // What is away for longer was taken out, or will not come back.
  static constexpr dfu::Duration longest_absence = std::chrono::minutes(1);

  static std::string bus_of(const dfu::PortPath& port) { return port.text.substr(0, port.text.find('-')); }

  std::map<std::string, Busy> busy_;  // by bus
  std::map<std::string, Away> away_;  // by bus
};

}  // namespace scheduler
