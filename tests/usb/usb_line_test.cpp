// The real line with Debian's libusb, on the mock kernel's usbfs, sysfs and uevents.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/usb/mock_kernel.h"
#include "tests/usb/prober.h"

namespace usb_mock {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::string get_status(const std::string& port, int milliseconds = 5000) {
  return "control " + port + " 0xA1 3 0 0 6 " + std::to_string(milliseconds);
}

const std::string idle = " ok 000000000200";  // a GETSTATUS that says dfuIDLE

// The third request: at open, GET_CONFIGURATION and SET_INTERFACE come first.
const dfu::virt::FaultSpec silent{dfu::virt::FaultKind::hang, {dfu::virt::FaultPoint::Kind::request, 3}};

dfu::virt::LineSpec photons(int units, double speed = 1) {
  dfu::virt::LineSpec line = dfu::virt::photon_line(units, 3);
  line.speed = speed;
  return line;
}

// Each question has had its one answer, never from inside the call that asked.
void expect_sound_end(Prober& probe) {
  int asked = -1, answered = -2, twice = -1, inside = -1;
  const std::string counts = probe.end();
  ASSERT_EQ(std::sscanf(counts.c_str(), "asked %d answered %d twice %d inside %d", &asked, &answered, &twice, &inside),
            4)
      << counts;
  EXPECT_EQ(asked, answered);
  EXPECT_EQ(twice, 0);
  EXPECT_EQ(inside, 0);
  EXPECT_EQ(probe.status, 0);
}

// ---- what is there

TEST(UsbLine, UnitsAreToldWithoutBeingOpenedAndHubsAreNone) {
  MockKernel kernel({.line = photons(2), .foreign = {keyboard("1-2"), run_time_dfu("1-3")}});
  Prober probe(kernel);
  EXPECT_EQ(probe.hear("arrived 1-1.1"),
            "arrived 1-1.1 2b04:d006 200 serial=00000000010C product=Photon DFU Mode settings=2 transfer=4096");
  EXPECT_THAT(probe.hear("arrived 1-1.2"), StartsWith("arrived 1-1.2 2b04:d006"));
  EXPECT_THAT(probe.hear("arrived 1-3"), StartsWith("arrived 1-3 2522:0007"));
  EXPECT_EQ(probe.hear("listed"), "listed");
  EXPECT_THAT(probe.heard("arrived 1-1 "), IsEmpty());
  EXPECT_THAT(probe.heard("arrived 1-0"), IsEmpty());
  expect_sound_end(probe);
  for (const char* port : {"1-1.1", "1-1.2", "1-2", "1-3", "1-1", "1-0"}) {
    EXPECT_EQ(kernel.counts(port).opens, 0) << port;
    EXPECT_EQ(kernel.counts(port).control, 0) << port;
  }
}

TEST(UsbLine, EachDialectIsReadFromItsDescriptors) {
  struct Case {
    std::string profile;
    std::string told;
  };
  for (const Case& one : std::vector<Case>{{"p1", "transfer=4096"},
                                           {"core", "settings=2 transfer=1024"},
                                           {"stm32-rom", "transfer=2048"},
                                           {"dfu11", "settings=1 transfer="}}) {
    dfu::virt::LineSpec line = photons(1);
    line.units[0].profile = one.profile;
    MockKernel kernel({.line = line});
    Prober probe(kernel);
    EXPECT_THAT(probe.hear("arrived 1-1.1"), HasSubstr(one.told)) << one.profile;
    expect_sound_end(probe);
  }
}

TEST(UsbLine, TheFunctionalDescriptorIsFoundBehindTheLastOfManySettings) {
  std::vector<dfu::AltSetting> settings;
  for (std::uint8_t i = 0; i < 4; ++i) settings.push_back({0, i, 0xFE, 1, 2, 0});
  const dfu::FunctionalDescriptor functional{.can_download = true, .transfer_size = 1234};
  MockKernel kernel(
      {.line = photons(1), .foreign = {{{"1-2"}, foreign_face({0x1209, 1}, 0x123, settings, functional)}}});
  Prober probe(kernel);
  EXPECT_EQ(probe.hear("arrived 1-2"),
            "arrived 1-2 1209:0001 123 serial=FOREIGN1 product=Foreign device settings=4 transfer=1234");
  expect_sound_end(probe);
}

TEST(UsbLine, AUnitThatComesBackIsLeftAndArrivesAnew) {
  MockKernel kernel({.line = photons(1)});
  Prober probe(kernel);
  probe.hear("listed");
  EXPECT_THAT(probe.hear("arrived"), StartsWith("arrived 1-1.1"));
  kernel.line().pull({"1-1.1"});
  EXPECT_EQ(probe.hear("left"), "left 1-1.1");
  EXPECT_EQ(probe.ask("open 1-1.1 0:0", "opened"), "opened 1-1.1 gone the unit has left");
  kernel.line().plug({"1-1.1"});
  EXPECT_THAT(probe.hear("arrived"), StartsWith("arrived 1-1.1"));
  EXPECT_THAT(probe.ask("open 1-1.1 0:0", "opened"), StartsWith("opened 1-1.1 ok"));
  expect_sound_end(probe);
}

TEST(UsbLine, AUnitWhoseLockIsHeldIsToldWithoutItsStringsAndDelaysNoOther) {
  MockKernel kernel({.line = photons(3)});
  // A pipe that says nothing blocks like the kernel's own file while somebody holds the lock of the device.
  const std::string root = kernel.environment(false).front().substr(std::string("UMOCKDEV_DIR=").size());
  const std::filesystem::path serial = root + "/sys/bus/usb/devices/1-1.2/serial";
  std::filesystem::remove(serial);
  ASSERT_EQ(mkfifo(serial.c_str(), 0600), 0);
  const int silence = open(serial.c_str(), O_RDWR | O_CLOEXEC);
  Prober probe(kernel);
  EXPECT_THAT(probe.hear("arrived 1-1.2"), StartsWith("arrived 1-1.2 2b04:d006 200 serial= product= settings=2"));
  EXPECT_THAT(probe.hear("arrived 1-1.1"), HasSubstr("serial=00000000010C"));
  EXPECT_THAT(probe.hear("arrived 1-1.3"), HasSubstr("serial=00000000010C"));
  EXPECT_EQ(probe.hear("listed"), "listed");
  expect_sound_end(probe);
  close(silence);
}

TEST(UsbLine, TheLineIsToldAsItIs) {
  dfu::virt::LineSpec line = photons(8);
  line.hubs[1].tt = dfu::TransactionTranslator::single;
  for (const bool superspeed : {false, true}) {
    MockKernel kernel({.line = line, .superspeed = superspeed});
    Prober probe(kernel);
    EXPECT_EQ(probe.ask("topology", "topology"), "topology ended");
    EXPECT_THAT(probe.heard("controller 1 "), testing::ElementsAre("controller 1 pci-0000:00:14.0"));
    EXPECT_THAT(probe.heard("hub"),
                testing::ElementsAre("hub 1-0 ports=16 tt=none power=unknown", "hub 1-1 ports=7 tt=multi power=unknown",
                                     "hub 1-2 ports=7 tt=single power=unknown"));
    expect_sound_end(probe);
    EXPECT_EQ(kernel.counts("1-1").opens, 0);
  }
}

// ---- to speak to a unit

TEST(UsbLine, AUnitIsOpenedSpokenToAndClosed) {
  MockKernel kernel({.line = photons(2)});
  Prober probe(kernel);
  probe.hear("listed");
  EXPECT_THAT(probe.ask("open 1-1.1 0:0", "opened"), StartsWith("opened 1-1.1 ok"));
  EXPECT_EQ(probe.ask("open 1-1.1 0:0", "opened"), "opened 1-1.1 busy this station has it open already");
  EXPECT_EQ(probe.ask(get_status("1-1.1"), "answered"), "answered 1-1.1" + idle);
  EXPECT_EQ(probe.ask("control 1-1.1 0x21 0x77 0 0 0 5000", "answered"), "answered 1-1.1 stall ");
  EXPECT_EQ(probe.ask("control 1-1.1 0xA1 2 2 0 5000 5000", "answered"), "answered 1-1.1 io-error ");
  EXPECT_EQ(probe.ask("close 1-1.1", "closed"), "closed 1-1.1");
  EXPECT_EQ(probe.ask(get_status("1-1.1"), "answered"), "answered 1-1.1 gone ");
  EXPECT_EQ(probe.ask("reset 1-1.1", "reset"), "reset 1-1.1 lost");
  EXPECT_EQ(probe.ask("close 1-1.1", "closed"), "closed 1-1.1");
  expect_sound_end(probe);
  EXPECT_EQ(kernel.counts("1-1.1").claims, 1);
  EXPECT_EQ(kernel.counts("1-1.1").settings, 1);
  EXPECT_EQ(kernel.counts("1-1.2").control, 0);
}

TEST(UsbLine, ANodeThatDoesNotSayWhereItStandsIsOpenedByWhatTheKernelListsThere) {
  MockKernel kernel({.line = photons(1)});
  kernel.hide_place("1-1.1");
  Prober probe(kernel);
  probe.hear("listed");
  EXPECT_THAT(probe.ask("open 1-1.1 0:1", "opened"), StartsWith("opened 1-1.1 ok"));
  EXPECT_EQ(probe.ask("control 1-1.1 0x81 10 0 0 1 5000", "answered"), "answered 1-1.1 ok 01");
  EXPECT_EQ(probe.ask("reset 1-1.1", "reset"), "reset 1-1.1 ok");
  EXPECT_EQ(probe.ask("control 1-1.1 0x81 10 0 0 1 5000", "answered"), "answered 1-1.1 ok 01");
  EXPECT_EQ(probe.ask("close 1-1.1", "closed"), "closed 1-1.1");
  EXPECT_THAT(probe.ask("open 1-1.1 0:9", "opened"),
              AllOf(StartsWith("opened 1-1.1 failed"), HasSubstr("alternate setting 9")));
  expect_sound_end(probe);
}

TEST(UsbLine, AUnitThatNeverWasAnswersToo) {
  MockKernel kernel({.line = photons(1)});
  Prober probe(kernel);
  probe.hear("listed");
  EXPECT_EQ(probe.ask("open 9-9 0:0", "opened"), "opened 9-9 gone the unit has left");
  EXPECT_EQ(probe.ask(get_status("9-9"), "answered"), "answered 9-9 gone ");
  EXPECT_EQ(probe.ask("reset 9-9", "reset"), "reset 9-9 lost");
  EXPECT_EQ(probe.ask("close 9-9", "closed"), "closed 9-9");
  expect_sound_end(probe);
}

TEST(UsbLine, AResetKeepsTheHandleAndTheAlternateSetting) {
  MockKernel kernel({.line = photons(1)});
  Prober probe(kernel);
  probe.hear("listed");
  probe.ask("open 1-1.1 0:1", "opened");
  const std::string get_interface = "control 1-1.1 0x81 10 0 0 1 5000";
  EXPECT_EQ(probe.ask(get_interface, "answered"), "answered 1-1.1 ok 01");
  EXPECT_EQ(probe.ask("reset 1-1.1", "reset"), "reset 1-1.1 ok");
  EXPECT_EQ(probe.ask(get_interface, "answered"), "answered 1-1.1 ok 01");
  EXPECT_EQ(probe.ask(get_status("1-1.1"), "answered"), "answered 1-1.1" + idle);
  expect_sound_end(probe);
  EXPECT_EQ(kernel.counts("1-1.1").unclaimed, 0);
}

TEST(UsbLine, AUnitThatFallsSilentTimesOutAndIsLostByItsReset) {
  dfu::virt::LineSpec line = photons(1);
  line.units[0].faults = {silent};
  MockKernel kernel({.line = line});
  Prober probe(kernel);
  probe.hear("listed");
  probe.ask("open 1-1.1 0:0", "opened");
  EXPECT_EQ(probe.ask(get_status("1-1.1", 200), "answered"), "answered 1-1.1 timed-out ");
  EXPECT_EQ(probe.ask(get_status("1-1.1", 200), "answered"), "answered 1-1.1 timed-out ");
  EXPECT_EQ(probe.ask("reset 1-1.1", "reset"), "reset 1-1.1 lost");
  EXPECT_EQ(probe.ask("close 1-1.1", "closed"), "closed 1-1.1");
  expect_sound_end(probe);
}

TEST(UsbLine, AKernelDriverIsDetachedAndAttachedAgain) {
  MockKernel kernel({.line = photons(1), .foreign = {keyboard("1-2")}});
  Prober probe(kernel);
  probe.hear("listed");
  const auto bound = [&] {
    const std::string root = kernel.environment(false).front().substr(std::string("UMOCKDEV_DIR=").size());
    std::error_code error;
    return std::filesystem::read_symlink(root + "/sys/bus/usb/devices/1-2:1.0/driver", error).filename().string();
  };
  const auto becomes = [&](const std::string& wanted) {
    for (int i = 0; i < 500 && bound() != wanted; ++i) std::this_thread::sleep_for(10ms);
    return bound();
  };
  EXPECT_EQ(becomes("usbhid"), "usbhid");
  EXPECT_THAT(probe.ask("open 1-2 0", "opened"), StartsWith("opened 1-2 ok"));
  EXPECT_EQ(becomes("usbfs"), "usbfs");
  EXPECT_EQ(probe.ask("close 1-2", "closed"), "closed 1-2");
  EXPECT_EQ(becomes("usbhid"), "usbhid");
  expect_sound_end(probe);
}

// ---- refused

TEST(UsbLine, BusySaysWhoHoldsTheInterface) {
  MockKernel kernel({.line = photons(1)});
  Prober holder(kernel), probe(kernel);
  holder.hear("listed");
  probe.hear("listed");
  holder.ask("open 1-1.1 0:0", "opened");
  EXPECT_THAT(probe.ask("open 1-1.1 0:0", "opened"),
              AllOf(StartsWith("opened 1-1.1 busy usb_probe (process "), HasSubstr(kernel.node("1-1.1") + " open")));
  holder.ask("close 1-1.1", "closed");
  EXPECT_THAT(probe.ask("open 1-1.1 0:0", "opened"), StartsWith("opened 1-1.1 ok"));
  expect_sound_end(probe);
  expect_sound_end(holder);
}

TEST(UsbLine, DeniedNamesTheNodeAndTheRemedy) {
  MockKernel kernel({.line = photons(2)});
  kernel.set_mode("1-1.1", 0444);
  Prober probe(kernel);
  probe.hear("listed");
  EXPECT_THAT(probe.ask("open 1-1.1 0:0", "opened"),
              AllOf(StartsWith("opened 1-1.1 access-denied " + kernel.node("1-1.1") + " belongs to root, group root"),
                    HasSubstr("mode 0444"), HasSubstr("udev rules")));
  EXPECT_THAT(probe.ask("open 1-1.2 0:0", "opened"), StartsWith("opened 1-1.2 ok"));
  expect_sound_end(probe);
}

TEST(UsbLine, RightsThatUdevSetsAMomentLaterAreWaitedFor) {
  MockKernel kernel({.line = photons(1)});
  Prober probe(kernel);
  probe.hear("listed");
  probe.hear("arrived");
  kernel.line().pull({"1-1.1"});
  probe.hear("left");
  kernel.set_mode("1-1.1", 0444);
  kernel.line().plug({"1-1.1"});
  probe.hear("arrived");
  probe.tell("open 1-1.1 0:0");
  std::this_thread::sleep_for(100ms);
  kernel.set_mode("1-1.1", 0664);
  EXPECT_THAT(probe.hear("opened"), StartsWith("opened 1-1.1 ok"));
  expect_sound_end(probe);
}

// ---- one answer, whatever happens

class Races : public testing::TestWithParam<const char*> {};

TEST_P(Races, EveryTransferHasOneAnswerWhereverItIsMet) {
  MockKernel kernel({.line = photons(1)});
  Prober probe(kernel);
  probe.hear("listed");
  probe.ask("open 1-1.1 0:0", "opened");
  // From before it begins until after it has ended: a GETSTATUS takes about half a millisecond.
  EXPECT_THAT(probe.ask("race 1-1.1 100 15 " + std::string(GetParam()), "raced"),
              AllOf(HasSubstr(" ok="), testing::Not(HasSubstr("not-opened"))));
  EXPECT_EQ(probe.ask(get_status("1-1.1"), "answered"), "answered 1-1.1" + idle);
  expect_sound_end(probe);
}

INSTANTIATE_TEST_SUITE_P(UsbLine, Races, testing::Values("cancel", "close"));

TEST(UsbLine, APulledUnitAnswersGoneWhereverItsTransfersWere) {
  MockKernel kernel({.line = photons(7, 4)});
  Prober probe(kernel);
  probe.hear("listed");
  for (int round = 0; round < 3; ++round) {
    for (int i = 1; i <= 7; ++i) probe.ask("open 1-1." + std::to_string(i) + " 0:0", "opened");
    for (int i = 1; i <= 7; ++i) probe.tell("hammer 1-1." + std::to_string(i));
    for (int i = 1; i <= 7; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(7 * i + round));
      kernel.line().pull({"1-1." + std::to_string(i)});
    }
    for (int i = 1; i <= 7; ++i) {
      const std::string port = "1-1." + std::to_string(i);
      EXPECT_EQ(probe.hear("hammered " + port), "hammered " + port + " some");
      EXPECT_EQ(probe.hear("left " + port), "left " + port);
      EXPECT_EQ(probe.ask("close " + port, "closed"), "closed " + port);
      kernel.line().plug({port});
      EXPECT_THAT(probe.hear("arrived " + port), StartsWith("arrived " + port));
      if (round == 0) probe.hear("arrived " + port);  // that of the beginning was heard first
    }
  }
  expect_sound_end(probe);
}

