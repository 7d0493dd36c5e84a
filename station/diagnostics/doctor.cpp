#include "station/diagnostics/doctor.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "dfu/profile.h"
#include "station/diagnostics/host_width.h"
#include "station/text.h"

namespace station {

namespace {

Finding ok(std::string check, std::string text) {
  return {std::move(check), Level::ok, std::move(text), ""};
}
Finding warn(std::string check, std::string text, std::string remedy) {
  return {std::move(check), Level::warn, std::move(text), std::move(remedy)};
}
Finding problem(std::string check, std::string text, std::string remedy) {
  return {std::move(check), Level::problem, std::move(text), std::move(remedy)};
}

// "1-1.1, 1-1.2, 1-1.3 and 61 more"
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

// Every id that a unit of ours may show.
std::set<dfu::UsbId> our_ids() {
  std::set<dfu::UsbId> ids;
  for (const dfu::Profile& profile : dfu::all_profiles()) {
    ids.insert(profile.dfu);
    if (profile.application) ids.insert(*profile.application);
  }
  return ids;
}

std::optional<int> kernel_major(std::string_view kernel) {
  const std::size_t digit = kernel.find_first_of("0123456789");
  if (digit == std::string_view::npos) return {};
  int major = 0;
  std::from_chars(kernel.data() + digit, kernel.data() + kernel.size(), major);
  return major;
}

Finding kernel(const HostFacts& facts) {
  // From then on a port that was switched off stays off (docs/devices.md, "Port power").
  constexpr int keeps_ports_off = 6;
  if (!facts.usb || kernel_major(facts.kernel).value_or(keeps_ports_off) >= keeps_ports_off) {
    return ok("kernel", facts.kernel);
  }
  return warn("kernel", facts.kernel + " may give power back to a port that was switched off",
              "Use Linux 6.0 or later if hung units are to be recovered by port power.");
}

Finding line(const HostFacts& facts) {
  if (!facts.topology) {
    return problem("line", "the line cannot be opened", "Do what the message on standard error says.");
  }
  return ok("line", counted(facts.topology->controllers.size(), "controller") + ", " +
                        counted(facts.topology->hubs.size(), "hub"));
}

Finding usb(const UsbFacts& usb) {
  if (usb.present) return ok("usb", counted(usb.devices.size(), "device") + " on USB, hubs among them");
  return problem("usb", "this system has no USB",
                 "See the kernel's log (dmesg) for the controller; in a container, give it /sys and "
                 "/dev/bus/usb of the host.");
}

Finding usbfs_memory(const UsbFacts& usb, int cap) {
  // A unit in work has one transfer of at most 4 KiB in flight; twice that with what the kernel adds.
  constexpr int kib_per_unit = 8;
  const int needed_mb = cap * kib_per_unit / 1024 + 1;
  if (!usb.memory_mb || *usb.memory_mb == 0) return ok("usbfs-memory", "no limit is set");
  const std::string text = fmt::format("{} MB for all transfers", *usb.memory_mb);
  if (*usb.memory_mb >= needed_mb) return ok("usbfs-memory", text);
  return problem("usbfs-memory", text + fmt::format(", where {} units in work need {} MB", cap, needed_mb),
                 "As root: echo 16 > /sys/module/usbcore/parameters/usbfs_memory_mb");
}

Finding unit_access(const UsbFacts& usb) {
  const std::set<dfu::UsbId> ours = our_ids();
  std::vector<std::string> closed;
  std::size_t units = 0;
  for (const UsbDevice& device : usb.devices) {
    if (!ours.contains(device.id)) continue;
    ++units;
    if (!device.accessible) closed.push_back(device.node + " (port " + device.port.text + ")");
  }
  if (units == 0) return ok("unit-access", "no unit of a known profile is plugged in");
  if (closed.empty()) return ok("unit-access", counted(units, "unit") + " may be opened");
  return problem("unit-access", "this user must not open " + some_of(closed),
                 "Install the udev rules, add the user to the group plugdev (usermod -aG plugdev NAME), log in again, "
                 "and plug the units in again.");
}

// By the judgement of `list` and `flash`. A unit that runs its firmware is no finding: it may have been flashed.
Finding unit_fit(const std::vector<UnitView>& units) {
  std::vector<std::string> unfit;
  std::size_t ready = 0;
  for (const UnitView& unit : units) {
    if (unit.fit == dfu::Fit::ready) ++ready;
    if (unit.unfit_in_dfu()) unfit.push_back("the unit on port " + unit.info.port.text + " " + unit.unfit);
  }
  if (unfit.empty()) return ok("unit-fit", counted(ready, "unit") + " in DFU mode may be flashed");
  std::string remedy = "It is not flashed as it is:";
  for (const std::string& one : unfit) remedy += "\n" + one;
  return warn("unit-fit", counted(unfit.size(), "unit") + " in DFU mode cannot be flashed", remedy);
}

bool same_chain(const dfu::PortPath& one, const dfu::PortPath& other) {
  return one.text.substr(one.text.find('-')) == other.text.substr(other.text.find('-'));
}

int bus_of(const dfu::PortPath& port) {
  int bus = 0;
  std::from_chars(port.text.data(), port.text.data() + port.text.size(), bus);
  return bus;
}

// "pci-0000:00:14.0"; empty where it is not known.
std::string controller_of(const HostFacts& facts, int bus) {
  if (!facts.topology) return {};
  const auto found = std::ranges::find(facts.topology->controllers, bus, &dfu::ControllerInfo::bus);
  return found == facts.topology->controllers.end() ? std::string() : found->path;
}

// Those that the station file names; without any, those with a unit on one of their ports.
std::vector<dfu::PortPath> hubs_of_line(const HostFacts& facts) {
  if (!facts.named_hubs.empty()) return facts.named_hubs;
  const std::set<dfu::UsbId> ours = our_ids();
  std::vector<dfu::PortPath> hubs;
  for (const UsbDevice& device : facts.usb->devices) {
    const dfu::PortPath hub = hub_of(device.port);
    if (ours.contains(device.id) && std::ranges::find(hubs, hub) == hubs.end()) hubs.push_back(hub);
  }
  return hubs;
}

// By the controller, which keeps its name; a bus may get another number. Both halves of a USB 3 hub match.
std::string hub_rule(const HostFacts& facts, const dfu::PortPath& hub) {
  constexpr std::string_view pci = "pci-";
  const std::string controller = controller_of(facts, bus_of(hub));
  const std::string chain = hub.text.substr(hub.text.find('-') + 1);
  const std::string device = "SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ";
  const std::string name = chain == "0" ? "usb*" : "*-" + chain;
  const std::string where =
      controller.starts_with(pci)
          ? fmt::format("KERNELS==\"{}\", KERNEL==\"{}\"", controller.substr(pci.size()), name)
          : fmt::format("KERNEL==\"{}\"", chain == "0" ? "usb" + std::to_string(bus_of(hub)) : hub.text);
  return device + where + ", ENV{flashline_hub}=\"1\"";
}

Finding hub_access(const HostFacts& facts) {
  std::vector<std::string> closed, rules;
  const std::vector<dfu::PortPath> hubs = hubs_of_line(facts);
  for (const dfu::PortPath& hub : hubs) {
    const std::string controller = controller_of(facts, bus_of(hub));
    bool open = true;
    for (const UsbDevice& device : facts.usb->devices) {
      const bool is_half = device.port == hub || (!controller.empty() && same_chain(device.port, hub) &&
                                                  controller_of(facts, device.bus) == controller);
      if (!device.hub || device.accessible || !is_half) continue;
      closed.push_back(device.node + " (hub " + device.port.text + ")");
      open = false;
    }
    if (!open) rules.push_back(hub_rule(facts, hub));
  }
  if (hubs.empty()) return ok("hub-access", "no hub is named in a station file, and none has a unit on it");
  if (closed.empty()) return ok("hub-access", "the power of ports may be switched");
  std::string remedy =
      "Until then a hung unit is recovered by hand only. Add the user to the group plugdev, put these lines into "
      "/etc/udev/rules.d/69-flashline-hubs.rules, then udevadm control --reload && udevadm trigger:";
  for (const std::string& rule : rules) remedy += "\n" + rule;
  return warn("hub-access", "this user must not switch the power of ports at " + some_of(closed), remedy);
}

// A line that matches both halves of the id, as the rules are written: "2b04" and "d006|d008".
bool has_rule(const std::string& rules, const dfu::UsbId& id) {
  std::istringstream lines(rules);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t vendor = line.find(fmt::format("ATTR{{idVendor}}==\"{:04x}\"", id.vendor));
    const std::size_t products = line.find("ATTR{idProduct}==\"");
    if (line.starts_with('#') || vendor == std::string::npos || products == std::string::npos) continue;
    if (line.find(fmt::format("{:04x}", id.product), products) != std::string::npos) return true;
  }
  return false;
}

Finding udev_rules(const UsbFacts& usb) {
  if (usb.rules_file.empty()) {
    return warn(
        "udev-rules", "70-flashline.rules is not installed",
        "cmake --install, or copy station/packaging/70-flashline.rules to /etc/udev/rules.d; then udevadm control "
        "--reload && udevadm trigger");
  }
  // Those that came with earlier versions.
  if (usb.rules.find("\nATTR{bDeviceClass}==\"09\", MODE=") != std::string::npos) {
    return warn("udev-rules", usb.rules_file + " opens every hub of this machine to the group plugdev",
                "Install the rules that came with this version of flashline, and name the hubs of the line.");
  }
  std::vector<std::string> unknown;
  for (const dfu::UsbId& id : our_ids()) {
    if (!has_rule(usb.rules, id)) unknown.push_back(dfu::to_string(id));
  }
  if (unknown.empty()) return ok("udev-rules", usb.rules_file);
  return warn("udev-rules", usb.rules_file + " does not know " + some_of(unknown),
              "Install the rules that came with this version of flashline.");
}

struct Load {
  std::string name;              // "pci-0000:00:14.0"
  std::map<int, int> addresses;  // devices of each bus
  int endpoints = 0;
  int more = 0;  // once the units in DFU mode have booted
};

// A controller's USB 2 and USB 3 buses share its endpoints, not its addresses.
std::vector<Load> loads_of(const HostFacts& facts) {
  // An application has at least a CDC interface with three endpoints beside endpoint 0 (docs/devices.md, "Enumeration
  // and host limits").
  constexpr int application_endpoints = 3;
  std::map<std::string, Load> loads;
  for (const UsbDevice& device : facts.usb->devices) {
    std::string path = "bus " + std::to_string(device.bus);
    if (facts.topology) {
      const auto found = std::ranges::find(facts.topology->controllers, device.bus, &dfu::ControllerInfo::bus);
      if (found != facts.topology->controllers.end()) path = found->path;
    }
    Load& load = loads[path];
    load.name = path;
    ++load.addresses[device.bus];
    load.endpoints += device.endpoints;
    if (device.in_dfu) load.more += application_endpoints;
  }
  std::vector<Load> all;
  for (auto& [path, load] : loads) all.push_back(std::move(load));
  return all;
}

// Facts of docs/devices.md, "Enumeration and host limits". Nobody can ask a controller for its endpoints: 96 is where
// many stop.
constexpr int most_addresses = 127;
constexpr int most_endpoints = 96;

Finding controller(const Load& load) {
  int addresses = 0;
  for (const auto& [bus, devices] : load.addresses) addresses = std::max(addresses, devices);
  const std::string text = fmt::format("{}: {} of {} addresses and {} of usually {} endpoints in use", load.name,
                                       addresses, most_addresses, load.endpoints, most_endpoints);
  const std::string remedy = "Put a part of the hubs on another controller (a PCIe card).";
  if (addresses >= most_addresses) return problem("controller", text + "; one more unit has no place", remedy);
  if (load.endpoints + load.more > most_endpoints) {
    const int later = load.endpoints + load.more;
    return warn("controller", text + fmt::format("; with the units in DFU mode booted it is {} at least", later),
                remedy);
  }
  return ok("controller", text);
}

Finding hub_translators(const dfu::Topology& topology) {
  std::vector<std::string> single;
  for (const dfu::HubInfo& hub : topology.hubs) {
    if (hub.tt == dfu::TransactionTranslator::single) single.push_back(hub.port.text);
  }
  if (single.empty()) return ok("hub-tt", "no hub shares one translator between its ports");
  return warn("hub-tt",
              "all ports of " + some_of(single) +
                  " share 12 Mbit/s (single TT): more than about ten units "
                  "at a time slow each other down",
              "Use hubs with a translator for each port (multi TT), or fewer units behind each of these.");
}

Finding hub_power(const dfu::Topology& topology) {
  std::vector<std::string> none;
  for (const dfu::HubInfo& hub : topology.hubs) {
    const bool root = hub.port.is_root();
    const bool cannot = hub.power == dfu::PortPower::none || hub.power == dfu::PortPower::ganged;
    if (!root && cannot) none.push_back(hub.port.text);
  }
  if (none.empty()) return ok("hub-power", "no hub is known that cannot switch the power of a single port");
  return warn("hub-power",
              some_of(none) +
                  " cannot switch the power of a single port: a unit that hangs there must be "
                  "pulled by hand",
              "uhubctl's list names hubs that can.");
}

Finding descriptors(const HostFacts& facts) {
  const std::uint64_t needed = files_for(facts.cap);
  const std::string text = grouped(facts.descriptors) + " files may be open";
  if (facts.descriptors >= needed)
    return ok("descriptors", text + fmt::format(", enough for {} units in work", facts.cap));
  return problem(
      "descriptors", text + fmt::format(", where {} units in work need {}", facts.cap, grouped(needed)),
      fmt::format("Write a smaller cap into the station file, or allow more: ulimit -Hn {0}, or LimitNOFILE={0} in "
                  "the service's unit file",
                  needed));
}

Finding priority(const HostFacts& facts) {
  if (facts.priority) return ok("priority", "the line may run with priority over other programs");
  return warn("priority",
              "the line may not run with priority over other programs: on a busy machine units wait for them",
              "Start it as root or with CAP_SYS_NICE; in the service's unit file: LimitNICE=-10");
}

std::string disk_name(DatabaseFacts::Disk disk) {
  switch (disk) {
    case DatabaseFacts::Disk::local:
      return "a local disk";
    case DatabaseFacts::Disk::memory:
      return "memory";
    case DatabaseFacts::Disk::network:
      return "a network file system";
    case DatabaseFacts::Disk::userspace:
      return "a file system in user space (FUSE)";
  }
  return {};
}

Finding database(const DatabaseFacts& database) {
  const std::string remedy =
      "Give this user the right to write there, or name another place with --db or in the "
      "station file.";
  if (!database.folder_writable) return problem("database", "this user must not write in " + database.folder, remedy);
  if (!database.file_writable) return problem("database", "this user must not write " + database.file, remedy);
  if (!database.broken.empty()) {
    return problem("database", database.broken, "Until then no line and no command writes to this record.");
  }
  if (!database.warning.empty()) return warn("database", database.file + ": " + database.warning, "");
  const std::string text = database.file + " on " + disk_name(database.disk);
  switch (database.disk) {
    case DatabaseFacts::Disk::network:
      return problem("database", text + ", whose locks cannot be relied on",
                     "Keep the record on a local disk and copy it away.");
    case DatabaseFacts::Disk::memory:
      return warn("database", text + ": the record is lost with the power", "Keep it on a disk: --db FILE.");
    case DatabaseFacts::Disk::userspace:
      return warn("database", text + ", which may not keep what it has confirmed",
                  "Keep it on a local disk: --db FILE.");
    case DatabaseFacts::Disk::local:
      break;
  }
  return ok("database", text);
}

Finding disk(const DatabaseFacts& database) {
  // An attempt takes 2-4 KB in the record and as much in the log: 50 MB are a day of a busy line.
  constexpr std::uint64_t megabyte = 1'000'000;
  constexpr std::uint64_t a_day = 50 * megabyte, some_weeks = 1000 * megabyte;
  const std::string text = fmt::format("{} MB free at {}", grouped(database.free_bytes / megabyte), database.folder);
  const std::string remedy = "Make room there, or move the database.";
  if (database.free_bytes < a_day) return problem("disk", text, remedy);
  if (database.free_bytes < some_weeks) return warn("disk", text, remedy);
  return ok("disk", text);
}

Finding clock(const ClockFacts& clock) {
  using namespace std::chrono;
  const sys_seconds first = sys_days(year(2024) / 1 / 1);
  const auto day = [](sys_seconds time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(system_clock::to_time_t(time)));
  };
  const std::string text = day(clock.now) + " UTC";
  const std::string remedy = "timedatectl set-ntp true, with a time server that this host can reach";
  if (clock.now < first || clock.now < clock.built) {
    return problem("clock", text + ", which is before this program was built (" + day(clock.built) + ")",
                   "Set the clock: the record would be dated wrongly. " + remedy);
  }
  if (clock.doubt) {
    return problem("clock", db::sentence_of(*clock.doubt),
                   "Set the clock: " + remedy + ". If the clock is right: flashline run --clock-is-right");
  }
  if (!clock.synchronised) return warn("clock", text + ", not synchronised with a time server", remedy);
  return ok("clock", text + ", synchronised");
}

