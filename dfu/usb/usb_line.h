// The real line behind the two seams: units and hubs on this system's USB, through libusb.
//
// One thread handles libusb's hotplug events. All that is done to a unit - open, transfer, reset, close - is done on a
// executor of its own in a libusb context of its own (dfu/usb/device.h says why), so that a unit which hangs, in
// whatever call, delays no other; its verbs are answered when their limit is over. Answers and events come from these
// threads. Any thread may call any verb.
//
// Units are described by what the kernel keeps of their descriptors. A unit that nobody opens gets no request, ever;
// hubs get one only when the power of their ports is asked for. After the destructor no callback comes, answered or
// not; it waits for calls that are under way, for no longer than SerialExecutors::ending, and must not be called from a
// callback.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dfu/bus.h"
#include "dfu/hubs.h"
#include "dfu/usb/limits.h"

namespace dfu::usb {

// "libusb 1.0.26"
std::string library_version();

class UsbLine : public Bus, public Hubs {
 public:
  // `late`: for how long the computer stood still so far (dfu/clock.h); called until the destructor is over. Null:
  // never. Throws std::runtime_error with a sentence for a person when there is no USB.
  explicit UsbLine(const UsbLimits& limits = {}, std::function<Duration()> late = {});
  ~UsbLine() override;

  void start(OnEvent on_event) override;
  void open(UnitHandle unit, std::vector<Claim> claims, std::function<void(OpenResult)> done) override;
  void submit(UnitHandle unit, Transfer transfer, std::function<void(TransferResult)> done) override;
  void reset(UnitHandle unit, std::function<void(ResetStatus)> done) override;
  void cancel(UnitHandle unit) override;
  void close(UnitHandle unit, std::function<void()> done) override;

  Topology topology() override;
  void set_power(const PortPath& port, bool on, std::function<void(bool switched)> done) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dfu::usb