TEST(UsbLine, AStormLeavesNothingBehind) {
  MockKernel kernel({.line = photons(14, 20)});
  Prober probe(kernel);
  probe.hear("listed");
  const Holdings before = probe.holdings();
  for (int round = 0; round < 120; ++round) {
    const std::string port = "1-" + std::to_string(1 + round * 5 % 2) + "." + std::to_string(1 + round * 3 % 7);
    if (round % 3 == 0) probe.tell("open " + port + " 0:0");
    if (round % 3 == 1) probe.tell("hammer " + port);
    if (round % 5 == 2) kernel.line().pull({port});
    if (round % 5 == 4) kernel.line().plug({port});
    std::this_thread::sleep_for(std::chrono::milliseconds(round % 7));
  }
  for (int hub = 1; hub <= 2; ++hub) {
    for (int i = 1; i <= 7; ++i) {
      const std::string port = "1-" + std::to_string(hub) + "." + std::to_string(i);
      kernel.line().pull({port});
      EXPECT_TRUE(kernel.wait_for(port, false));
      probe.tell("close " + port);
    }
  }
  EXPECT_TRUE(probe.settles_to(before)) << probe.holdings().text() << " instead of " << before.text();
  expect_sound_end(probe);
}

// ---- a wedged unit and the others

struct WedgeCase {
  Wedge what;
  bool open_before;     // the unit is open when it begins to hang
  std::string command;  // the one that hangs
  std::string answer;   // that it is given in the end
};