void look_into_usb(const HostFacts& facts, std::vector<Finding>& findings) {
  findings.insert(findings.end(), {unit_access(*facts.usb), hub_access(facts), usbfs_memory(*facts.usb, facts.cap)});
  for (const Load& load : loads_of(facts)) findings.push_back(controller(load));
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::ok:
      return "OK";
    case Level::warn:
      return "WARN";
    case Level::problem:
      return "PROBLEM";
  }
  return {};
}

dfu::PortPath hub_of(const dfu::PortPath& port) {
  const std::size_t last = port.text.find_last_of(".-");
  return {port.text[last] == '.' ? port.text.substr(0, last) : port.text.substr(0, last) + "-0"};
}

std::vector<Finding> examine(const HostFacts& facts) {
  std::vector<Finding> findings{kernel(facts)};
  if (!facts.libusb.empty()) findings.push_back(ok("libusb", facts.libusb));
  findings.push_back(line(facts));
  if (facts.usb) {
    findings.insert(findings.end(), {usb(*facts.usb), udev_rules(*facts.usb)});
    if (facts.usb->present) look_into_usb(facts, findings);
  }
  if (facts.topology) {
    findings.push_back(unit_fit(facts.units));
    findings.insert(findings.end(), {hub_translators(*facts.topology), hub_power(*facts.topology)});
  }
  findings.insert(findings.end(), {descriptors(facts), priority(facts), database(facts.database), disk(facts.database),
                                   clock(facts.clock)});
  return findings;
}

}  // namespace station
