#include "dfu/usb/hotplug.h"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

#include <libusb-1.0/libusb.h>

#include "dfu/usb/context.h"

namespace dfu::usb {

namespace {

constexpr int max_depth = 7;  // of a port chain, by the USB specification

DeviceAddress place_of(libusb_device* device) {
  DeviceAddress place;
  place.bus = libusb_get_bus_number(device);
  place.address = libusb_get_device_address(device);
  std::uint8_t ports[max_depth];
  const int depth = libusb_get_port_numbers(device, ports, max_depth);
  place.port.text = std::to_string(place.bus) + (depth > 0 ? "" : "-0");
  for (int i = 0; i < depth; ++i) place.port.text += (i == 0 ? "-" : ".") + std::to_string(ports[i]);
  return place;
}

bool is_hub(libusb_device* device) {
  libusb_device_descriptor descriptor{};
  libusb_get_device_descriptor(device, &descriptor);
  return descriptor.bDeviceClass == LIBUSB_CLASS_HUB;
}

}  // namespace

Hotplug::Hotplug() {
  // libusb itself starts without that folder and waits for a first device.
  if (!std::filesystem::exists("/sys/bus/usb/devices")) {
    throw std::runtime_error("this system has no USB: the kernel shows no /sys/bus/usb");
  }
  context_ = discovering_context();
}

Hotplug::~Hotplug() {
  stop();
}

void Hotplug::stop() {
  ending_ = true;
  libusb_interrupt_event_handler(context_);
  if (thread_.joinable()) thread_.join();
  if (callback_ != 0) libusb_hotplug_deregister_callback(context_, std::exchange(callback_, 0));
}

void Hotplug::list(OnChange on_change) {
  on_change_ = std::move(on_change);
  const auto callback = [](libusb_context*, libusb_device* device, libusb_hotplug_event event, void* self) {
    static_cast<Hotplug*>(self)->tell(device, event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED);
    return 0;
  };
  const int any = LIBUSB_HOTPLUG_MATCH_ANY;
  libusb_hotplug_register_callback(context_, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
                                   LIBUSB_HOTPLUG_ENUMERATE, any, any, any, callback, this, &callback_);
}

void Hotplug::watch() {
  thread_ = std::thread([this] { handle_events(); });
}

void Hotplug::handle_events() {
  while (!ending_) {
    timeval wait{60, 0};
    libusb_handle_events_timeout_completed(context_, &wait, nullptr);
  }
}

// Only reads what libusb holds in memory: no I/O in a callback.
void Hotplug::tell(libusb_device* device, bool here) {
  on_change_({Key(libusb_ref_device(device), libusb_unref_device), here, place_of(device), is_hub(device)});
}

}  // namespace dfu::usb