void PrintTo(const WedgeCase& one, std::ostream* out) {
  *out << one.command << " -> " << one.answer;
}

class Wedged : public testing::TestWithParam<WedgeCase> {};

TEST_P(Wedged, DelaysNoOther) {
  const WedgeCase& one = GetParam();
  dfu::virt::LineSpec line = photons(3);
  // What is to be taken back must not come back by itself.
  if (one.what == Wedge::discard) line.units[0].faults = {silent};
  MockKernel kernel({.line = line});
  Prober probe(kernel);
  probe.hear("listed");
  probe.ask("open 1-1.2 0:0", "opened");
  const Holdings with_one_open = probe.holdings();
  if (one.open_before) probe.ask("open 1-1.1 0:0", "opened");
  kernel.wedge("1-1.1", one.what);
  probe.tell(one.command);
  std::this_thread::sleep_for(100ms);  // it hangs now; were it slower, this test would only be easier to pass

  EXPECT_EQ(probe.ask(get_status("1-1.2"), "answered 1-1.2"), "answered 1-1.2" + idle);
  EXPECT_THAT(probe.ask("open 1-1.3 0:0", "opened 1-1.3"), StartsWith("opened 1-1.3 ok"));
  EXPECT_EQ(probe.ask(get_status("1-1.3", 200), "answered 1-1.3"), "answered 1-1.3" + idle);
  EXPECT_EQ(probe.ask("close 1-1.3", "closed 1-1.3"), "closed 1-1.3");
  EXPECT_THAT(probe.heard(one.answer), IsEmpty()) << "it was given up before the others were asked: no proof";
  EXPECT_THAT(probe.hear(one.answer), StartsWith(one.answer));

  // Given up is given up: what is asked of it now is answered at once, and nothing reaches it later.
  EXPECT_EQ(probe.ask(get_status("1-1.1"), "answered 1-1.1"), "answered 1-1.1 gone ");
  EXPECT_EQ(probe.ask("reset 1-1.1", "reset"), "reset 1-1.1 lost");
  EXPECT_THAT(probe.ask("open 1-1.1 0:0", "opened 1-1.1"), StartsWith("opened 1-1.1 failed"));
  EXPECT_EQ(probe.ask("close 1-1.1", "closed 1-1.1"), "closed 1-1.1");
  const int reached = kernel.counts("1-1.1").control;
  kernel.release("1-1.1");
  // What hung comes back and is undone; its thread and files are free again. The unit is well once it is plugged in
  // again.
  EXPECT_TRUE(probe.settles_to(with_one_open)) << probe.holdings().text() << " after " << with_one_open.text();
  EXPECT_LE(kernel.counts("1-1.1").control, reached + 2);  // of an open that was under way
  kernel.line().pull({"1-1.1"});
  EXPECT_EQ(probe.hear("left 1-1.1"), "left 1-1.1");
  kernel.line().plug({"1-1.1"});
  probe.hear("arrived 1-1.1");  // that of the beginning
  EXPECT_THAT(probe.hear("arrived 1-1.1"), StartsWith("arrived 1-1.1"));
  EXPECT_THAT(probe.ask("open 1-1.1 0:0", "opened 1-1.1"), StartsWith("opened 1-1.1 ok"));
  expect_sound_end(probe);
}

