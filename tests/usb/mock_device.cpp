#include "tests/usb/mock_device.h"

#include <algorithm>
#include <set>

#include "dfu/descriptors.h"

namespace usb_mock {

namespace {

using dfu::Bytes;
using dfu::Setup;
using dfu::Transfer;
using dfu::TransferResult;
using dfu::TransferStatus;

constexpr std::uint8_t type_interface = 4, type_endpoint = 5, type_hub = 0x29, type_superspeed_hub = 0x2A;
constexpr std::uint8_t hub_class = 9;

enum StringIndex : std::uint8_t { language, manufacturer_name, product_name, serial_number };

void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

Bytes configuration_of(const Bytes& interfaces, std::uint8_t count) {
  Bytes out{9, 2, 0, 0, count, 1, 0, 0x80, 50};
  append(out, interfaces);
  out[2] = static_cast<std::uint8_t>(out.size());
  out[3] = static_cast<std::uint8_t>(out.size() >> 8);
  return out;
}

TransferResult answer(Bytes data = {}) {
  return {TransferStatus::ok, std::move(data)};
}
TransferResult refuse() {
  return {TransferStatus::stall, {}};
}

// The standard requests that every device answers.
TransferResult standard(const Face& face, const Setup& setup) {
  enum Request : std::uint8_t { get_status = 0, get_descriptor = 6, get_configuration = 8, set_configuration = 9 };
  switch (setup.request) {
    case get_status:
      return setup.in() ? answer({0, 0}) : refuse();
    case get_configuration:
      return setup.in() ? answer({1}) : refuse();
    case set_configuration:
      return setup.in() || setup.value > 1 ? refuse() : answer();
    case get_descriptor:
      break;
    default:
      return refuse();
  }
  switch (setup.value) {
    case 0x0100:
      return answer(face.device);
    case 0x0200:
      return answer(face.configuration);
    case 0x0300 | language:
      return answer({4, 3, 0x09, 0x04});
    case 0x0300 | manufacturer_name:
      return answer(dfu::encode_string_descriptor(face.manufacturer));
    case 0x0300 | product_name:
      return answer(dfu::encode_string_descriptor(face.product));
    case 0x0300 | serial_number:
      return answer(dfu::encode_string_descriptor(face.serial));
    default:
      return refuse();
  }
}

void finish(TransferResult result, const Setup& setup, const Device::Done& done) {
  if (result.data.size() > setup.length) result.data.resize(setup.length);
  done(std::move(result));
}

class UnitDevice : public Device {
 public:
  UnitDevice(dfu::virt::VirtualLine& line, double speed, dfu::UnitHandle unit)
      : line_(line), speed_(speed), unit_(unit) {
    line_.open(unit_, {}, [](dfu::OpenResult) {});
  }
  ~UnitDevice() override {
    line_.close(unit_, [] {});
  }

  void submit(Transfer transfer, Done done, dfu::Duration late) override {
    line_.excuse(unit_, std::chrono::duration_cast<dfu::Duration>(late * speed_));
    line_.submit(unit_, std::move(transfer), std::move(done));
  }
  void cancel() override { line_.cancel(unit_); }
  void reset(std::function<void(bool)> done) override {
    line_.reset(unit_, [done = std::move(done)](dfu::ResetStatus status) { done(status == dfu::ResetStatus::ok); });
  }

 private:
  dfu::virt::VirtualLine& line_;
  const double speed_;
  const dfu::UnitHandle unit_;
};

class ForeignUnit : public Device {
 public:
  explicit ForeignUnit(Face face) : face_(std::move(face)) {}

  void submit(Transfer transfer, Done done, dfu::Duration) override {
    const bool asks = transfer.endpoint == 0 && (transfer.setup.request_type & 0x60) == 0;
    finish(asks ? standard(face_, transfer.setup) : refuse(), transfer.setup, done);
  }

