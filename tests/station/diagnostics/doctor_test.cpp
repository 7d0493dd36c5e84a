// `doctor`: every judgement over made-up hosts, what is gathered from a made-up /sys, the udev rules, and the program.
#include "station/diagnostics/doctor.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/profile.h"
#include "station/diagnostics/gather_host.h"
#include "station/version.h"
#include "tests/station/program.h"

namespace station {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr dfu::UsbId photon{0x2B04, 0xD006};

std::string shipped_rules() {
  std::ostringstream text;
  text << std::ifstream(FLASHLINE_SOURCE_DIR "/station/packaging/70-flashline.rules").rdbuf();
  return text.str();
}

UsbDevice device(const std::string& port, dfu::UsbId id) {
  UsbDevice made;
  made.port = {port};
  made.bus = 1;
  made.id = id;
  made.node = "/dev/bus/usb/001/00" + std::string(1, port.back());
  return made;
}

// A host on which there is nothing to complain about.
HostFacts good_host() {
  HostFacts facts;
  facts.kernel = "Linux 6.1.0-18-amd64";
  facts.libusb = "libusb 1.0.26";
  dfu::Topology topology;
  topology.controllers = {{1, "pci-0000:00:14.0"}, {2, "pci-0000:00:14.0"}};
  topology.hubs = {{{"1-1"}, 7, dfu::TransactionTranslator::multi, dfu::PortPower::per_port}};
  facts.topology = topology;
  UsbFacts usb;
  usb.present = true;
  usb.devices = {device("1-0", {0x1D6B, 2}), device("1-1", {0x05E3, 0x0610}), device("1-1.1", photon)};
  usb.devices[0].hub = usb.devices[1].hub = true;
  usb.memory_mb = 16;
  usb.rules_file = "/usr/lib/udev/rules.d/70-flashline.rules";
  usb.rules = shipped_rules();
  facts.usb = usb;
  facts.descriptors = 1024;
  facts.database = {
      .file = "/var/lib/flashline/flashline.db", .folder = "/var/lib/flashline", .free_bytes = 100'000'000'000};
  facts.clock.now = std::chrono::sys_days(2026y / 11 / 22) + 6h;
  facts.clock.built = std::chrono::sys_days(2026y / 11 / 1);
  return facts;
}

Finding finding(const HostFacts& facts, const std::string& check) {
  for (const Finding& each : examine(facts)) {
    if (each.check == check) return each;
  }
  ADD_FAILURE() << "there is no finding " << check;
  return {};
}

TEST(Doctor, OnAGoodHostEverythingIsLookedAtAndWell) {
  std::vector<std::string> checks;
  for (const Finding& each : examine(good_host())) {
    EXPECT_EQ(each.level, Level::ok) << each.check << ": " << each.text;
    EXPECT_EQ(each.remedy, "") << each.check;
    checks.push_back(each.check);
  }
  EXPECT_THAT(checks, ElementsAre("kernel", "libusb", "line", "usb", "udev-rules", "unit-access", "hub-access",
                                  "usbfs-memory", "controller", "unit-fit", "hub-tt", "hub-power", "descriptors",
                                  "priority", "database", "disk", "clock"));
}

struct Ill {
  const char* check;
  Level level;
  std::function<void(HostFacts&)> make;
  const char* says;
};

const std::vector<Ill>& illnesses() {
  using Disk = DatabaseFacts::Disk;
  static const std::vector<Ill> all = {
      {"kernel", Level::warn, [](HostFacts& f) { f.kernel = "Linux 5.10.0-28-amd64"; }, "5.10"},
      {"line", Level::problem, [](HostFacts& f) { f.topology.reset(); }, "cannot be opened"},
      {"usb", Level::problem, [](HostFacts& f) { f.usb->present = false; }, "no USB"},
      {"udev-rules", Level::warn, [](HostFacts& f) { f.usb->rules_file = f.usb->rules = ""; }, "not installed"},
      {"udev-rules", Level::warn, [](HostFacts& f) { f.usb->rules = ""; }, "does not know"},
      {"unit-access", Level::problem, [](HostFacts& f) { f.usb->devices[2].accessible = false; }, "1-1.1"},
      {"hub-access", Level::warn, [](HostFacts& f) { f.usb->devices[1].accessible = false; }, "hub 1-1"},
      {"hub-access", Level::warn,
       [](HostFacts& f) {
         f.named_hubs = {{"1-0"}};
         f.usb->devices[0].accessible = false;
       },
       "hub 1-0"},
      {"udev-rules", Level::warn,
       [](HostFacts& f) {
         f.usb->rules += "ATTR{bDeviceClass}==\"09\", MODE=\"0660\", GROUP=\"plugdev\", TAG+=\"uaccess\"\n";
       },
       "every hub"},
      {"usbfs-memory", Level::problem,
       [](HostFacts& f) {
         f.usb->memory_mb = 1;
         f.cap = 500;
         f.descriptors = 4096;
       },
       "need 4 MB"},
      {"controller", Level::warn, [](HostFacts& f) { f.usb->devices[1].endpoints = 95; }, "96"},
      {"hub-tt", Level::warn, [](HostFacts& f) { f.topology->hubs[0].tt = dfu::TransactionTranslator::single; }, "1-1"},
      {"hub-power", Level::warn, [](HostFacts& f) { f.topology->hubs[0].power = dfu::PortPower::none; }, "1-1"},
      {"hub-power", Level::warn, [](HostFacts& f) { f.topology->hubs[0].power = dfu::PortPower::ganged; }, "1-1"},
      {"descriptors", Level::problem, [](HostFacts& f) { f.descriptors = 256; }, "need 448"},
      {"priority", Level::warn, [](HostFacts& f) { f.priority = false; }, "other programs"},
      {"database", Level::problem, [](HostFacts& f) { f.database.folder_writable = false; }, "/var/lib/flashline"},
      {"database", Level::problem, [](HostFacts& f) { f.database.file_writable = false; }, "flashline.db"},
      {"database", Level::problem, [](HostFacts& f) { f.database.broken = "Row 7 is changed."; }, "Row 7"},
      {"database", Level::problem, [](HostFacts& f) { f.database.disk = Disk::network; }, "network"},
      {"database", Level::warn, [](HostFacts& f) { f.database.disk = Disk::memory; }, "lost"},
      {"database", Level::warn, [](HostFacts& f) { f.database.disk = Disk::userspace; }, "FUSE"},
      {"disk", Level::warn, [](HostFacts& f) { f.database.free_bytes = 999'999'999; }, "999 MB"},
      {"disk", Level::problem, [](HostFacts& f) { f.database.free_bytes = 49'999'999; }, "49 MB"},
      {"clock", Level::warn, [](HostFacts& f) { f.clock.synchronised = false; }, "not synchronised"},
      {"clock", Level::problem, [](HostFacts& f) { f.clock.now = f.clock.built - 1s; }, "2026-10-31 23:59:59"},
      {"clock", Level::problem,
       [](HostFacts& f) {
         f.clock.built = {};
         f.clock.now = std::chrono::sys_days(2023y / 12 / 31);
       },
       "2023-12-31"},
  };
  return all;
}

TEST(Doctor, EachIllnessIsFoundAloneWithItsLevelAndARemedy) {
  for (const Ill& ill : illnesses()) {
    HostFacts facts = good_host();
    ill.make(facts);
    for (const Finding& each : examine(facts)) {
      SCOPED_TRACE(each.check + ": " + each.text);
      const bool meant = each.check == ill.check;
      EXPECT_EQ(each.level, meant ? ill.level : Level::ok);
      EXPECT_EQ(each.remedy.empty(), !meant);
      EXPECT_THAT(each.text, HasSubstr(meant ? ill.says : ""));
    }
    EXPECT_EQ(finding(facts, ill.check).level, ill.level);
  }
}

TEST(Doctor, OfAVirtualLineNothingIsSaidAboutUsb) {
  HostFacts facts = good_host();
  facts.usb.reset();
  facts.libusb.clear();
  facts.kernel = "Linux 5.10.0";
  for (const Finding& each : examine(facts)) {
    EXPECT_EQ(each.level, Level::ok) << each.check;
    EXPECT_THAT(each.check, Not(HasSubstr("usb")));
  }
}

TEST(Doctor, ManyUnitsWithoutAccessAreOneFindingThatNamesTheFirst) {
  HostFacts facts = good_host();
  for (int i = 1; i <= 64; ++i) {
    facts.usb->devices.push_back(device("1-2." + std::to_string(i), photon));
    facts.usb->devices.back().accessible = false;
  }
  const Finding access = finding(facts, "unit-access");
  EXPECT_THAT(access.text, HasSubstr("port 1-2.1"));
  EXPECT_THAT(access.text, HasSubstr("and 59 more"));
  EXPECT_THAT(access.text, Not(HasSubstr("1-2.6")));
}

TEST(Doctor, ForeignDevicesNeedNoAccess) {
  HostFacts facts = good_host();
  facts.usb->devices.push_back(device("1-2", {0x2522, 0x0007}));
  facts.usb->devices.back().accessible = false;
  EXPECT_EQ(finding(facts, "unit-access").level, Level::ok);
}

TEST(Doctor, AControllersEndpointsAndAddressesAreCountedForEachNumberOfUnits) {
  for (int units = 0; units <= 140; ++units) {
    HostFacts facts = good_host();
    facts.usb->devices.resize(2);  // two hubs
    for (int i = 0; i < units; ++i) {
      UsbDevice unit = device("1-1.1", photon);
      unit.in_dfu = true;
      facts.usb->devices.push_back(unit);
    }
    // A unit in DFU mode has endpoint 0 only and in application mode three more.
    const Level expected = units + 2 >= 127 ? Level::problem : 2 + 4 * units > 96 ? Level::warn : Level::ok;
    EXPECT_EQ(finding(facts, "controller").level, expected) << units;
  }
}

TEST(Doctor, TheTwoBusesOfAControllerShareEndpointsButNotAddresses) {
  HostFacts facts = good_host();
  for (int i = 0; i < 100; ++i) {
    facts.usb->devices.push_back(device("2-1", {0x1234, 1}));
    facts.usb->devices.back().bus = 2;
  }
  EXPECT_THAT(finding(facts, "controller").text, HasSubstr("100 of 127 addresses and 103 of usually 96 endpoints"));
  facts.topology->controllers[1].path = "pci-0000:01:00.0";
  EXPECT_THAT(finding(facts, "controller").text, HasSubstr("3 of 127 addresses and 3 of usually 96 endpoints"));
}

TEST(Rules, NameTheIdsOfEveryProfileInBothModes) {
  HostFacts facts = good_host();
  EXPECT_EQ(finding(facts, "udev-rules").level, Level::ok) << finding(facts, "udev-rules").text;
  // Each of them is missed when it is not there.
  for (const std::string& name : dfu::profile_names()) {
    const dfu::Profile profile = *dfu::find_profile(name);
    std::vector<dfu::UsbId> ids{profile.dfu};
    if (profile.application) ids.push_back(*profile.application);
    for (const dfu::UsbId& id : ids) {
      const std::string product = dfu::to_string(id).substr(5);
      std::string rules = shipped_rules();
      for (std::size_t at; (at = rules.find(product)) != std::string::npos;) rules.replace(at, 4, "ffff");
      facts.usb->rules = rules;
      EXPECT_THAT(finding(facts, "udev-rules").text, HasSubstr(dfu::to_string(id)));
    }
  }
}

// A made-up /sys, /dev and /etc.
class SampleHost : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) { folder_.write("root" + file, text); }
  void add(const std::string& name, const std::map<std::string, std::string>& attributes) {
    for (const auto& [attribute, value] : attributes)
      write("/sys/bus/usb/devices/" + name + "/" + attribute, value + "\n");
  }
  UsbFacts gather() { return gather_usb(folder_.path("root")); }

