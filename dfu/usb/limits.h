// How long a call may take before its unit is called wedged, and how many calls may hang at once.
#pragma once

#include "dfu/clock.h"

namespace dfu::usb {

struct UsbLimits {
  // The kernel gives a unit 5 s to answer SET_INTERFACE; the rest is for drivers to let go, and for udev.
  Duration open = std::chrono::seconds(10);
  // A transfer that timed out must be back by then: a host controller takes milliseconds, 5 s until it is called dead.
  Duration transfer = std::chrono::seconds(6);
  Duration cancel = std::chrono::seconds(3);
  // The kernel tries a unit that does not come back five times.
  Duration reset = std::chrono::seconds(30);
  // Releasing an interface sends SET_INTERFACE 0 where another setting was selected: 5 s again.
  Duration close = std::chrono::seconds(8);
  Duration power = std::chrono::seconds(10);
  // udev sets the rights of a new node after the kernel made it (docs/devices.md, "Hotplug and access rights").
  Duration access = std::chrono::seconds(1);
  // One for each unit in work, and one for each that hangs: above the widest cap that a station file may have.
  int threads = 12'000;
};

}  // namespace dfu::usb