 private:
  const Face face_;
};

// The hub class requests of USB 2.0 chapter 11.24 that switch power and tell of it (docs/devices.md, "Port power").
class HubDevice : public Device {
 public:
  HubDevice(HubTraits traits, std::function<void(int, bool)> switched, std::function<bool(int)> occupied)
      : traits_(traits), face_(hub_face(traits, "")), switched_(std::move(switched)), occupied_(std::move(occupied)) {}

  void submit(Transfer transfer, Done done, dfu::Duration) override {
    const Setup& setup = transfer.setup;
    const bool asks = transfer.endpoint == 0 && (setup.request_type & 0x60) == 0;
    finish(asks ? standard(face_, setup) : class_request(setup), setup, done);
  }

 private:
  enum Request : std::uint8_t { get_status = 0, clear_feature = 1, set_feature = 3, get_descriptor = 6 };
  static constexpr std::uint16_t port_power = 8;

  TransferResult class_request(const Setup& setup) {
    switch (setup.request_type << 8 | setup.request) {
      case 0xA0 << 8 | get_descriptor:
        return setup.value >> 8 == (traits_.half == 3 ? type_superspeed_hub : type_hub) ? answer(descriptor())
                                                                                        : refuse();
      case 0xA0 << 8 | get_status:
        return answer({0, 0, 0, 0});
      case 0xA3 << 8 | get_status:
        return valid(setup.index) ? answer(status(setup.index)) : refuse();
      case 0x23 << 8 | clear_feature:
        return feature(setup, false);
      case 0x23 << 8 | set_feature:
        return feature(setup, true);
      default:
        return refuse();
    }
  }

  bool valid(int port) const { return port >= 1 && port <= traits_.ports; }

  TransferResult feature(const Setup& setup, bool on) {
    if (!valid(setup.index)) return refuse();
    if (setup.value != port_power) return answer();
    on ? static_cast<void>(off_.erase(setup.index)) : static_cast<void>(off_.insert(setup.index));
    switched_(setup.index, on);
    return answer();
  }

  Bytes status(int port) const {
    const bool powered = !off_.contains(port);
    const bool connected = powered && occupied_(port);
    const int power_bit = traits_.half == 3 ? 0x0200 : 0x0100;
    const int bits = (connected ? 0x0003 : 0) | (powered ? power_bit : 0);
    return {static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8), 0, 0};
  }

  Bytes descriptor() const {
    const std::uint8_t switching = traits_.power == dfu::PortPower::ganged     ? 0
                                   : traits_.power == dfu::PortPower::per_port ? 1
                                                                               : 2;
    const auto ports = static_cast<std::uint8_t>(traits_.ports);
    if (traits_.half == 3) return {12, type_superspeed_hub, ports, switching, 0, 50, 100, 4, 0, 0, 0, 0};
    Bytes out{0, type_hub, ports, switching, 0, 50, 100};
    out.insert(out.end(), static_cast<std::size_t>(ports / 8 + 1), 0);     // removable
    out.insert(out.end(), static_cast<std::size_t>(ports / 8 + 1), 0xFF);  // PortPwrCtrlMask
    out[0] = static_cast<std::uint8_t>(out.size());
    return out;
  }

  const HubTraits traits_;
  const Face face_;
  std::function<void(int, bool)> switched_;
  std::function<bool(int)> occupied_;
  std::set<int> off_;
};

std::string driver_for(const InterfaceFace& face) {
  switch (face.interface_class) {
    case hub_class:
      return "hub";
    case 0x02:
    case 0x0A:
      return "cdc_acm";
    case 0x03:
      return "usbhid";
    case 0x08:
      return "usb-storage";
    default:
      return "";
  }
}

}  // namespace

std::vector<InterfaceFace> Face::interfaces() const {
  std::map<std::uint8_t, InterfaceFace> found;
  InterfaceFace* current = nullptr;
  for (std::size_t at = 0; at + 2 <= configuration.size() && configuration[at] >= 2; at += configuration[at]) {
    const auto* raw = &configuration[at];
    if (raw[1] == type_interface) {
      const bool known = found.contains(raw[2]);
      current = &found[raw[2]];
      if (known) {
        ++current->settings;
        continue;
      }
      current->number = raw[2];
      current->endpoints = raw[4];
      current->interface_class = raw[5];
      current->subclass = raw[6];
      current->protocol = raw[7];
      current->driver = driver_for(*current);
    } else if (raw[1] == type_endpoint && current) {
      current->endpoint_addresses.push_back(raw[2]);
    }
  }
  std::vector<InterfaceFace> out;
  for (auto& [number, face] : found) out.push_back(std::move(face));
  return out;
}