  ProgramFolder folder_;
};

TEST_F(SampleHost, UsbIsReadFromItsFiles) {
  add("usb1", {{"busnum", "1"}, {"devnum", "1"}, {"idVendor", "1d6b"}, {"idProduct", "0002"}, {"bDeviceClass", "09"}});
  add("usb1/1-0:1.0", {{"bNumEndpoints", "01"}, {"bInterfaceClass", "09"}});
  add("1-0:1.0", {{"bNumEndpoints", "01"}, {"bInterfaceClass", "09"}});
  add("1-1.10",
      {{"busnum", "1"}, {"devnum", "12"}, {"idVendor", "2b04"}, {"idProduct", "d006"}, {"bDeviceClass", "00"}});
  add("1-1.10/1-1.10:1.0",
      {{"bNumEndpoints", "00"}, {"bInterfaceClass", "fe"}, {"bInterfaceSubClass", "01"}, {"bInterfaceProtocol", "02"}});
  add("1-1.9",
      {{"busnum", "1"}, {"devnum", "11"}, {"idVendor", "2b04"}, {"idProduct", "c006"}, {"bDeviceClass", "ef"}});
  add("1-1.9/1-1.9:1.0", {{"bNumEndpoints", "01"}, {"bInterfaceClass", "02"}});
  add("1-1.9/1-1.9:1.1", {{"bNumEndpoints", "02"}, {"bInterfaceClass", "0a"}});
  write("/dev/bus/usb/001/012", "");
  write("/sys/module/usbcore/parameters/usbfs_memory_mb", "16\n");
  write("/usr/lib/udev/rules.d/70-flashline.rules", "as shipped");
  UsbFacts usb = gather();
  EXPECT_TRUE(usb.present);
  ASSERT_EQ(usb.devices.size(), 3u);
  EXPECT_EQ(usb.devices[0].port.text, "1-0");
  EXPECT_TRUE(usb.devices[0].hub);
  EXPECT_EQ(usb.devices[0].endpoints, 2);
  EXPECT_EQ(usb.devices[1].port.text, "1-1.9");
  EXPECT_EQ(usb.devices[1].endpoints, 4);
  EXPECT_FALSE(usb.devices[1].in_dfu);
  EXPECT_FALSE(usb.devices[1].accessible) << "it has no node";
  EXPECT_EQ(usb.devices[2].id, photon);
  EXPECT_EQ(usb.devices[2].node, "/dev/bus/usb/001/012");
  EXPECT_TRUE(usb.devices[2].accessible);
  EXPECT_TRUE(usb.devices[2].in_dfu);
  EXPECT_EQ(usb.devices[2].endpoints, 1);
  EXPECT_EQ(usb.memory_mb, 16);
  EXPECT_EQ(usb.rules_file, "/usr/lib/udev/rules.d/70-flashline.rules");
  write("/etc/udev/rules.d/70-flashline.rules", "of the administrator, who goes first");
  usb = gather();
  EXPECT_EQ(usb.rules_file, "/etc/udev/rules.d/70-flashline.rules");
  EXPECT_THAT(usb.rules, HasSubstr("administrator"));
}