const std::string hangs = "opened 1-1.1 failed the kernel did not come back";
INSTANTIATE_TEST_SUITE_P(UsbLine, Wedged,
                         testing::Values(WedgeCase{Wedge::open, false, "open 1-1.1 0:0", hangs},
                                         WedgeCase{Wedge::claim, false, "open 1-1.1 0:0", hangs},
                                         WedgeCase{Wedge::discard, true, get_status("1-1.1", 10),
                                                   "answered 1-1.1 timed-out"},
                                         WedgeCase{Wedge::close, true, "close 1-1.1", "closed 1-1.1"}));

TEST(UsbLine, EndsAlthoughAUnitHangs) {
  MockKernel kernel({.line = photons(1)});
  Prober probe(kernel);
  probe.hear("listed");
  probe.ask("open 1-1.1 0:0", "opened");
  kernel.wedge("1-1.1", Wedge::close);
  expect_sound_end(probe);
}

// ---- power

class Power : public testing::TestWithParam<bool> {};

TEST_P(Power, OnlyThePortThatWasAskedForIsSwitched) {
  MockKernel kernel({.line = photons(3), .superspeed = GetParam()});
  Prober probe(kernel);
  probe.hear("listed");
  EXPECT_EQ(probe.ask("power 1-1.2 off", "power"), "power 1-1.2 off done");
  EXPECT_TRUE(kernel.wait_for("1-1.2", false));
  EXPECT_EQ(probe.hear("left"), "left 1-1.2");
  EXPECT_FALSE(kernel.node("1-1.1").empty());
  EXPECT_FALSE(kernel.node("1-1.3").empty());
  EXPECT_EQ(probe.ask("power 1-1.2 on", "power"), "power 1-1.2 on done");
  EXPECT_TRUE(kernel.wait_for("1-1.2", true));
  EXPECT_EQ(kernel.counts("1-1.1").control + kernel.counts("1-1.2").control + kernel.counts("1-1.3").control, 0);
  expect_sound_end(probe);
}

INSTANTIATE_TEST_SUITE_P(UsbLine, Power, testing::Bool());

TEST(UsbLine, PowerIsRefusedWhereItWouldSwitchMoreThanOnePort) {
  for (const auto power : {dfu::PortPower::ganged, dfu::PortPower::none}) {
    dfu::virt::LineSpec line = photons(2);
    line.hubs[0].power = power;
    MockKernel kernel({.line = line});
    Prober probe(kernel);
    probe.hear("listed");
    EXPECT_EQ(probe.ask("power 1-1.2 off", "power"), "power 1-1.2 off refused");
    EXPECT_EQ(probe.ask("power 1-1 off", "power"), "power 1-1 off refused") << "a hub is plugged in there";
    EXPECT_EQ(probe.ask("power 1-1.8 off", "power"), "power 1-1.8 off refused") << "there is no such port";
    EXPECT_FALSE(kernel.node("1-1.2").empty());
    expect_sound_end(probe);
  }
}

}  // namespace
}  // namespace usb_mock
