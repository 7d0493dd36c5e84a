// The program itself, unchanged, with Debian's libusb on the mock kernel: verdicts, refusals, and who is left alone.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/usb/child.h"
#include "tests/usb/mock_kernel.h"

namespace usb_mock {
namespace {

using namespace std::chrono_literals;
using dfu::virt::FaultKind;
using Point = dfu::virt::FaultPoint;
using testing::HasSubstr;

constexpr double speed = 8;  // well within what a busy machine can follow

class Flash : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "flashline-usb-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static dfu::virt::LineSpec photons(int units) {
    dfu::virt::LineSpec line = dfu::virt::photon_line(units, 3);
    line.speed = speed;
    return line;
  }

  std::vector<std::string> words(const std::string& command, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{FLASHLINE_PROGRAM, command, FLASHLINE_EXAMPLES "/photon.toml",
                                 "--json",          "--db",  (folder_ / "flashline.db").string()};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Ran flash(const MockKernel& kernel, const std::vector<std::string>& more = {}) const {
    return run(words("flash", more), kernel.environment(true), folder_);
  }

  std::filesystem::path folder_;
};

// By port, of its last attempt: "passed", or the outcome and the code of the fault.
std::map<std::string, std::string> verdicts(const Ran& ran) {
  std::map<std::string, std::string> found;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);) {
    if (value_of(line, "event") != "attempt_finished") continue;
    const std::string code = value_of(line, "code"), outcome = value_of(line, "outcome");
    found[value_of(line, "port")] = code.empty() ? outcome : outcome + " " + code;
  }
  return found;
}

bool runs_application(MockKernel& kernel, const std::string& port) {
  bool well = false;
  kernel.line().with_unit(
      {port}, [&](dfu::virt::VirtualUnit& unit) { well = unit.mode() == dfu::virt::VirtualUnit::Mode::application; });
  return well;
}

TEST_F(Flash, UnitsPassAndNothingElseIsTouched) {
  dfu::virt::LineSpec line = photons(8);
  line.units[6].profile = "stm32-rom";
  line.units[7].profile = "p1";
  MockKernel kernel({.line = line, .foreign = {keyboard("1-3"), run_time_dfu("1-4")}});
  const Ran ran = flash(kernel);
  EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  const auto found = verdicts(ran);
  EXPECT_EQ(found.size(), 6u);
  for (int i = 1; i <= 6; ++i) {
    const std::string port = "1-1." + std::to_string(i);
    EXPECT_EQ(found.at(port), "passed");
    EXPECT_TRUE(runs_application(kernel, port));
    EXPECT_EQ(kernel.counts(port).opens, 2) << "to flash it, and to read the id in its store";
    EXPECT_EQ(kernel.counts(port).unclaimed, 0);
  }
  for (const char* port : {"1-1.7", "1-2.1", "1-3", "1-4", "1-1", "1-2", "1-0"}) {
    EXPECT_EQ(kernel.counts(port).opens, 0) << port;
    EXPECT_EQ(kernel.counts(port).control, 0) << port;
  }
}

TEST_F(Flash, EachFaultIsTheVerdictOfItsUnitAndOfNoOther) {
  dfu::virt::LineSpec line = photons(7);
  const auto at_block = [](std::uint32_t number) { return Point{Point::Kind::block, number}; };
  line.units[0].faults = {{FaultKind::unplug, at_block(40)}};
  line.units[1].faults = {{FaultKind::stall, at_block(20), 2}};
  line.units[2].faults = {{FaultKind::corrupt, {Point::Kind::address, 0x08061000}, 4}};
  line.units[3].faults = {{FaultKind::stall, {Point::Kind::survey, 0}, 9}};
  line.units[4].faults = {{FaultKind::cable, at_block(30), 1}};
  MockKernel kernel({.line = line});
  const Ran ran = flash(kernel);
  EXPECT_EQ(ran.status, 1) << ran.err;
  const auto found = verdicts(ran);
  EXPECT_EQ(found.at("1-1.1"), "failed unit-gone");
  EXPECT_EQ(found.at("1-1.2"), "failed write-failed");
  EXPECT_EQ(found.at("1-1.3"), "failed verify-mismatch");
  EXPECT_EQ(found.at("1-1.4"), "failed stall");
  EXPECT_EQ(found.at("1-1.5"), "passed") << "at the second attempt";
  EXPECT_EQ(found.at("1-1.6"), "passed");
  EXPECT_EQ(found.at("1-1.7"), "passed");
}

