// One kind of board behind VirtualUnit's common shell: how it speaks DFU, what it says of itself, what it does after a
// reset and what its application does on the bus. VirtualUnit chooses it by the profile's name. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dfu/virtual/dfu_side.h"
#include "dfu/virtual/line_spec.h"
#include "dfu/virtual/particle_boot.h"
#include "dfu/virtual/usb_face.h"

namespace dfu::virt {

enum class AfterReset {
  stays,     // a unit in DFU mode is in dfuIDLE again
  restarts,  // it leaves the bus and starts again
  silent,    // it no longer answers
};

// The application that runs, and what it can look at when the host asks it something.
struct Running {
  const Flash& flash;
  const BootResult& boot;
  Duration up{};  // since the host enumerated it
};

class Device {
 public:
  virtual ~Device() = default;
  virtual std::unique_ptr<Device> clone() const = 0;

  virtual DfuSide& dfu() = 0;
  virtual const DfuSide& dfu() const = 0;
  // Blank, or as kept from another run; with the bootloader in place where that lives in this flash.
  virtual Flash flash(std::optional<Bytes> kept) const = 0;

  // `boot`: the last one, if it is in application mode.
  virtual UsbFace face(const BootResult* boot) const = 0;
  // After a reset or with new power; `dfu()` still is as it was before.
  virtual BootResult boot(Flash& flash) = 0;
  // Likewise, with a request to start otherwise; a board that cannot ignores it.
  virtual BootResult boot_as(StartAs, Flash& flash) { return boot(flash); }
  // Its application was asked for DFU mode, so that the next start leads there, once.
  virtual bool take_dfu_request() { return false; }
  // From that start to the bus.
  virtual Duration dfu_start() const;
  // The application can be seen on the bus.
  virtual bool application_on_bus() const { return true; }

  // A class request to an interface in application mode, or a vendor request to the device.
  virtual Reaction application(const Setup& setup, ByteView data, const Running& running) = 0;
  // A bulk transfer in application mode; `data` goes out, or `most` bytes may come in. A board whose application has no
  // such endpoint refuses.
  virtual Reaction bulk(std::uint8_t, ByteView, std::size_t, const Running&) { return refusal(); }
  virtual AfterReset bus_reset(bool in_dfu, const Flash& flash) = 0;
  // The host took too long with the reset that should follow DETACH.
  virtual void detach_over() {}
  virtual void power_off() {}
};

// A device as a value: copied with its owner.
class DeviceBox {
 public:
  explicit DeviceBox(std::unique_ptr<Device> device) : device_(std::move(device)) {}
  DeviceBox(const DeviceBox& other) : device_(other.device_->clone()) {}
  DeviceBox(DeviceBox&&) = default;
  DeviceBox& operator=(DeviceBox other) {
    device_ = std::move(other.device_);
    return *this;
  }

  Device& operator*() const { return *device_; }
  Device* operator->() const { return device_.get(); }

 private:
  std::unique_ptr<Device> device_;
};

// Why there can be no such unit, in a sentence; nothing if there can.
std::optional<std::string> problem_of(const UnitSpec& spec);
// REQUIRES: no problem.
std::unique_ptr<Device> make_device(const UnitSpec& spec);
// Flash geometry of a unit of this profile. REQUIRES: no problem.
const FlashGeometry& geometry_of(const UnitSpec& spec);

// 24 hex digits, in lower case: the spec's own, or derived from the port, different for each port.
std::string unit_id(const UnitSpec& spec);
// Such an id, from any text.
std::string derived_id(const std::string& text);

// By family; make_device chooses.
std::unique_ptr<Device> make_particle_device(const UnitSpec& spec, const ParticleBoard& board);
std::unique_ptr<Device> make_rom_device(const UnitSpec& spec);
std::unique_ptr<Device> make_plain_device(const UnitSpec& spec);

}  // namespace dfu::virt
