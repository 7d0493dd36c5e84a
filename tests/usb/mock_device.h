// What stands behind a device node of the mock kernel: something that takes one transfer at a time. Three kinds: a unit
// of the virtual line, a hub, and a device that is nobody's business.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dfu/bus.h"
#include "dfu/virtual/line.h"

namespace usb_mock {

// An interface as the kernel shows it in sysfs, and the driver it would bind to it ("" for none).
struct InterfaceFace {
  std::uint8_t number = 0;
  std::uint8_t settings = 1;
  std::uint8_t interface_class = 0, subclass = 0, protocol = 0;
  std::uint8_t endpoints = 0;
  std::vector<std::uint8_t> endpoint_addresses{};
  std::string driver{};
};

// What enumeration tells of a device.
struct Face {
  dfu::Bytes device;         // descriptor
  dfu::Bytes configuration;  // descriptor, whole
  std::string manufacturer{}, product{}, serial{};
  std::string speed = "12";

  std::vector<InterfaceFace> interfaces() const;
};

class Device {
 public:
  using Done = std::function<void(dfu::TransferResult)>;

  virtual ~Device() = default;
  // REQUIRES: the previous one was answered. May answer from inside the call. `late`: how long ago it was asked for.
  virtual void submit(dfu::Transfer transfer, Done done, dfu::Duration late) = 0;
  virtual void cancel() {}
  virtual void reset(std::function<void(bool well)> done) { done(true); }
};

// REQUIRES: `line` outlives it. Opens the unit without claims, as the kernel has it; nobody else may open it.
std::unique_ptr<Device> make_unit_device(dfu::virt::VirtualLine& line, double speed, dfu::UnitHandle unit);

// Answers what its face says, and refuses everything else.
std::unique_ptr<Device> make_foreign_device(Face face);
// Device and configuration descriptors of a device with these interfaces; the functional descriptor goes behind the
// last.
Face foreign_face(dfu::UsbId id, std::uint16_t release, const std::vector<dfu::AltSetting>& interfaces,
                  const std::optional<dfu::FunctionalDescriptor>& functional = {});

// A hub: `half` 2 is the high-speed half, 3 the SuperSpeed half. `switched(port, on)` hears of PORT_POWER requests;
// `occupied(port)` says whether something is plugged in there.
struct HubTraits {
  int half = 2;
  int ports = 7;
  dfu::TransactionTranslator tt = dfu::TransactionTranslator::multi;
  dfu::PortPower power = dfu::PortPower::per_port;
  bool root = false;
};
Face hub_face(const HubTraits& traits, const std::string& serial);
std::unique_ptr<Device> make_hub_device(HubTraits traits, std::function<void(int port, bool on)> switched,
                                        std::function<bool(int port)> occupied);

}  // namespace usb_mock
