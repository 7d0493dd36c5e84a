// The USB/IP server over real sockets, in scaled real time, with a virtual line behind it.
#include "dfu/virtual/usbip_server.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/virtual/line.h"
#include "scheduler/clocks.h"
#include "tests/dfu/virtual/modules.h"
#include "tests/dfu/virtual/usbip_client.h"

namespace dfu::virt::usbip {
namespace {

using namespace virt::testing;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double speed = 50;
constexpr std::uint32_t busy = 2, device_error = 3, no_device = 4;
constexpr std::int32_t stall = -32, cancelled = -104;

const Setup device_descriptor{0x80, 6, 0x0100, 0, 18};
const Setup first_look{0x80, 6, 0x0100, 0, 64};
const Setup get_status{0xA1, 3, 0, 0, 6};
const Setup get_state{0xA1, 5, 0, 0, 1};
const Setup touch{0x21, 0x20, 0, 0, 7};
const Bytes dfu_speed{0x40, 0x38, 0, 0, 0, 0, 8};

struct ClientAndServer {
  explicit ClientAndServer(LineSpec spec = photon_line(3, 3), Duration opening_time = 1h)
      : line(spec, clock), server(line, {.opening_time = opening_time}) {
    while (list(port()).size() < spec.units.size()) std::this_thread::sleep_for(1ms);
  }
  std::uint16_t port() const { return server.port(); }
  // Until the unit can be imported, as this if it matters; how the client then finds it.
  Shown wait_for(const std::string& busid, std::optional<UsbId> id = {}) {
    for (int tries = 0; tries < 10'000; ++tries) {
      for (const Shown& unit : list(port())) {
        if (unit.busid == busid && (!id || unit.id == *id)) return unit;
      }
      std::this_thread::sleep_for(1ms);
    }
    ADD_FAILURE() << busid << " did not come back";
    return {};
  }

