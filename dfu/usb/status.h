// What libusb answers, in the types of dfu/bus.h. The one place where its codes are read (docs/devices.md, "Errors of
// usbfs and libusb").
#pragma once

#include "dfu/bus.h"

namespace dfu::usb {

TransferStatus transfer_status(int libusb_transfer_status);
TransferStatus submit_status(int libusb_error);
OpenStatus open_status(int libusb_error);
// "the operating system refused it (LIBUSB_ERROR_OTHER)", for a person.
std::string error_text(int libusb_error);

}  // namespace dfu::usb
