// What a Photon says of itself: device, configuration and string descriptors in both modes.
// Source: facts/dfu.md 1.4, 7.1, 7.2; facts/particle.md 4. Pure.
#pragma once

#include <optional>
#include <string>

#include "dfu/bytes.h"
#include "dfu/descriptors.h"

namespace dfu::virt {

inline constexpr std::uint16_t photon_transfer_size = 4096;
inline constexpr std::uint8_t photon_alternates = 2;

struct PhotonUsb {
  bool dfu = true;  // otherwise the application's serial port
  std::uint16_t release = 0x0200;
  std::string serial;

  UsbId id() const { return {0x2B04, static_cast<std::uint16_t>(dfu ? 0xD006 : 0xC006)}; }
  std::string product() const { return dfu ? "Photon DFU Mode" : "Photon"; }

  Bytes device() const;
  Bytes configuration() const;
  Bytes functional() const;
  // Nothing for an index that does not exist.
  std::optional<Bytes> string(std::uint8_t index) const;
};

}  // namespace dfu::virt
