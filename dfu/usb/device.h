// One device while it is open, with a libusb context of its own: nothing that happens to it is shared with another.
//
// Why not one context for all, with libusb 1.0.26 (Debian 12) as it is:
// - A transfer that timed out is cancelled by USBDEVFS_DISCARDURB, which waits in the kernel until the host controller
//   (or the far end of USB/IP) has let go, with the device's lock held. libusb calls it from the thread that handles
//   events, with the context's list of flying transfers locked: one wedged device stops every submit and every answer
//   of that context, for good. USBDEVFS_REAPURBNDELAY takes the device's lock as well, and libusb_close closes the
//   descriptor under the context's event lock.
// - libusb_open marks a device detached as soon as udev says so, and libusb_set_interface_alt_setting on such a device
//   unlocks a mutex that it does not hold (fixed in 1.0.27); the assertion in libusb_close then ends the program. A
//   wrapped descriptor is never marked. The price is one GET_CONFIGURATION at open. Where a node does not say enough of
//   itself to be wrapped, libusb opens it after all, and SET_INTERFACE is sent as a transfer.
// With a context each, all of that stays on the executor of the device. The price is three descriptors; the context
// knows no other device and does not look for any (context.h).
//
// All but `interrupt` block and belong to one thread at a time, the executor's. Transfers are libusb's asynchronous
// ones (its synchronous ones free under their own callback, issue #1263), without a timeout of libusb's.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "dfu/bus.h"
#include "dfu/usb/sysfs.h"

struct libusb_context;
struct libusb_device_handle;
struct libusb_transfer;

namespace dfu::usb {

class Device {
 public:
  using Opened = std::variant<std::shared_ptr<Device>, OpenResult>;

  static Opened open(const DeviceAddress& place, const std::vector<Claim>& claims);
  ~Device();  // closes

  TransferResult transfer(const Transfer& transfer, const std::atomic<bool>& cancelled);
  // Interfaces and alternate settings are taken again.
  ResetStatus reset();
  // Interfaces are released, and kernel drivers that were detached attached again.
  void close();
  // `transfer` looks at its `cancelled` again. Any thread; does not block.
  void interrupt();

 private:
  struct Held {
    Claim claim;
    bool had_driver = false;
  };

  explicit Device(DeviceAddress place) : place_(std::move(place)) {}
  OpenResult open_node();
  bool open_listed();
  void set_context(libusb_context* context, bool own);
  void drop_context();
  OpenResult claim(const Claim& claim);
  OpenResult select(const Claim& claim);
  OpenResult ask_to_select(const Claim& claim);
  TransferResult fly(libusb_transfer* flight, Duration timeout, const std::atomic<bool>& cancelled);

  const DeviceAddress place_;
  int fd_ = -1;
  libusb_device_handle* handle_ = nullptr;
  std::vector<Held> held_;
  std::vector<libusb_transfer*> stranded_;  // libusb could not say what became of them; freed after close

  std::mutex interrupt_mutex_;
  libusb_context* context_ = nullptr;  // changed with interrupt_mutex_ held
  bool owns_context_ = false;
};

}  // namespace dfu::usb