TEST_F(SampleHost, AHostWithoutUsbIsNoError) {
  const UsbFacts usb = gather();
  EXPECT_FALSE(usb.present);
  EXPECT_TRUE(usb.devices.empty());
  EXPECT_EQ(usb.memory_mb, std::nullopt);
  EXPECT_EQ(usb.rules_file, "");
}

TEST_F(SampleHost, ADatabaseThatIsNotThereYetIsJudgedByTheNearestFolder) {
  const DatabaseFacts missing = gather_database(folder_.path("not/there/yet.db"));
  EXPECT_EQ(missing.folder, fs::path(folder_.path("x")).parent_path());
  EXPECT_TRUE(missing.folder_writable);
  EXPECT_TRUE(missing.file_writable);
  EXPECT_GT(missing.free_bytes, 0u);
  folder_.write("file", "");
  EXPECT_FALSE(gather_database(folder_.path("file/r.db")).folder_writable);
  fs::create_directory(folder_.path("folder"));
  EXPECT_FALSE(gather_database(folder_.path("folder")).file_writable);
}

TEST(GatherHost, ThisProgramWasBuiltBeforeNow) {
  const ClockFacts clock = gather_clock();
  EXPECT_LE(clock.built, clock.now);
  EXPECT_GT(clock.built, std::chrono::sys_days(2024y / 1 / 1));
}

