#include "dfu/virtual/usb_face.h"

#include <cstdio>
#include <cstdlib>

namespace dfu::virt {

namespace {

enum StringIndex : std::uint8_t { language, manufacturer_name, product_name, serial_number, configuration_name };
constexpr std::uint8_t first_map = 6;  // the strings of the alternate settings

void append_interface(Bytes& out, AltSetting one, std::uint8_t endpoints) {
  const Bytes raw{9,
                  descriptor_type_interface,
                  one.interface_number,
                  one.alternate,
                  endpoints,
                  one.interface_class,
                  one.interface_subclass,
                  one.protocol,
                  one.name_index};
  out.insert(out.end(), raw.begin(), raw.end());
}

void append_endpoint(Bytes& out, std::uint8_t address, std::uint8_t attributes, std::uint8_t size, std::uint8_t poll) {
  const Bytes raw{7, 5, address, attributes, size, 0, poll};
  out.insert(out.end(), raw.begin(), raw.end());
}

void append_serial_port(Bytes& out) {
  append_interface(out, {.interface_class = 2, .interface_subclass = 2, .protocol = 1}, 1);
  const Bytes functions{5, 0x24, 0, 0x10, 0x01, 5, 0x24, 1, 0, 1, 4, 0x24, 2, 2, 5, 0x24, 6, 0, 1};
  out.insert(out.end(), functions.begin(), functions.end());
  append_endpoint(out, UsbFace::serial_notice, 3, 8, 16);
  append_interface(out, {.interface_number = 1, .interface_class = 0x0A}, 2);
  append_endpoint(out, UsbFace::serial_out, 2, 64, 0);
  append_endpoint(out, UsbFace::serial_in, 2, 64, 0);
}

}  // namespace

Bytes UsbFace::device() const {
  const std::uint8_t device_class = serial_port ? 2 : 0;
  Bytes out{18, descriptor_type_device, 0x00, 0x02, device_class, 0, 0, 64};
  append_le16(out, id.vendor);
  append_le16(out, id.product);
  append_le16(out, release);
  for (const std::uint8_t last : {manufacturer_name, product_name, serial_number}) out.push_back(last);
  out.push_back(1);
  return out;
}

Bytes UsbFace::configuration() const {
  const auto count = static_cast<std::uint8_t>(interfaces());
  Bytes out{9, descriptor_type_configuration, 0, 0, count, 1, configuration_name, 0x80, 50};
  for (std::uint8_t number = 0; number < interface_number; ++number) {
    append_interface(out, {.interface_number = number, .interface_class = 0xFF}, 0);
  }
  for (std::size_t i = 0; i < alternates.size(); ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    append_interface(out, {interface_number, number, 0xFE, 1, protocol, static_cast<std::uint8_t>(first_map + i)}, 0);
  }
  if (functional) {
    const Bytes last = encode(*functional);
    out.insert(out.end(), last.begin(), last.end());
  }
  if (serial_port) append_serial_port(out);
  out[2] = static_cast<std::uint8_t>(out.size());
  out[3] = static_cast<std::uint8_t>(out.size() >> 8);
  return out;
}

std::optional<Bytes> UsbFace::string(std::uint8_t index) const {
  switch (index) {
    case language:
      return Bytes{4, descriptor_type_string, 0x09, 0x04};
    case manufacturer_name:
      return encode_string_descriptor(manufacturer);
    case product_name:
      return encode_string_descriptor(product);
    case serial_number:
      return encode_string_descriptor(serial);
    case configuration_name:
      return encode_string_descriptor(serial_port ? "CDC Config" : "DFU Config");
    default:
      break;
  }
  if (index < first_map || index - first_map >= static_cast<int>(alternates.size())) return {};
  return encode_string_descriptor(std::string(alternates[index - first_map]));
}

std::string short_serial(const std::string& id) {
  std::uint32_t words[3] = {};
  for (std::size_t i = 0; i < 12; ++i) {
    const auto byte = static_cast<std::uint32_t>(std::strtoul(id.substr(2 * i, 2).c_str(), nullptr, 16));
    words[i / 4] |= byte << 8 * (i % 4);
  }
  char text[13];
  std::snprintf(text, sizeof text, "%08X%04X", words[0] + words[2], words[1] >> 16);
  return text;
}

}  // namespace dfu::virt
