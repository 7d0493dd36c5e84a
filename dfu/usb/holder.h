// Who or what keeps a device node from being opened, for a message. Called only after an open was refused, because it
// reads all of /proc.
#pragma once

#include <string>

#include "dfu/usb/sysfs.h"

namespace dfu::usb {

// "dfu-util (process 4711) has it open", "the kernel driver cdc_acm is bound to it": who holds an interface.
std::string holder_of(const DeviceAddress& place, int interface_number);

// "/dev/bus/usb/001/005 belongs to root, group plugdev, mode 0664; ...": what to do about it.
std::string access_remedy(const std::string& node);

}  // namespace dfu::usb