  scheduler::RealClock clock{speed};
  VirtualLine line;
  Server server;
};

// Erases a sector and writes its first block.
void write_block(UsbipClient& client) {
  const auto done = [&](std::uint16_t block, const Bytes& data) {
    EXPECT_EQ(client.control({0x21, 1, block, 0, static_cast<std::uint16_t>(data.size())}, data).status, 0);
    client.control(get_status);
    const Reply status = client.control(get_status);
    ASSERT_EQ(status.data.size(), 6u);
    EXPECT_EQ(status.data[0], 0);
    EXPECT_EQ(status.data[4], 5) << "dfuDNLOAD-IDLE";
  };
  done(0, {0x41, 0x00, 0x00, 0x0A, 0x08});
  done(0, {0x21, 0x00, 0x00, 0x0A, 0x08});
  done(2, Bytes(4096, 0x3C));
}

// Leave the DFU mode for the application.
void leave(UsbipClient& client) {
  client.control({0x21, 1, 0, 0, 5}, {0x21, 0x00, 0x00, 0x02, 0x08});
  client.control(get_status);
  client.control(get_status);
  client.control({0x21, 1, 0, 0, 0});
  client.control(get_status);
}

TEST(UsbipServer, ListsTheUnitsInPortOrderWithWhatTheyAre) {
  ClientAndServer desk(photon_line(9, 3));
  const std::vector<Shown> units = list(desk.port());
  ASSERT_EQ(units.size(), 9u);
  EXPECT_EQ(units[0].busid, "1-1.1");
  EXPECT_EQ(units[8].busid, "1-2.2");
  EXPECT_EQ(units[0].id, (UsbId{0x2B04, 0xD006}));
  EXPECT_THAT(units[0].interface_classes, ElementsAre(0xFE));
}

TEST(UsbipServer, AnImportedUnitAnswersAsItsHostWouldSeeIt) {
  ClientAndServer desk;
  UsbipClient client(desk.port());
  ASSERT_EQ(client.import("1-1.2"), 0u);
  const Reply device = client.control(device_descriptor);
  ASSERT_EQ(device.data.size(), 18u);
  EXPECT_EQ(device.data[7], 64);
  EXPECT_EQ(device.data[8] | device.data[9] << 8, 0x2B04);
  EXPECT_EQ(client.control({0x80, 6, 0x0600, 0, 10}).status, stall) << "no device qualifier at full speed";
  EXPECT_EQ(client.control({0x00, 9, 1, 0, 0}).status, 0);
  EXPECT_EQ(client.control(get_state).data, (Bytes{2}));
  write_block(client);
  desk.line.with_unit({"1-1.2"}, [](VirtualUnit& unit) {
    EXPECT_EQ(unit.flash().at(0x080A0000), 0x3C);
    EXPECT_EQ(unit.flash().at(0x080A0FFF), 0x3C);
  });
  desk.line.with_unit({"1-1.1"}, [](VirtualUnit& unit) { EXPECT_EQ(unit.transfers(), 0u); });
}

TEST(UsbipServer, AUnitIsOneClientsAtATimeAndFreeAgainWhenThatGoes) {
  ClientAndServer desk;
  {
    UsbipClient holder(desk.port());
    ASSERT_EQ(holder.import("1-1.2"), 0u);
    EXPECT_THAT(busids(desk.port()), ElementsAre("1-1.1", "1-1.3"));
    UsbipClient other(desk.port());
    EXPECT_EQ(other.import("1-1.2"), busy);
    EXPECT_TRUE(other.closed());
    EXPECT_EQ(holder.control(get_state).data, (Bytes{2})) << "the holder is not harmed";
  }
  desk.wait_for("1-1.2");
  UsbipClient next(desk.port());
  EXPECT_EQ(next.import("1-1.2"), 0u);
}

TEST(UsbipServer, AUnitThatIsNotThereOrDoesNotOpenIsRefusedByItsOwnStatus) {
  ClientAndServer desk;
  for (const char* busid : {"1-1.7", "", "../../etc", "1-1.2 "}) {
    UsbipClient client(desk.port());
    EXPECT_EQ(client.import(busid), no_device) << busid;
    EXPECT_TRUE(client.closed());
  }
  desk.line.refuse_open({"1-1.2"}, OpenStatus::failed, 1);
  UsbipClient refused(desk.port());
  EXPECT_EQ(refused.import("1-1.2"), device_error);
  UsbipClient again(desk.port());
  EXPECT_EQ(again.import("1-1.2"), 0u);
}

TEST(UsbipServer, EachUnitIsImportedByItsOwnClientAndAllWorkAtTheSameTime) {
  ClientAndServer desk(photon_line(8, 3));
  std::vector<std::thread> people;
  for (const std::string& busid : busids(desk.port())) {
    people.emplace_back([&desk, busid] {
      UsbipClient client(desk.port());
      EXPECT_EQ(client.import(busid), 0u);
      write_block(client);
    });
  }
  for (std::thread& each : people) each.join();
  for (int unit = 1; unit <= 7; ++unit) {
    desk.line.with_unit({"1-1." + std::to_string(unit)},
                        [](VirtualUnit& one) { EXPECT_EQ(one.flash().at(0x080A0FFF), 0x3C); });
  }
}

TEST(UsbipServer, AUnitThatLeavesClosesItsConnectionAndComesBackInItsNewMode) {
  ClientAndServer desk(photon_line(1, 3));
  desk.line.with_unit({"1-1.1"}, [](VirtualUnit& unit) { install(unit.flash(), 5); });
  UsbipClient in_dfu(desk.port());
  ASSERT_EQ(in_dfu.import("1-1.1"), 0u);
  leave(in_dfu);
  EXPECT_TRUE(in_dfu.closed());
  const Shown application = desk.wait_for("1-1.1");
  EXPECT_EQ(application.id, (UsbId{0x2B04, 0xC006}));
  EXPECT_EQ(application.device_class, 2);
  EXPECT_THAT(application.interface_classes, ElementsAre(2, 0x0A));

  UsbipClient in_application(desk.port());
  ASSERT_EQ(in_application.import("1-1.1"), 0u);
  // It does not listen to line speeds before its USB has been up for a second.
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(in_application.control(touch, dfu_speed).status, 0);
  EXPECT_TRUE(in_application.closed());
  EXPECT_EQ(desk.wait_for("1-1.1").id, (UsbId{0x2B04, 0xD006}));
}

TEST(UsbipServer, AUnitThatIsPulledClosesItsConnectionAndIsNotListed) {
  ClientAndServer desk;
  UsbipClient client(desk.port());
  ASSERT_EQ(client.import("1-1.2"), 0u);
  desk.line.with_unit({"1-1.2"}, [](VirtualUnit& unit) { unit.flash().place(0x080A0000, Bytes{1}); });
  client.control({0x21, 1, 0, 0, 5}, {0x41, 0x00, 0x00, 0x0A, 0x08});
  for (const std::uint32_t seqnum : {1u, 2u}) client.send(submit_request(seqnum, get_status));  // it erases now
  desk.line.pull({"1-1.2"});
  for (const std::uint32_t seqnum : {1u, 2u}) {
    const Reply reply = client.reply();
    EXPECT_EQ(reply.seqnum, seqnum) << "every transfer has its answer";
    EXPECT_LT(reply.status, 0);
  }
  EXPECT_TRUE(client.closed());
  EXPECT_THAT(busids(desk.port()), ElementsAre("1-1.1", "1-1.3"));
  desk.line.plug({"1-1.2"});
  desk.wait_for("1-1.2");
}

TEST(UsbipServer, UnlinkEndsWhatTheUnitDoesNotAnswer) {
  LineSpec spec = photon_line(1, 3);
  spec.units[0].faults = {{.kind = FaultKind::wedge, .at = {FaultPoint::Kind::request, 2}}};
  ClientAndServer desk(spec);
  UsbipClient client(desk.port());
  ASSERT_EQ(client.import("1-1.1"), 0u);
  EXPECT_EQ(client.control(get_state).data, (Bytes{2}));
  client.send(submit_request(1, get_state));
  client.send(submit_request(2, get_state));
  client.send(unlink_request(3, 1));
  const Reply first = client.reply();
  EXPECT_EQ(first.command, 4u);
  EXPECT_EQ(first.seqnum, 3u);
  EXPECT_EQ(first.status, cancelled);
  client.send(unlink_request(4, 2));
  EXPECT_EQ(client.reply().status, cancelled);
  client.send(unlink_request(5, 2));
  EXPECT_EQ(client.reply().status, 0) << "there is nothing left to unlink";
}

// The only unit of the line, pulled and plugged in again with firmware that runs.
void into_application(ClientAndServer& desk) {
  desk.line.pull({"1-1.1"});
  desk.line.with_unit({"1-1.1"}, [](VirtualUnit& unit) { install(unit.flash(), 5); });
  desk.line.plug({"1-1.1"});
  desk.wait_for("1-1.1", UsbId{0x2B04, 0xC006});
}

TEST(UsbipServer, ASerialPortsNotificationStaysPendingAndHoldsUpNobody) {
  ClientAndServer desk(photon_line(1, 3));
  into_application(desk);
  UsbipClient client(desk.port());
  ASSERT_EQ(client.import("1-1.1"), 0u);
  client.send(submit_request(1, {.length = 8}, {}, 0x82));
  for (std::uint32_t seqnum = 2; seqnum < 18; ++seqnum) {
    client.send(submit_request(seqnum, {.length = 128}, {}, 0x81));
  }
  EXPECT_EQ(client.control({0xA1, 0x21, 0, 0, 7}).data.size(), 7u);
  client.send(submit_request(50, {.length = 3}, {1, 2, 3}, 0x01));
  const Reply out = client.reply();
  EXPECT_EQ(out.seqnum, 50u);
  EXPECT_EQ(out.status, 0);
  EXPECT_EQ(out.length, 3u);
  EXPECT_EQ(client.control({0x02, 1, 0, 0x81, 0}).status, 0) << "clear halt";
  for (std::uint32_t seqnum = 1; seqnum < 18; ++seqnum) {
    client.send(unlink_request(100 + seqnum, seqnum));
    const Reply reply = client.reply();
    EXPECT_EQ(reply.seqnum, 100 + seqnum);
    EXPECT_EQ(reply.status, cancelled);
  }
}

TEST(UsbipServer, WhatIsPendingWhenAUnitIsPulledHasItsAnswerBeforeTheConnectionCloses) {
  ClientAndServer desk(photon_line(1, 3));
  into_application(desk);
  UsbipClient client(desk.port());
  ASSERT_EQ(client.import("1-1.1"), 0u);
  for (std::uint32_t seqnum = 1; seqnum < 18; ++seqnum) {
    client.send(submit_request(seqnum, {.length = 128}, {}, seqnum == 1 ? 0x82 : 0x81));
  }
  EXPECT_EQ(client.control({0xA1, 0x21, 0, 0, 7}).data.size(), 7u);
  desk.line.pull({"1-1.1"});
  std::set<std::uint32_t> answered;
  for (int i = 1; i < 18; ++i) {
    const Reply reply = client.reply();
    EXPECT_EQ(reply.command, 3u);
    EXPECT_LT(reply.status, 0);
    answered.insert(reply.seqnum);
  }
  EXPECT_EQ(answered.size(), 17u);
  EXPECT_TRUE(client.closed());
}

// A port reset is not on the wire. This unit waits for one when it has its image.
TEST(UsbipServer, APortResetIsSeenInWhatLinuxReadsAfterIt) {
  LineSpec spec = photon_line(1, 3);
  spec.units[0].profile = "dfu11";
  spec.units[0].will_detach = false;
  ClientAndServer desk(spec);
  UsbipClient client(desk.port());
  ASSERT_EQ(client.import("1-1.1"), 0u);
  EXPECT_EQ(client.control(first_look).data.size(), 18u) << "part of its enumeration";
  EXPECT_EQ(client.control({0x00, 9, 1, 0, 0}).status, 0);
  EXPECT_EQ(client.control({0x21, 1, 0, 0, 1024}, Bytes(1024, 0x77)).status, 0);
  while (client.control(get_status).data.at(4) == 4) {
  }
  EXPECT_EQ(client.control({0x21, 1, 1, 0, 0}).status, 0);
  EXPECT_EQ(client.control(get_status).data.at(4), 7) << "dfuMANIFEST";
  EXPECT_LT(client.control(first_look).status, 0) << "the unit is lost in the reset";
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(desk.wait_for("1-1.1").id, (UsbId{0x1209, 0x0002}));
  UsbipClient again(desk.port());
  ASSERT_EQ(again.import("1-1.1"), 0u);
  EXPECT_EQ(again.control(first_look).data.size(), 18u);
}

TEST(UsbipServer, StopClosesEveryConnection) {
  ClientAndServer desk;
  UsbipClient holder(desk.port()), silent(desk.port());
  ASSERT_EQ(holder.import("1-1.2"), 0u);
  desk.server.stop();
  EXPECT_TRUE(holder.closed());
  EXPECT_TRUE(silent.closed());
}

TEST(UsbipServer, APortThatIsTakenIsSaidWithWhatToDo) {
  ClientAndServer desk;
  scheduler::RealClock clock;
  VirtualLine line(photon_line(1, 3), clock);
  try {
    Server second(line, {.port = desk.port()});
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("port " + std::to_string(desk.port()) + " of 127.0.0.1 is taken"));
    EXPECT_THAT(error.what(), HasSubstr("--listen 127.0.0.1:" + std::to_string(desk.port() + 1)));
  }
  EXPECT_THROW(Server(line, {.host = "192.0.2.1"}), std::runtime_error) << "not this machine";
}

// ---- strangers

// Goes on with its exchange until the strangers are done, and fails when one of them harms it.
class Honest {
 public:
  explicit Honest(ClientAndServer& desk) : client_(desk.port()) { EXPECT_EQ(client_.import("1-1.1"), 0u); }
  ~Honest() {
    EXPECT_EQ(client_.control(get_state).data, (Bytes{2}));
    write_block(client_);
  }
  void go_on() { EXPECT_EQ(client_.control(get_state).data, (Bytes{2})); }

