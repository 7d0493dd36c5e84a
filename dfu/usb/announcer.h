// Turns devices that come and go into units: numbers them, reads what the kernel says of them, and announces them in
// order.
// One thing at a time, on an executor: reading the strings of a unit whose lock somebody holds blocks. Such a unit is
// announced without them after a moment, and the next one is read on a fresh executor.
// Hubs are topology, not units; a device that has left before it was read is not announced.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "dfu/bus.h"
#include "dfu/usb/answer.h"
#include "dfu/usb/hotplug.h"
#include "dfu/usb/serial_executor.h"

namespace dfu::usb {

class Announcer : public std::enable_shared_from_this<Announcer> {
 public:
  // Called one after the other, through the gate.
  struct Listener {
    std::function<void(const UnitInfo&, const DeviceAddress&)> arrived;
    std::function<void(UnitHandle, const PortPath&)> left;
    std::function<void()> listed;
  };

  Announcer(SerialExecutors& executors, std::shared_ptr<Gate> gate, Listener listener);

  // In the order of the calls; any thread, does not block.
  void change(Hotplug::Change change);
  void all_listed();
  // Lets go of all devices. REQUIRES: the gate is shut, and `change` is no longer called.
  void end();

 private:
  struct Known {
    Hotplug::Key device;
    UnitHandle handle;
    PortPath port;
  };
  // A change, or nothing for "all are listed".
  using Item = std::optional<Hotplug::Change>;

  void add(Item item);
  void next();
  void read(const DeviceAddress& place);
  void tell(const std::optional<UnitInfo>& unit);
  void finish_item();

  SerialExecutors& executors_;
  const std::shared_ptr<Gate> gate_;
  const Listener listener_;

  std::mutex mutex_;
  // Guarded by mutex_; the front item is being reported.
  std::deque<Item> items_;
  std::map<libusb_device*, Known> known_;
  UnitHandle last_handle_ = 0;
  std::shared_ptr<SerialExecutor> executor_;
};

}  // namespace dfu::usb