TEST(Doctor, AClockThatDisagreesWithTheRecordIsAProblem) {
  HostFacts facts;
  facts.clock.now = std::chrono::sys_days(2026y / 11 / 22);
  facts.clock.doubt =
      db::ClockDoubt{db::ClockDoubt::Kind::ahead, facts.clock.now - std::chrono::days(400), db::Time(facts.clock.now)};
  const std::vector<Finding> findings = examine(facts);
  const auto clock = std::ranges::find(findings, "clock", &Finding::check);
  ASSERT_NE(clock, findings.end());
  EXPECT_EQ(clock->level, Level::problem);
  EXPECT_THAT(clock->text, HasSubstr("400 days ahead"));
  EXPECT_THAT(clock->remedy, HasSubstr("--clock-is-right"));
}

// A hub's node opens all that is plugged in behind it.
TEST(UdevRules, OpenNoHubThatTheAdministratorDidNotName) {
  std::istringstream rules(shipped_rules());
  int for_hubs = 0;
  for (std::string line; std::getline(rules, line);) {
    const bool hub = line.find("bDeviceClass") != std::string::npos || line.find("\"hub\"") != std::string::npos;
    if (line.starts_with('#') || !hub) continue;
    ++for_hubs;
    EXPECT_TRUE(line.starts_with("ENV{flashline_hub}==\"1\", ")) << line;
  }
  EXPECT_EQ(for_hubs, 2);
}

TEST(Doctor, AHubThatIsNotOfTheLineMayStayClosed) {
  HostFacts facts = good_host();
  facts.usb->devices[0].accessible = false;  // the root hub
  facts.usb->devices.push_back(device("1-2", {0x05E3, 0x0610}));
  facts.usb->devices.back().hub = true;
  facts.usb->devices.back().accessible = false;  // the keyboard's
  EXPECT_EQ(finding(facts, "hub-access").level, Level::ok);
  facts.named_hubs = {{"1-1"}};
  EXPECT_EQ(finding(facts, "hub-access").level, Level::ok);
}

