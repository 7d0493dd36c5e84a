#include "dfu/usb/status.h"

#include <libusb-1.0/libusb.h>

namespace dfu::usb {

TransferStatus transfer_status(int status) {
  switch (static_cast<libusb_transfer_status>(status)) {
    case LIBUSB_TRANSFER_COMPLETED:
      return TransferStatus::ok;
    case LIBUSB_TRANSFER_STALL:
      return TransferStatus::stall;
    case LIBUSB_TRANSFER_TIMED_OUT:
      return TransferStatus::timed_out;
    case LIBUSB_TRANSFER_NO_DEVICE:
      return TransferStatus::gone;
    case LIBUSB_TRANSFER_CANCELLED:
      return TransferStatus::cancelled;
    case LIBUSB_TRANSFER_ERROR:
    case LIBUSB_TRANSFER_OVERFLOW:
      break;
  }
  return TransferStatus::io_error;
}

TransferStatus submit_status(int error) {
  return error == LIBUSB_ERROR_NO_DEVICE ? TransferStatus::gone : TransferStatus::io_error;
}

OpenStatus open_status(int error) {
  switch (error) {
    case LIBUSB_SUCCESS:
      return OpenStatus::ok;
    case LIBUSB_ERROR_NO_DEVICE:
      return OpenStatus::gone;
    case LIBUSB_ERROR_ACCESS:
      return OpenStatus::access_denied;
    case LIBUSB_ERROR_BUSY:
      return OpenStatus::busy;
    default:
      return OpenStatus::failed;
  }
}

std::string error_text(int error) {
  return std::string(libusb_strerror(error)) + " (" + libusb_error_name(error) + ")";
}

}  // namespace dfu::usb
