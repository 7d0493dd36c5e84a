// The power of one port (docs/devices.md, "Port power"): asked of the hub itself, which must switch its ports one by
// one, and done through the kernel's own file where there is one, so that it knows. Never a port with a hub behind it.
// Blocks.
#pragma once

#include "dfu/hubs.h"

namespace dfu::usb {

// Both halves of a USB 3 hub's port. False: this port cannot be switched on its own, or somebody refused.
bool switch_port(const PortPath& port, bool on);

}  // namespace dfu::usb
