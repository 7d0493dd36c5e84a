// What comes and goes on USB, as libusb reports it through the context that discovers devices (dfu/usb/context.h). Owns
// the thread that handles its events; one Hotplug at a time. The constructor throws std::runtime_error with a sentence
// for a person.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "dfu/usb/sysfs.h"

struct libusb_context;
struct libusb_device;

namespace dfu::usb {

class Hotplug {
 public:
  // One enumeration of one device: equal only for the same one, and kept apart from all others while it is held.
  using Key = std::shared_ptr<libusb_device>;

  struct Change {
    Key device;
    bool here = false;
    DeviceAddress place;
    bool is_hub = false;
  };
  using OnChange = std::function<void(Change)>;

  Hotplug();
  ~Hotplug();  // REQUIRES: no Key is held

  // Reports what is present, from inside the call. `on_change` must not block.
  void list(OnChange on_change);
  // And from then on what changes, from a thread of its own. A device may be reported twice.
  void watch();
  // No change is reported after this. Not from inside `on_change`.
  void stop();

 private:
  void handle_events();
  void tell(libusb_device* device, bool here);

  libusb_context* context_ = nullptr;  // not owned
  int callback_ = 0;                   // as libusb names it
  OnChange on_change_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace dfu::usb