std::unique_ptr<Device> make_unit_device(dfu::virt::VirtualLine& line, double speed, dfu::UnitHandle unit) {
  return std::make_unique<UnitDevice>(line, speed, unit);
}

std::unique_ptr<Device> make_foreign_device(Face face) {
  return std::make_unique<ForeignUnit>(std::move(face));
}

Face foreign_face(dfu::UsbId id, std::uint16_t release, const std::vector<dfu::AltSetting>& interfaces,
                  const std::optional<dfu::FunctionalDescriptor>& functional) {
  Face face;
  face.manufacturer = "Somebody else";
  face.product = "Foreign device";
  face.serial = "FOREIGN1";
  face.device = {18, 1, 0x00, 0x02, 0, 0, 0, 64};
  dfu::append_le16(face.device, id.vendor);
  dfu::append_le16(face.device, id.product);
  dfu::append_le16(face.device, release);
  append(face.device, {manufacturer_name, product_name, serial_number, 1});
  Bytes all;
  std::set<std::uint8_t> numbers;
  for (const dfu::AltSetting& one : interfaces) {
    numbers.insert(one.interface_number);
    append(all, {9, type_interface, one.interface_number, one.alternate, 0, one.interface_class, one.interface_subclass,
                 one.protocol, one.name_index});
  }
  if (functional) append(all, dfu::encode(*functional));
  face.configuration = configuration_of(all, static_cast<std::uint8_t>(numbers.size()));
  return face;
}

Face hub_face(const HubTraits& traits, const std::string& serial) {
  const bool fast = traits.half == 3;
  std::uint8_t protocol = 0;
  if (fast) {
    protocol = 3;
  } else if (traits.root || traits.tt == dfu::TransactionTranslator::single) {
    protocol = 1;
  } else if (traits.tt == dfu::TransactionTranslator::multi) {
    protocol = 2;
  }
  Face face;
  face.speed = fast ? "5000" : "480";
  face.manufacturer = traits.root ? "Linux 6.1.0 xhci-hcd" : "Hub maker";
  face.product = traits.root ? "xHCI Host Controller" : "Hub";
  face.serial = serial;
  face.device = {18,        1, 0,        static_cast<std::uint8_t>(fast ? 3 : 2),
                 hub_class, 0, protocol, static_cast<std::uint8_t>(fast ? 9 : 64)};
  dfu::append_le16(face.device, traits.root ? 0x1D6B : 0x2109);
  dfu::append_le16(face.device, traits.root ? (fast ? 3 : 2) : (fast ? 0x0817 : 0x2817));
  dfu::append_le16(face.device, traits.root ? 0x0601 : 0x0100);
  append(face.device,
         {manufacturer_name, product_name, static_cast<std::uint8_t>(serial.empty() ? 0 : serial_number), 1});
  const bool two = protocol == 2;
  Bytes all;
  for (std::uint8_t alternate = 0; alternate <= (two ? 1 : 0); ++alternate) {
    const auto interface_protocol = static_cast<std::uint8_t>(two ? alternate + 1 : 0);
    append(all, {9, type_interface, 0, alternate, 1, hub_class, 0, interface_protocol, 0});
    append(all, {7, type_endpoint, 0x81, 3, 1, 0, 12});
    if (fast) append(all, {6, 0x30, 0, 0, 2, 0});
  }
  face.configuration = configuration_of(all, 1);
  return face;
}

std::unique_ptr<Device> make_hub_device(HubTraits traits, std::function<void(int port, bool on)> switched,
                                        std::function<bool(int port)> occupied) {
  return std::make_unique<HubDevice>(traits, std::move(switched), std::move(occupied));
}

}  // namespace usb_mock
