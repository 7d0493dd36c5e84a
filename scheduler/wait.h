// What a unit that could begin waits for. Values.
#pragma once

#include <string>
#include <string_view>

#include "dfu/bus.h"

namespace scheduler {

// In the order in which they are checked: of several, the first one is shown.
enum class WaitFor {
  pause,          // a person paused the line
  commissioning,  // the sockets get their labels
  order,          // as many units are in work as the order still wants; or there is no order
  hub_stopped,    // a hub that failed too often: until a person releases it
  hub_power,      // the hub's power is off, to reset one of its units
  cap,            // the station's limit
  hub_slowed,     // a hub that failed too often takes fewer units
  hub_width,      // what the station file allows behind a hub
  stagger,        // the pause between two starts behind one hub
};
std::string_view to_string(WaitFor what);  // "hub-stopped"

struct Wait {
  WaitFor what = WaitFor::cap;
  dfu::PortPath hub{};  // of the hub_... values
  std::string name{};   // hub_width: the hub's label, else its port as the station file names it
  bool operator==(const Wait&) const = default;
};

}  // namespace scheduler
