// A Linux kernel with USB devices, for programs that nobody here changed: our own with Debian's libusb, and dfu-util.
// They run as children under umockdev's preload library, see a /sys, /dev and uevents that are made for them, and reach
// through usbfs the units of a virtual line, hubs, and devices that are nobody's business.
//
// Real time times `speed`. Any thread may call any verb; nothing here throws but the constructor. At most about 45 open
// nodes in one child (umockdev's limit). The children must have ended before the kernel is destroyed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dfu/virtual/line.h"
#include "scheduler/clocks.h"
#include "tests/usb/mock_node.h"

namespace usb_mock {

struct ForeignDevice {
  dfu::PortPath port;  // on any hub, at a port without a unit
  Face face;
};
// A keyboard: one interface, which the kernel's usbhid holds.
ForeignDevice keyboard(const std::string& port);
// A DFU device in run-time mode that is no unit of ours, 2522:0007.
ForeignDevice run_time_dfu(const std::string& port);

struct KernelSpec {
  dfu::virt::LineSpec line;  // its speed counts
  std::vector<ForeignDevice> foreign{};
  bool superspeed = false;  // each hub is one half of a USB 3 hub; the other halves are on bus 101 for bus 1
};

class MockKernel {
 public:
  // Returns when every device that is there has been enumerated.
  explicit MockKernel(const KernelSpec& spec);
  ~MockKernel();

  // The units themselves: plug, pull, faults, their true state. They are the kernel's: open none here.
  dfu::virt::VirtualLine& line();
  dfu::Clock& clock();

  // By the port where it is now; "1-0" is a root hub. Zeros for a port at which nothing has been yet.
  Counts counts(const std::string& port) const;
  // Of what is there now: "/dev/bus/usb/001/004"; empty if there is nothing.
  std::string node(const std::string& port) const;
  // A file of its sysfs folder or the folder itself, as a child sees it; empty if there is nothing.
  std::string read(const std::string& port, const std::string& attribute) const;

  // The node's mode from now on, also of what comes to this port later. Root is held to it as well.
  void set_mode(const std::string& port, unsigned mode);
  // Opening this port's node, claiming, taking a transfer back or closing never returns, until `release`.
  void wedge(const std::string& port, Wedge what);
  void release(const std::string& port);
  // This port's node no longer says where it stands, as that of an emulated kernel may not.
  void hide_place(const std::string& port);
  // The port's node is what another program holds: a claim by the mock itself. False if it is taken already.
  bool hold(const std::string& port, std::uint8_t interface_number);
  void let_go(const std::string& port, std::uint8_t interface_number);
  // Waits until a device is at this port, or none is; false after ten seconds (of real time).
  bool wait_for(const std::string& port, bool present);

  // What a child needs in its environment. `built_here`: it has the sanitizers of this build.
  std::vector<std::string> environment(bool built_here) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace usb_mock
