// The mock kernel is as hard on a program as a real one. dfu-util and a shell are the programs: nobody here wrote them.
#include "tests/usb/mock_kernel.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/usb/child.h"

namespace usb_mock {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr int io_error = 74;
constexpr double speed = 50;

KernelSpec spec_of(int units) {
  KernelSpec spec{.line = dfu::virt::photon_line(units, 12)};
  spec.line.speed = speed;
  return spec;
}

Ran list(const MockKernel& kernel) {
  return run({"dfu-util", "-l"}, kernel.environment(false));
}

Ran read_from(const MockKernel& kernel, const std::string& port) {
  return run({"dfu-util", "-p", port, "-a", "0", "-s", "0x080A0000:16", "-U", "/dev/null/nothing"},
             kernel.environment(false));
}

Ran shell(const MockKernel& kernel, const std::string& line) {
  return run({"sh", "-c", line}, kernel.environment(false));
}

TEST(MockKernel, ShowsSysfsAsLinuxLaysItOut) {
  KernelSpec spec = spec_of(1);
  spec.superspeed = true;
  spec.foreign.push_back(keyboard("1-1.7"));
  const MockKernel kernel(spec);
  const Ran ran = shell(kernel,
                        "cd /sys/bus/usb/devices && ls && cat 1-1.1/idProduct 1-1.1/devpath 1-1/bDeviceProtocol &&"
                        " readlink -f 1-1.1 1-1.7:1.0/driver 1-1:1.0/1-1-port3/peer");
  EXPECT_EQ(ran.out,
            "1-0:1.0\n1-1\n1-1.1\n1-1.1:1.0\n1-1.7\n1-1.7:1.0\n1-1:1.0\n101-0:1.0\n101-1\n101-1:1.0\nusb1\nusb101\n"
            "d006\n1.1\n02\n"
            "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1/1-1.1\n"
            "/sys/bus/usb/drivers/usbhid\n"
            "/sys/devices/pci0000:00/0000:00:14.0/usb101/101-1/101-1:1.0/101-1-port3\n")
      << ran.err;
}

TEST(MockKernel, RefusesANodeThatMayNotBeWrittenToRootAsWell) {
  MockKernel kernel(spec_of(2));
  kernel.set_mode("1-1.1", 0444);
  EXPECT_EQ(shell(kernel, "test -w " + kernel.node("1-1.1")).status, 1);
  const Ran ran = list(kernel);
  EXPECT_THAT(ran.err, HasSubstr("Cannot open DFU device 2b04:d006 found on devnum 3 (LIBUSB_ERROR_ACCESS)"));
  EXPECT_THAT(ran.out, HasSubstr("path=\"1-1.2\", alt=0, name=\"@Internal Flash"));
  EXPECT_EQ(kernel.counts("1-1.1").opens, 0);
  EXPECT_EQ(kernel.counts("1-1.1").control, 0);
  EXPECT_THAT(read_from(kernel, "1-1.1").err, HasSubstr("LIBUSB_ERROR_ACCESS"));
}

TEST(MockKernel, GivesAnInterfaceToOneProgramAtATime) {
  MockKernel kernel(spec_of(1));
  ASSERT_TRUE(kernel.hold("1-1.1", 0));
  const Ran ran = read_from(kernel, "1-1.1");
  EXPECT_EQ(ran.status, io_error);
  EXPECT_THAT(ran.err, HasSubstr("LIBUSB_ERROR_BUSY"));
  EXPECT_EQ(kernel.counts("1-1.1").busy, 1);
  kernel.let_go("1-1.1", 0);
  EXPECT_THAT(read_from(kernel, "1-1.1").out, HasSubstr("Claiming USB DFU Interface..."));
  EXPECT_TRUE(kernel.hold("1-1.1", 0)) << "a program that has ended holds nothing";
}

class EachWedge : public testing::TestWithParam<Wedge> {};
INSTANTIATE_TEST_SUITE_P(MockKernel, EachWedge, testing::Values(Wedge::open, Wedge::claim, Wedge::close));

TEST_P(EachWedge, HoldsAProgramUntilItIsReleased) {
  MockKernel kernel(spec_of(1));
  kernel.wedge("1-1.1", GetParam());
  std::atomic<bool> released = false;
  std::thread later([&] {
    std::this_thread::sleep_for(300ms);
    released = true;
    kernel.release("1-1.1");
  });
  read_from(kernel, "1-1.1");
  EXPECT_TRUE(released);
  later.join();
}

TEST(MockKernel, LetsAProgramBeKilledInAWedge) {
  MockKernel kernel(spec_of(1));
  kernel.wedge("1-1.1", Wedge::claim);
  Child stuck({"dfu-util", "-a", "0", "-s", "0x080A0000:16", "-U", "/dev/null/nothing"}, kernel.environment(false));
  for (int i = 0; i < 1000 && kernel.counts("1-1.1").control < 4; ++i) std::this_thread::sleep_for(10ms);
  stuck.signal(SIGKILL);
  EXPECT_EQ(stuck.wait().status, 128 + SIGKILL);
  kernel.release("1-1.1");
  EXPECT_EQ(list(kernel).status, 0);
}

TEST(MockKernel, CountsWhatAForeignDeviceHears) {
  KernelSpec spec = spec_of(1);
  spec.foreign = {keyboard("1-1.6"), run_time_dfu("1-1.7")};
  MockKernel kernel(spec);
  read_from(kernel, "1-1.1");
  EXPECT_GT(kernel.counts("1-1.1").control, 0);
  EXPECT_EQ(kernel.counts("1-1.7").control, 0);
  EXPECT_EQ(kernel.counts("1-1.7").opens, 0);
  // Who lists every DFU device asks this one for its names; the keyboard has none.
  EXPECT_THAT(list(kernel).out, HasSubstr("Found Runtime: [2522:0007]"));
  EXPECT_GT(kernel.counts("1-1.7").control, 0);
  EXPECT_EQ(kernel.counts("1-1.6").opens, 0);
}

TEST(MockKernel, SwitchesAPortOffWhenBothHalvesOfItsHubAre) {
  KernelSpec spec = spec_of(2);
  spec.superspeed = true;
  MockKernel kernel(spec);
  const auto disable = [&](const std::string& hub, const std::string& value) {
    shell(kernel, "printf " + value + " > /sys/bus/usb/devices/" + hub + ":1.0/" + hub + "-port1/disable");
  };
  disable("101-1", "1");
  std::this_thread::sleep_for(100ms);
  EXPECT_NE(kernel.node("1-1.1"), "");
  disable("1-1", "1");
  EXPECT_TRUE(kernel.wait_for("1-1.1", false));
  EXPECT_THAT(list(kernel).out, testing::Not(HasSubstr("path=\"1-1.1\"")));
  EXPECT_NE(kernel.node("1-1.2"), "");
  disable("1-1", "0");
  EXPECT_TRUE(kernel.wait_for("1-1.1", true));
  EXPECT_THAT(list(kernel).out, HasSubstr("path=\"1-1.1\""));
}

TEST(MockKernel, NumbersAUnitAnewEachTimeItComes) {
  MockKernel kernel(spec_of(1));
  const std::string before = kernel.node("1-1.1");
  kernel.line().pull({"1-1.1"});
  ASSERT_TRUE(kernel.wait_for("1-1.1", false));
  EXPECT_EQ(shell(kernel, "test -e " + before).status, 1);
  kernel.line().plug({"1-1.1"});
  ASSERT_TRUE(kernel.wait_for("1-1.1", true));
  EXPECT_NE(kernel.node("1-1.1"), before);
}

}  // namespace
}  // namespace usb_mock