// The whole way from the ladder to the hub: only the port of the unit that hangs, and only where its hub can.
TEST_F(Flash, AUnitThatHangsIsBroughtBackByThePowerOfItsPortWhereTheHubCanAndNobodyElseLosesPower) {
  std::ofstream(folder_ / "station.toml") << "[[hub]]\nport = \"1-1\"\npower = \"per-port\"\n";
  for (const auto power : {dfu::PortPower::per_port, dfu::PortPower::ganged}) {
    dfu::virt::LineSpec line = photons(3);
    line.hubs[0].power = power;  // what the hub itself says, whatever the file does
    line.units[1].faults = {{FaultKind::wedge, {Point::Kind::block, 10}}};
    MockKernel kernel({.line = line});
    std::map<std::string, std::string> nodes;
    for (const char* port : {"1-1.1", "1-1.3"}) nodes[port] = kernel.node(port);
    const bool can = power == dfu::PortPower::per_port;
    const Ran ran = flash(kernel, {"--station", (folder_ / "station.toml").string()});
    EXPECT_EQ(ran.status, can ? 0 : 1) << ran.out << ran.err;
    const auto found = verdicts(ran);
    EXPECT_EQ(found.at("1-1.1"), "passed");
    EXPECT_EQ(found.at("1-1.2"), can ? "passed" : "failed no-answer");
    EXPECT_EQ(found.at("1-1.3"), "passed");
    EXPECT_THAT(ran.out, HasSubstr(can ? "Recovery by port power, after no-answer: the unit was back"
                                       : "the hub does not switch this port on its own"));
    if (!can) {
      EXPECT_THAT(ran.out, HasSubstr("Unplug this unit, and plug it in again."));
    }
    for (const char* port : {"1-1.1", "1-1.3"}) {
      EXPECT_EQ(kernel.counts(port).opens, 2) << "one attempt";
    }
    EXPECT_EQ(kernel.counts("1-0").control, 0) << "the root hub's ports carry hubs";
    std::filesystem::remove(folder_ / "flashline.db");
  }
}

TEST_F(Flash, AHubOfWhichNobodySaysThatItCanIsNotAskedForPower) {
  dfu::virt::LineSpec line = photons(2);
  line.units[1].faults = {{FaultKind::wedge, {Point::Kind::block, 10}}};
  MockKernel kernel({.line = line});
  const Ran ran = flash(kernel);
  EXPECT_EQ(ran.status, 1) << ran.err;
  EXPECT_EQ(verdicts(ran).at("1-1.2"), "failed no-answer");
  EXPECT_THAT(ran.out, HasSubstr("Unplug this unit, and plug it in again."));
  EXPECT_EQ(kernel.counts("1-1").control, 0);
}

