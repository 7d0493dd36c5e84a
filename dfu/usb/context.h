// The two kinds of libusb context, and the one place where they are made.
//
// A context of libusb looks at the whole bus when it is made: through udev, some 2,700 file accesses for 64 units. A
// unit has a context of its own (device.h says why), so that opening n units would look at n * n. libusb 1.0.26 can
// make contexts that look at nothing, but only all from a moment on, for the whole process and for good
// (LIBUSB_OPTION_NO_DEVICE_DISCOVERY without a context; per context only from 1.0.27 on). Therefore the context that
// looks is made first, once, and is kept until the process ends.
#pragma once

struct libusb_context;

namespace dfu::usb {

// Knows every device that is there. Shared by all who ask. Throws std::runtime_error with a sentence for a person.
libusb_context* discovering_context();

// Knows no device: one is handed to it as a descriptor. Owned by the caller, who ends it with libusb_exit. Answers
// libusb's error code.
int make_unit_context(libusb_context** context);

}  // namespace dfu::usb