 private:
  UsbipClient client_;
};

TEST(UsbipServer, RandomBytesEndTheConnectionAndHarmNobody) {
  ClientAndServer desk;
  Honest honest(desk);
  std::mt19937 dice(7);
  for (int stranger = 0; stranger < 200; ++stranger) {
    UsbipClient client(desk.port());
    Bytes noise(8 + dice() % 5000);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(dice());
    noise[0] = 0x02;
    client.send(noise);
    EXPECT_TRUE(client.closed());
    if (stranger % 20 == 0) honest.go_on();
  }
}

TEST(UsbipServer, RandomBytesAfterAnImportEndItAndFreeTheUnit) {
  ClientAndServer desk;
  Honest honest(desk);
  std::mt19937 dice(8);
  for (int stranger = 0; stranger < 30; ++stranger) {
    UsbipClient client(desk.port());
    desk.wait_for("1-1.2");
    ASSERT_EQ(client.import("1-1.2"), 0u);
    Bytes noise(48 + dice() % 5000);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(dice());
    noise[0] = 0xFF;
    client.send(noise);
    EXPECT_TRUE(client.closed());
  }
  honest.go_on();
}

TEST(UsbipServer, EveryFieldTurnedToNonsenseEndsThatConnectionOnly) {
  ClientAndServer desk;
  Honest honest(desk);
  const Bytes good = submit_request(1, {0x21, 1, 0, 0, 5}, {0x21, 0, 0, 0x0A, 0x08});
  for (std::size_t at : {0u, 0x0Cu, 0x10u, 0x18u, 0x20u}) {
    desk.wait_for("1-1.2");
    UsbipClient client(desk.port());
    ASSERT_EQ(client.import("1-1.2"), 0u);
    Bytes bad = good;
    bad[at] = 0x7F;
    client.send(bad);
    EXPECT_TRUE(client.closed()) << at;
    honest.go_on();
  }
}

TEST(UsbipServer, AClientThatGoesAnywhereInAnExchangeLeavesTheUnitFree) {
  ClientAndServer desk;
  Honest honest(desk);
  Bytes whole = import_request("1-1.2");
  for (const Bytes& each : {submit_request(1, {0x21, 1, 0, 0, 5}, {0x21, 0, 0, 0x0A, 0x08}),
                            submit_request(2, get_status), unlink_request(3, 2)}) {
    whole.insert(whole.end(), each.begin(), each.end());
  }
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    desk.wait_for("1-1.2");
    UsbipClient client(desk.port());
    client.send(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    if (size % 2) client.end_sending();  // half-open: it goes on reading
    if (size % 2)
      while (!client.closed()) {
      }
  }
  desk.wait_for("1-1.2");
}

TEST(UsbipServer, AClientThatSendsByteByByteIsServed) {
  ClientAndServer desk;
  UsbipClient client(desk.port());
  for (const std::uint8_t byte : import_request("1-1.2")) client.send({byte});
  ASSERT_EQ(client.receive(320).size(), 320u);
  for (const std::uint8_t byte : submit_request(1, get_state)) client.send({byte});
  EXPECT_EQ(client.reply(true).data, (Bytes{2}));
}

TEST(UsbipServer, WhoeverDoesNotSayWhatItWantsIsClosedInTime) {
  ClientAndServer desk(photon_line(3, 3), 200ms);
  UsbipClient silent(desk.port()), half(desk.port());
  half.send({0x01, 0x11, 0x80});
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(half.closed());
  UsbipClient holder(desk.port());
  ASSERT_EQ(holder.import("1-1.1"), 0u);
  UsbipClient another(desk.port());
  EXPECT_TRUE(another.closed());
  EXPECT_EQ(holder.control(get_state).data, (Bytes{2}))
      << "an imported unit may be left alone for as long as one likes";
}

TEST(UsbipServer, HundredsOfConnectionsThatSayNothingDoNotKeepAnybodyOut) {
  ClientAndServer desk;
  Honest honest(desk);
  std::vector<UsbipClient> crowd;
  for (int stranger = 0; stranger < 400; ++stranger) {
    crowd.emplace_back(desk.port());
    if (stranger % 50 == 0) honest.go_on();
  }
  EXPECT_THAT(busids(desk.port()), ElementsAre("1-1.2", "1-1.3"));
  EXPECT_TRUE(crowd.front().closed()) << "those who waited longest had to go";
}

TEST(UsbipServer, AClientThatReadsNothingIsNotListenedToAnyMoreAndLosesNoAnswer) {
  ClientAndServer desk;
  Honest honest(desk);
  UsbipClient client(desk.port(), 4096);
  ASSERT_EQ(client.import("1-1.2"), 0u);
  Bytes waiting;
  std::uint32_t asked = 0;
  int refusals = 0;
  while (refusals < 100 && asked < 1'000'000) {
    while (waiting.size() < 48 * 1000) {
      const Bytes one = unlink_request(++asked, 0xFFFFFF);
      waiting.insert(waiting.end(), one.begin(), one.end());
    }
    const std::size_t gone = client.send_some(waiting);
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(gone));
    refusals = gone == 0 ? refusals + 1 : 0;
    if (gone == 0) std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(refusals, 100) << "it went on listening";
  honest.go_on();
  const std::uint32_t sent = asked - static_cast<std::uint32_t>((waiting.size() + 47) / 48);
  for (std::uint32_t seqnum = 1; seqnum <= sent; ++seqnum) ASSERT_EQ(client.reply().seqnum, seqnum);
}

// ---- a program that nobody here wrote

TEST(UsbipServer, TheUsbipToolListsTheUnits) {
  if (std::system("usbip version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "there is no usbip here (Debian package usbip)";
  ClientAndServer desk;
  const std::string command = "usbip --tcp-port " + std::to_string(desk.port()) + " list -r 127.0.0.1 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t count = fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << text;
  for (const char* busid : {"1-1.1:", "1-1.2:", "1-1.3:"}) EXPECT_THAT(text, HasSubstr(busid));
  EXPECT_THAT(text, HasSubstr("2b04:d006"));
  EXPECT_THAT(text, HasSubstr("(fe/01/02)"));
}

}  // namespace
}  // namespace dfu::virt::usbip
