#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <unistd.h>

#include "station/diagnostics/gather_host.h"

namespace station {

namespace {

namespace fs = std::filesystem;

std::optional<std::string> first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  return line;
}

int number_in(const fs::path& file, int base) {
  std::string text = first_line(file).value_or("");
  text.erase(0, text.find_first_not_of(' '));
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    entries.push_back(at->path());
  }
  return entries;
}

// Interfaces are folders of their own inside the device's: "1-1.2:1.0".
void add_interfaces(const fs::path& folder, UsbDevice& device) {
  constexpr int dfu_class = 0xFE, dfu_subclass = 1, dfu_mode = 2;
  for (const fs::path& entry : entries_of(folder)) {
    if (entry.filename().string().find(':') == std::string::npos) continue;
    device.endpoints += number_in(entry / "bNumEndpoints", 16);
    if (number_in(entry / "bInterfaceClass", 16) == dfu_class &&
        number_in(entry / "bInterfaceSubClass", 16) == dfu_subclass &&
        number_in(entry / "bInterfaceProtocol", 16) == dfu_mode) {
      device.in_dfu = true;
    }
  }
}

UsbDevice device_of(const fs::path& folder, const std::string& root) {
  constexpr int hub_class = 9;
  UsbDevice device;
  const std::string name = folder.filename();
  device.port.text = name.starts_with("usb") ? name.substr(3) + "-0" : name;
  device.bus = number_in(folder / "busnum", 10);
  device.id = {static_cast<std::uint16_t>(number_in(folder / "idVendor", 16)),
               static_cast<std::uint16_t>(number_in(folder / "idProduct", 16))};
  device.hub = number_in(folder / "bDeviceClass", 16) == hub_class;
  add_interfaces(folder, device);
  device.node = fmt::format("/dev/bus/usb/{:03}/{:03}", device.bus, number_in(folder / "devnum", 10));
  device.accessible = access((root + device.node).c_str(), R_OK | W_OK) == 0;
  return device;
}

// In the order in which udev prefers them.
void find_rules(const std::string& root, UsbFacts& usb) {
  for (const char* folder : {"/etc/udev/rules.d/", "/run/udev/rules.d/", "/usr/local/lib/udev/rules.d/",
                             "/usr/lib/udev/rules.d/", "/lib/udev/rules.d/"}) {
    const std::string file = std::string(folder) + "70-flashline.rules";
    std::ifstream in(root + file);
    if (!in) continue;
    std::ostringstream text;
    text << in.rdbuf();
    usb.rules_file = file;
    usb.rules = text.str();
    return;
  }
}

}  // namespace

UsbFacts gather_usb(const std::string& root) {
  UsbFacts usb;
  for (const fs::path& entry : entries_of(root + "/sys/bus/usb/devices")) {
    if (entry.filename().string().find(':') != std::string::npos) continue;
    usb.devices.push_back(device_of(entry, root));
  }
  std::ranges::sort(usb.devices, {}, &UsbDevice::port);
  usb.present = !usb.devices.empty();
  const fs::path memory = root + "/sys/module/usbcore/parameters/usbfs_memory_mb";
  if (first_line(memory)) usb.memory_mb = number_in(memory, 10);
  find_rules(root, usb);
  return usb;
}

}  // namespace station
