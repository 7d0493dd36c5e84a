#include "dfu/usb/topology.h"

#include <algorithm>
#include <cstdlib>

#include "dfu/usb/sysfs.h"

namespace dfu::usb {

namespace {

namespace fs = std::filesystem;

constexpr int hub_class = 0x09;
constexpr int super_speed = 5000;  // Mbit/s

bool is_root(const std::string& name) {
  return name.starts_with("usb");
}

PortPath path_of(const std::string& name) {
  return {is_root(name) ? name.substr(3) + "-0" : name};
}

TransactionTranslator translator_of(const PortPath& hub) {
  if (hub.text.ends_with("-0")) return TransactionTranslator::none;
  switch (read_number(device_folder(hub) / "bDeviceProtocol", 16).value_or(0)) {
    case 1:
      return TransactionTranslator::single;
    case 2:
      return TransactionTranslator::multi;
    default:
      return TransactionTranslator::none;
  }
}

// "1-1:1.0/1-1-port2": the kernel keeps a hub's ports with its interface.
fs::path port_folder(const HubPort& port) {
  const fs::path hub = device_folder(port.hub);
  const std::string name = hub.filename().string() + "-port" + std::to_string(port.number);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(hub, error)) {
    if (fs::exists(entry.path() / name, error)) return entry.path() / name;
  }
  return {};
}

// "2-1-port3" and "usb2-port3" are the names of a port.
std::optional<HubPort> port_named(const std::string& name) {
  const auto at = name.rfind("-port");
  if (at == std::string::npos) return {};
  return HubPort{path_of(name.substr(0, at)), std::atoi(name.c_str() + at + 5)};
}

std::optional<HubPort> peer_of(const HubPort& port) {
  const fs::path folder = port_folder(port);
  if (folder.empty()) return {};
  return port_named(link_name(folder / "peer"));
}

// The USB 3 half of a hub that is listed by its other half.
bool is_second_half(const PortPath& hub, int ports) {
  if (read_number(device_folder(hub) / "speed").value_or(0) < super_speed) return false;
  for (int number = 1; number <= ports; ++number) {
    if (peer_of({hub, number})) return true;
  }
  return false;
}

// "pci-0000:00:14.0": the device that the root hub hangs on, with its bus before its name.
std::string controller_of(const fs::path& root_hub) {
  std::error_code error;
  const fs::path parent = fs::canonical(root_hub, error).parent_path();
  const std::string name = parent.filename(), subsystem = link_name(parent / "subsystem");
  if (name.starts_with("vhci_hcd")) return name;
  return subsystem.empty() ? name : subsystem + "-" + name;
}

}  // namespace

PortPath HubPort::path() const {
  const std::string& text = hub.text;
  if (text.ends_with("-0")) return {text.substr(0, text.size() - 1) + std::to_string(number)};
  return {text + "." + std::to_string(number)};
}

bool is_hub(const PortPath& port) {
  return read_number(device_folder(port) / "bDeviceClass", 16) == hub_class;
}

Topology read_topology() {
  Topology topology;
  for (const std::string& name : device_names()) {
    const PortPath path = path_of(name);
    const fs::path folder = device_folder(path);
    if (is_root(name)) {
      topology.controllers.push_back({read_number(folder / "busnum").value_or(0), controller_of(folder)});
    }
    if (!is_hub(path)) continue;
    const int ports = read_number(folder / "maxchild").value_or(0);
    if (is_second_half(path, ports)) continue;
    topology.hubs.push_back({path, ports, translator_of(path), PortPower::unknown});
  }
  std::ranges::sort(topology.controllers, {}, &ControllerInfo::bus);
  std::ranges::sort(topology.hubs, {}, &HubInfo::port);
  return topology;
}

std::vector<HubPort> halves_of(const PortPath& port) {
  const std::string& text = port.text;
  const HubPort own{port.hub(), std::atoi(text.c_str() + text.find_last_of("-.") + 1)};
  const int ports = read_number(device_folder(own.hub) / "maxchild").value_or(0);
  if (own.number < 1 || own.number > ports) return {};
  std::vector<HubPort> halves{own};
  if (const auto peer = peer_of(own)) halves.push_back(*peer);
  return halves;
}

std::string disable_file(const HubPort& port) {
  const fs::path folder = port_folder(port);
  std::error_code error;
  return !folder.empty() && fs::exists(folder / "disable", error) ? (folder / "disable").string() : "";
}

}  // namespace dfu::usb
