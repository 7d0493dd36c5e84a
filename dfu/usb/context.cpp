#include "dfu/usb/context.h"

#include <mutex>
#include <stdexcept>

#include <libusb-1.0/libusb.h>

#include "dfu/usb/status.h"

namespace dfu::usb {

namespace {

std::mutex making;
libusb_context* discovering = nullptr;  // guarded by `making`
bool discovery_off = false;             // likewise

}  // namespace

libusb_context* discovering_context() {
  const std::lock_guard lock(making);
  if (discovering) return discovering;
  if (const int error = libusb_init(&discovering)) {
    discovering = nullptr;
    throw std::runtime_error("this system offers no USB: libusb cannot be started: " + error_text(error));
  }
  return discovering;
}

int make_unit_context(libusb_context** context) {
  discovering_context();
  {
    const std::lock_guard lock(making);
    if (!discovery_off) {
      if (const int error = libusb_set_option(nullptr, LIBUSB_OPTION_NO_DEVICE_DISCOVERY)) return error;
      discovery_off = true;
    }
  }
  return libusb_init(context);
}

}  // namespace dfu::usb
