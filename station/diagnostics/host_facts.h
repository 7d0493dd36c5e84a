// What `doctor` found out about this host, as values: gathered in one place (gather_host), judged in another (doctor).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/record_clock.h"
#include "dfu/bus.h"
#include "dfu/hubs.h"
#include "station/live/line_view.h"

namespace station {

struct UsbDevice {
  dfu::PortPath port;  // of a root hub "1-0"
  int bus = 0;
  dfu::UsbId id;
  bool hub = false;
  bool in_dfu = false;     // shows a DFU interface in DFU mode
  int endpoints = 1;       // of its present configuration, with endpoint 0
  std::string node;        // "/dev/bus/usb/001/004"
  bool accessible = true;  // this user may read and write the node
};

struct UsbFacts {
  bool present = false;            // the kernel has USB
  std::vector<UsbDevice> devices;  // in port order
  std::optional<int> memory_mb;    // of usbfs, for all transfers together; 0: without limit
  std::string rules_file;          // our udev rules; empty: not installed
  std::string rules;               // what stands in them
};

struct DatabaseFacts {
  enum class Disk { local, memory, network, userspace };

  std::string file;
  std::string folder;           // the one it is in, or the nearest that exists
  bool folder_writable = true;  // so that missing folders and the journal can be made
  bool file_writable = true;    // true where there is none yet
  std::uint64_t free_bytes = 0;
  Disk disk = Disk::local;
  std::string broken{};   // why no line begins with this record; empty: one does
  std::string warning{};  // what the next start says of it; empty: nothing
};

struct ClockFacts {
  std::chrono::sys_seconds now;
  std::chrono::sys_seconds built;  // when this program was; no clock may be behind it
  bool synchronised = true;
  std::optional<db::ClockDoubt> doubt{};  // against the record
};

struct HostFacts {
  std::string kernel;                     // "Linux 6.1.0-18-amd64"
  std::string libusb;                     // version; empty: the line needs none
  std::optional<dfu::Topology> topology;  // of the line; nothing: it cannot be opened, and it has been said why
  std::optional<UsbFacts> usb;            // nothing: the line is virtual
  std::vector<UnitView> units;            // of the line, with the judgement of `list`
  std::vector<dfu::PortPath> named_hubs;  // with a [[hub]] or a [[slot]] in the station file, as far as they are there
  int cap = 64;                           // units in work at once, as the station file says
  std::uint64_t descriptors = 0;          // that this process may have open
  bool priority = true;                   // the line may run with priority over other programs
  DatabaseFacts database;
  ClockFacts clock;
};

}  // namespace station
