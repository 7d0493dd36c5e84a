// Controllers, hubs and ports as the kernel's files describe them; opens no device. May block for a moment.
#pragma once

#include <optional>
#include <vector>

#include "dfu/hubs.h"

namespace dfu::usb {

// A USB 3 hub is two hubs on two buses; it is listed once, by its USB 2 half, where all DFU units are.
Topology read_topology();

// One hub's side of a port.
struct HubPort {
  PortPath hub;
  int number = 0;

  PortPath path() const;
  bool operator==(const HubPort&) const = default;
};

// This port and, on a USB 3 hub, the other half of the same socket. Nothing when there is no such port.
std::vector<HubPort> halves_of(const PortPath& port);

// The kernel's file that switches a port off with a 1 (Linux 6.0 and later).
std::string disable_file(const HubPort& port);

bool is_hub(const PortPath& port);

}  // namespace dfu::usb