TEST_F(Flash, UnitsThatArePluggedInInAnyOrderPassWhereTheyAre) {
  dfu::virt::LineSpec line = photons(4);
  for (auto& unit : line.units) unit.starts = dfu::virt::Starts::absent;
  MockKernel kernel({.line = line});
  Child child(words("run"), kernel.environment(true), folder_);
  for (const char* port : {"1-1.3", "1-1.1", "1-1.4"}) kernel.line().plug({port});
  const auto flashed = [&](const std::string& port) {
    for (int i = 0; i < 1500 && !runs_application(kernel, port); ++i) std::this_thread::sleep_for(10ms);
    return runs_application(kernel, port);
  };
  // One is pulled in the middle and comes back: its second attempt passes.
  for (int i = 0; i < 1500 && kernel.counts("1-1.4").control < 100; ++i) std::this_thread::sleep_for(10ms);
  kernel.line().pull({"1-1.4"});
  kernel.line().plug({"1-1.2"});
  kernel.line().plug({"1-1.4"});
  for (const char* port : {"1-1.1", "1-1.2", "1-1.3", "1-1.4"}) EXPECT_TRUE(flashed(port)) << port;
  for (const char* port : {"1-1.1", "1-1.2", "1-1.3", "1-1.4"}) EXPECT_TRUE(kernel.wait_for(port, true));
  std::this_thread::sleep_for(500ms);  // the proof of boot is under way
  child.signal(SIGTERM);
  const Ran ran = child.wait();
  EXPECT_EQ(ran.status, 130) << ran.err;
  const auto found = verdicts(ran);
  for (const char* port : {"1-1.1", "1-1.2", "1-1.3", "1-1.4"}) EXPECT_EQ(found.at(port), "passed") << port;
}

TEST_F(Flash, AUnitThatAnotherProgramHoldsIsAnErrorOfItsOwn) {
  MockKernel kernel({.line = photons(2)});
  ASSERT_TRUE(kernel.hold("1-1.1", 0));
  const Ran ran = flash(kernel);
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(verdicts(ran).at("1-1.1"), "error interface-busy");
  EXPECT_EQ(verdicts(ran).at("1-1.2"), "passed");
}

TEST_F(Flash, NoPermissionForOneUnitIsItsErrorAndForAllTheExitStatus) {
  MockKernel kernel({.line = photons(2)});
  kernel.set_mode("1-1.1", 0444);
  Ran ran = flash(kernel);
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(verdicts(ran).at("1-1.1"), "error access-denied");
  EXPECT_THAT(ran.out, HasSubstr("/dev/bus/usb/001/"));
  EXPECT_EQ(verdicts(ran).at("1-1.2"), "passed");

  MockKernel locked({.line = photons(2)});
  locked.set_mode("1-1.1", 0444);
  locked.set_mode("1-1.2", 0444);
  EXPECT_EQ(flash(locked).status, 77);
}

TEST_F(Flash, AnEmptyLineAndAHostWithoutUsbEndWith69) {
  MockKernel kernel({.line = photons(1), .foreign = {run_time_dfu("1-3")}});
  kernel.line().pull({"1-1.1"});
  ASSERT_TRUE(kernel.wait_for("1-1.1", false));
  const Ran empty = flash(kernel);
  EXPECT_EQ(empty.status, 69);
  EXPECT_THAT(empty.err, HasSubstr("2b04:d006"));
  if (std::filesystem::exists("/sys/bus/usb/devices")) GTEST_SKIP() << "this machine has USB";
  const Ran none = run(words("flash"), {}, folder_);
  EXPECT_EQ(none.status, 69);
  EXPECT_THAT(none.err, HasSubstr("no USB"));
}

TEST_F(Flash, ListOpensNothing) {
  MockKernel kernel({.line = photons(3), .foreign = {run_time_dfu("1-3")}});
  const Ran ran = run({FLASHLINE_PROGRAM, "list", "--json"}, kernel.environment(true), folder_);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\"port\":\"1-1.3\""));
  EXPECT_THAT(ran.out, HasSubstr("2522:0007"));
  EXPECT_THAT(ran.out, HasSubstr("pci-0000:00:14.0"));
  for (const char* port : {"1-1.1", "1-1.2", "1-1.3", "1-3", "1-1", "1-0"}) {
    EXPECT_EQ(kernel.counts(port).opens, 0) << port;
    EXPECT_EQ(kernel.counts(port).control, 0) << port;
  }
}

}  // namespace
}  // namespace usb_mock
