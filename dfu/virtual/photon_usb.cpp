#include "dfu/virtual/photon_usb.h"

namespace dfu::virt {

namespace {

enum StringIndex : std::uint8_t { language, manufacturer, product_name, serial_number, configuration_name };
// The two alternate settings' names, which are their memory maps.
constexpr std::uint8_t first_map = 6;
constexpr const char* maps[photon_alternates] = {
    "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg",
    "@DCT Flash   /0x00000000/01*016Kg",
};

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
  append_endpoint(out, 0x82, 3, 8, 16);
  append_interface(out, {.interface_number = 1, .interface_class = 0x0A}, 2);
  append_endpoint(out, 0x01, 2, 64, 0);
  append_endpoint(out, 0x81, 2, 64, 0);
}

}  // namespace

Bytes PhotonUsb::device() const {
  const std::uint8_t device_class = dfu ? 0 : 2;
  Bytes out{18, descriptor_type_device, 0x00, 0x02, device_class, 0, 0, 64};
  append_le16(out, id().vendor);
  append_le16(out, id().product);
  append_le16(out, release);
  for (const std::uint8_t last : {manufacturer, product_name, serial_number}) out.push_back(last);
  out.push_back(1);
  return out;
}

Bytes PhotonUsb::functional() const {
  return encode(FunctionalDescriptor{.can_download = true,
                                     .can_upload = true,
                                     .will_detach = true,
                                     .detach_timeout = std::chrono::milliseconds(255),
                                     .transfer_size = photon_transfer_size,
                                     .version = 0x011A});
}

Bytes PhotonUsb::configuration() const {
  const std::uint8_t interfaces = dfu ? 1 : 2;
  Bytes out{9, descriptor_type_configuration, 0, 0, interfaces, 1, configuration_name, 0x80, 50};
  if (dfu) {
    for (std::uint8_t i = 0; i < photon_alternates; ++i) {
      append_interface(out, {0, i, 0xFE, 1, 2, static_cast<std::uint8_t>(first_map + i)}, 0);
    }
    const Bytes last = functional();
    out.insert(out.end(), last.begin(), last.end());
  } else {
    append_serial_port(out);
  }
  out[2] = static_cast<std::uint8_t>(out.size());
  out[3] = static_cast<std::uint8_t>(out.size() >> 8);
  return out;
}

std::optional<Bytes> PhotonUsb::string(std::uint8_t index) const {
  switch (index) {
    case language:
      return Bytes{4, descriptor_type_string, 0x09, 0x04};
    case manufacturer:
      return encode_string_descriptor("Particle");
    case product_name:
      return encode_string_descriptor(product());
    case serial_number:
      return encode_string_descriptor(serial);
    case configuration_name:
      return encode_string_descriptor(dfu ? "DFU Config" : "CDC Config");
    default:
      break;
  }
  if (dfu && index >= first_map && index < first_map + photon_alternates) {
    return encode_string_descriptor(maps[index - first_map]);
  }
  return {};
}

}  // namespace dfu::virt
