// The interface to the line's topology: controllers, hubs, and the power of their ports.
// `topology` may block on I/O and is called off the event threads; `set_power` answers exactly once, never from inside
// the call.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/bus.h"

namespace dfu {

enum class TransactionTranslator { none, single, multi };  // docs/devices.md, "Transaction translators"
// docs/devices.md, "Port power". `unknown`: the hub was not asked, because only a request to it would tell.
enum class PortPower { none, ganged, per_port, unknown };

std::string_view to_string(TransactionTranslator tt);  // "none", "single", "multi"
std::string_view to_string(PortPower power);           // "none", "ganged", "per-port", "unknown"

struct ControllerInfo {
  int bus = 0;
  std::string path;  // "pci-0000:00:14.0"; what a reboot does not change

  bool operator==(const ControllerInfo&) const = default;
};

struct HubInfo {
  PortPath port;
  int ports = 0;
  TransactionTranslator tt = TransactionTranslator::none;
  PortPower power = PortPower::none;

  bool operator==(const HubInfo&) const = default;
};

struct Topology {
  std::vector<ControllerInfo> controllers;
  std::vector<HubInfo> hubs;

  bool operator==(const Topology&) const = default;
};

class Hubs {
 public:
  virtual ~Hubs() = default;
  virtual Topology topology() = 0;
  // `done(false)`: this port cannot be switched on its own, or the hub refused.
  virtual void set_power(const PortPath& port, bool on, std::function<void(bool switched)> done) = 0;
};

}  // namespace dfu
