#include "dfu/usb/port_power.h"

#include <atomic>
#include <fstream>

#include "dfu/usb/device.h"
#include "dfu/usb/topology.h"

namespace dfu::usb {

namespace {

constexpr Duration hub_timeout = std::chrono::seconds(2);
constexpr std::uint8_t get_status = 0, clear_feature = 1, set_feature = 3, get_descriptor = 6;
constexpr std::uint16_t port_power = 8;
constexpr std::uint16_t hub_descriptor = 0x2900, super_speed_hub_descriptor = 0x2A00;

bool is_super_speed(const PortPath& hub) {
  return read_number(device_folder(hub) / "speed").value_or(0) >= 5000;
}

std::shared_ptr<Device> open_hub(const PortPath& hub) {
  const auto folder = device_folder(hub);
  const auto bus = read_number(folder / "busnum"), address = read_number(folder / "devnum");
  if (!bus || !address) return nullptr;
  Device::Opened opened = Device::open({hub, *bus, *address}, {});
  auto* device = std::get_if<std::shared_ptr<Device>>(&opened);
  return device ? *device : nullptr;
}

TransferResult ask(Device& hub, const Setup& setup) {
  const std::atomic<bool> cancelled = false;
  return hub.transfer({setup, {}, hub_timeout}, cancelled);
}

// What the hub says of itself; `none` when it cannot be asked.
PortPower power_of(Device& hub, bool super_speed) {
  const std::uint16_t type = super_speed ? super_speed_hub_descriptor : hub_descriptor;
  const TransferResult result = ask(hub, {0xA0, get_descriptor, type, 0, 9});
  if (result.status != TransferStatus::ok || result.data.size() < 5) return PortPower::none;
  switch (le16(result.data, 3) & 3) {
    case 0:
      return PortPower::ganged;
    case 1:
      return PortPower::per_port;
    default:
      return PortPower::none;
  }
}

bool is_on(Device& hub, const HubPort& port, bool super_speed) {
  const auto number = static_cast<std::uint16_t>(port.number);
  const TransferResult result = ask(hub, {0xA3, get_status, 0, number, 4});
  if (result.status != TransferStatus::ok || result.data.size() < 4) return false;
  return (le16(result.data, 0) & (super_speed ? 1u << 9 : 1u << 8)) != 0;
}

bool switch_by_kernel(const std::string& file, bool on) {
  std::ofstream out(file);
  out << (on ? "0" : "1") << std::flush;
  return out.good();
}

bool switch_half(Device& hub, const HubPort& port, bool on) {
  if (const std::string file = disable_file(port); !file.empty() && switch_by_kernel(file, on)) return true;
  const auto number = static_cast<std::uint16_t>(port.number);
  const auto request = on ? set_feature : clear_feature;
  if (ask(hub, {0x23, request, port_power, number, 0}).status != TransferStatus::ok) return false;
  return is_on(hub, port, is_super_speed(port.hub)) == on;
}

}  // namespace

bool switch_port(const PortPath& port, bool on) {
  const std::vector<HubPort> halves = halves_of(port);
  std::vector<std::shared_ptr<Device>> hubs;
  for (const HubPort& half : halves) {
    if (is_hub(half.path())) return false;
    auto hub = open_hub(half.hub);
    if (!hub || power_of(*hub, is_super_speed(half.hub)) != PortPower::per_port) return false;
    hubs.push_back(std::move(hub));
  }
  bool done = !halves.empty();
  for (std::size_t i = 0; i < halves.size(); ++i) done = switch_half(*hubs[i], halves[i], on) && done;
  return done;
}

}  // namespace dfu::usb