TEST(Doctor, PrintsTheRuleForEachClosedHubOfTheLine) {
  HostFacts facts = good_host();
  facts.usb->devices.push_back(device("2-1", {0x05E3, 0x0620}));  // the same hub's USB 3 half
  facts.usb->devices.back().bus = 2;
  facts.usb->devices.back().hub = true;
  facts.usb->devices.back().accessible = false;
  facts.named_hubs = {{"1-1"}};
  const Finding closed = finding(facts, "hub-access");
  EXPECT_EQ(closed.level, Level::warn);
  EXPECT_THAT(closed.text, HasSubstr("hub 2-1"));
  EXPECT_THAT(closed.remedy, HasSubstr("\nSUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", KERNELS==\"0000:00:14.0\", "
                                       "KERNEL==\"*-1\", ENV{flashline_hub}=\"1\""));
  // The line that the shipped rules show as an example is of this form.
  EXPECT_THAT(shipped_rules(), HasSubstr(closed.remedy.substr(closed.remedy.find('\n') + 1)));
  facts.topology->controllers.clear();
  facts.usb->devices[1].accessible = false;
  EXPECT_THAT(finding(facts, "hub-access").remedy, HasSubstr("KERNEL==\"1-1\", ENV"));
}

TEST(Doctor, AHubIsTheOneThatAPortBelongsTo) {
  EXPECT_EQ(hub_of({"1-1.4.2"}).text, "1-1.4");
  EXPECT_EQ(hub_of({"12-3"}).text, "12-0");
}

TEST(DoctorProgram, SaysTheSameToPeopleAndProgramsAndInItsExitStatus) {
  const ProgramFolder folder;
  folder.write("line.toml", "[[hub]]\nport = \"1-1\"\ntt = \"single\"\n");
  const Ran text = folder.run({"doctor", "--line", "line.toml", "--db", "r.db"});
  EXPECT_THAT(text.out, HasSubstr("WARN     hub-tt "));
  EXPECT_THAT(text.out, HasSubstr("multi TT"));
  const Ran ran = folder.run({"doctor", "--line", "line.toml", "--db", "r.db", "--json"});
  const QJsonObject object = QJsonDocument::fromJson(QByteArray::fromStdString(ran.out)).object();
  bool problem = false;
  for (const QJsonValue& each : object["findings"].toArray()) problem |= each["level"] == "PROBLEM";
  EXPECT_EQ(object["ok"].toBool(), !problem);
  EXPECT_EQ(ran.status, problem ? 1 : 0);
  folder.write("file", "");
  EXPECT_EQ(folder.run({"doctor", "--line", "line.toml", "--db", "file/r.db"}).status, 1);
  EXPECT_FALSE(fs::exists(folder.path("r.db"))) << "it only looks";
}

TEST(DoctorProgram, RefusesARecordThatALineWouldRefuse) {
  const ProgramFolder folder;
  folder.write("line.toml", "");
  const auto database_line = [&] {
    const std::string out = folder.run({"doctor", "--line", "line.toml", "--db", "r.db"}).out;
    const std::size_t check = out.find(" database "), from = out.rfind('\n', check);
    return check == std::string::npos ? out : out.substr(from + 1, out.find('\n', check) - from);
  };
  ASSERT_EQ(folder.run({"job", "open", "4711", "--quantity", "5", "--db", "r.db"}).status, 0);
  EXPECT_THAT(database_line(), Not(HasSubstr("PROBLEM")));
  fs::resize_file(folder.path("r.db"), fs::file_size(folder.path("r.db")) / 2);
  EXPECT_THAT(database_line(), HasSubstr("PROBLEM"));
  fs::resize_file(folder.path("r.db"), 0);
  EXPECT_THAT(database_line(), HasSubstr("PROBLEM"));
  EXPECT_THAT(database_line(), HasSubstr("has no content"));
}

TEST(Install, PutsProgramRulesAndExamplesWhereTheyBelong) {
  const ProgramFolder folder;
  const std::string command = std::string(FLASHLINE_CMAKE " --install " FLASHLINE_BUILD_DIR " --prefix ") +
                              folder.path("usr") + " > " + folder.path("log") + " 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0) << folder.read("log");
  EXPECT_EQ(folder.read("usr/lib/udev/rules.d/70-flashline.rules"), shipped_rules());
  EXPECT_EQ(std::system((folder.path("usr/bin/flashline") + " check " +
                         folder.path("usr/share/flashline/examples/photon.toml") + " > " + folder.path("log") + " 2>&1")
                            .c_str()),
            0)
      << folder.read("log");
}

}  // namespace
}  // namespace station
