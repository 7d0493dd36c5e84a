// The files of a testbed for umockdev's preload library: /sys, /dev and uevents, as Linux 6.1 lays them out for USB.
// A device can be seen (in /sys/bus/usb/devices) only while all of its files are there. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tests/usb/mock_device.h"
#include "tests/usb/mock_node.h"

namespace usb_mock {

class Sysfs {
 public:
  // A new folder, which goes with this object.
  Sysfs();
  ~Sysfs();
  Sysfs(const Sysfs&) = delete;
  Sysfs& operator=(const Sysfs&) = delete;

  const std::filesystem::path& root() const { return root_; }

  // REQUIRES: its hub is there, or it is a root hub ("usb1"), whose PCI device appears with it.
  void add(const Node::DeviceAddress& place, const Face& face);
  void remove(const Node::DeviceAddress& place);
  // A port of a hub, with its `disable` file; `peer`, if not empty, names the same port of the hub's other half.
  void add_port(const dfu::PortPath& hub, int port, const std::string& peer_hub);
  std::filesystem::path disable_file(const dfu::PortPath& hub, int port) const;
  void set_driver(const Node::DeviceAddress& place, std::uint8_t interface_number, const std::string& driver);
  void set_mode(const Node::DeviceAddress& place, std::filesystem::perms mode);

  // "add" or "remove", to every monitor that listens now. REQUIRES for "remove": `add` was sent.
  void uevent(const Node::DeviceAddress& place, const Face& face, const std::string& action);

 private:
  std::string device_folder(const dfu::PortPath& port) const;
  std::string interface_folder(const dfu::PortPath& port, std::uint8_t number) const;
  void add_controller(int bus);
  void add_attributes(const std::string& folder, const Node::DeviceAddress& place, const Face& face);
  void add_node(const Node::DeviceAddress& place, const Face& face);
  void add_interface(const dfu::PortPath& port, const Face& face, const InterfaceFace& one);
  void link(const std::string& from, const std::string& to);
  void write(const std::string& path, const std::string& text);

  std::filesystem::path root_;
  unsigned long long sequence_ = 0;
};

// "usb1" for a root hub ("1-0"), else the port path.
std::string device_name(const dfu::PortPath& port);

}  // namespace usb_mock
