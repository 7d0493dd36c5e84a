// What the kernel says of USB devices in files, without opening one: reading them sends nothing to a device.
// `serial`, `product` and `bConfigurationValue` take the lock of their device in the kernel, so they may block while it
// hangs; the others do not. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "dfu/bus.h"

namespace dfu::usb {

// Where a device is: on which port, and at which address there at the moment.
struct DeviceAddress {
  PortPath port;
  int bus = 0;
  int address = 0;

  std::string node() const;  // "/dev/bus/usb/001/005"
};

std::filesystem::path device_folder(const PortPath& port);  // of the root hub for "1-0"
std::vector<std::string> device_names();                    // "usb1", "1-1", "1-1.2"; no interfaces

// The first line of a file; nothing when it is not there.
std::optional<std::string> read_line(const std::filesystem::path& file);
std::optional<int> read_number(const std::filesystem::path& file, int base = 10);
// The name of the folder that a link points to; empty when it is not there.
std::string link_name(const std::filesystem::path& link);

bool is_there(const DeviceAddress& place);
// The unit at this place as far as it can be read without its lock: all but the strings. Nothing when it has left.
std::optional<UnitInfo> read_unit(const DeviceAddress& place);
// Serial and product, and the configuration that is active if there are several. May block.
void read_locked(const DeviceAddress& place, UnitInfo& unit);

// The kernel driver of an interface, "usbfs" for a program, empty for none.
std::string driver_of(const PortPath& port, int interface_number);

}  // namespace dfu::usb
