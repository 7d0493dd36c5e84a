// What a unit says of itself before it is opened: device and configuration descriptor, parsed. Hostile or truncated
// descriptors are refused, never read past their end. Source: docs/devices.md, "DFU functional descriptor".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/protocol.h"

namespace dfu {

struct UsbId {
  std::uint16_t vendor = 0;
  std::uint16_t product = 0;
  auto operator<=>(const UsbId&) const = default;
};

inline std::string to_string(UsbId id) {
  return hex_id(id.vendor, id.product);
}

// One alternate setting of one interface.
struct AltSetting {
  std::uint8_t interface_number = 0;
  std::uint8_t alternate = 0;
  std::uint8_t interface_class = 0;
  std::uint8_t interface_subclass = 0;
  std::uint8_t protocol = 0;    // DFU: 1 run-time, 2 DFU mode
  std::uint8_t name_index = 0;  // iInterface; the string itself needs an open unit

  bool is_dfu() const { return interface_class == 0xFE && interface_subclass == 0x01; }
};

// An endpoint of one alternate setting, other than endpoint 0.
struct Endpoint {
  std::uint8_t interface_number = 0;
  std::uint8_t alternate = 0;
  std::uint8_t address = 0;     // 0x80 set: data come in
  std::uint8_t attributes = 0;  // the two low bits say how it transfers
  std::uint16_t packet = 0;     // bytes at most in one packet

  bool in() const { return (address & 0x80) != 0; }
  bool bulk() const { return (attributes & 0x03) == 2; }
};

struct ConfigurationInfo {
  std::vector<AltSetting> alternates;
  std::vector<Endpoint> endpoints;
  // Searched behind every alternate setting, because most devices have it behind the last one only.
  std::optional<FunctionalDescriptor> functional;
};

std::optional<ConfigurationInfo> parse_configuration(ByteView descriptor);

// A string descriptor (bLength, 3, UTF-16LE) as UTF-8; a truncated one gives what is there.
std::string parse_string_descriptor(ByteView descriptor);
// REQUIRES: ASCII, at most 126 characters.
Bytes encode_string_descriptor(std::string_view text);

}  // namespace dfu
