// What a unit says of itself: device, configuration and string descriptors in either mode. Source: docs/devices.md,
// "DFU functional descriptor", "Particle USB ids", "Serial numbers and chip ids". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/descriptors.h"

namespace dfu::virt {

struct UsbFace {
  UsbId id{};
  std::uint16_t release = 0x0200;
  std::string manufacturer{}, product{}, serial{};
  // The names of the DFU interface's alternate settings; without any there is no such interface.
  std::vector<std::string_view> alternates{};
  std::uint8_t interface_number = 0;  // of that interface; those before it are of a vendor's own class
  std::uint8_t protocol = 2;          // of that interface: 1 in run-time mode, 2 in DFU mode
  std::optional<FunctionalDescriptor> functional{};
  bool serial_port = false;  // CDC, two interfaces and these endpoints
  static constexpr std::uint8_t serial_out = 0x01, serial_in = 0x81, serial_notice = 0x82;

  unsigned interfaces() const { return serial_port ? 2 : 1u + interface_number; }
  unsigned settings() const { return serial_port ? 1 : static_cast<unsigned>(alternates.size()); }

  Bytes device() const;
  Bytes configuration() const;
  // Nothing for an index that does not exist.
  std::optional<Bytes> string(std::uint8_t index) const;
};

// 12 hex digits made from an id of 24, as a Core and ST's ROM show them (docs/devices.md, "Serial numbers and chip
// ids").
std::string short_serial(const std::string& id);

}  // namespace dfu::virt
