// The hand from outside: what it may do to a line, and that no client of its socket can hold up anybody.
#include "dfu/virtual/control.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/dfu/virtual/diary.h"

namespace dfu::virt {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

LineSpec one_absent() {
  LineSpec spec = one_unit(12);
  spec.units[0].starts = Starts::absent;
  return spec;
}

std::string id_of(Line& line) {
  std::string id;
  line.line.with_unit(first, [&](VirtualUnit& unit) { id = unit.id(); });
  return id;
}

TEST(Control, UnitsArePluggedAndPulledAndEachSenselessWishIsRefused) {
  Line line(one_absent());
  EXPECT_THAT(obey(line.line, "pull 1-1.1"), StartsWith("error: no unit of port 1-1.1"));
  EXPECT_EQ(obey(line.line, "plug 1-1.1"), "ok");
  line.clock.run();
  EXPECT_THAT(obey(line.line, "plug 1-1.1"), StartsWith("error: the unit of port 1-1.1 is plugged in"));
  EXPECT_THAT(obey(line.line, "fresh 1-1.1"), StartsWith("error: the unit of port 1-1.1 is plugged in"));
  EXPECT_EQ(obey(line.line, "\tpull  1-1.1 \r"), "ok");
  line.clock.run();
  EXPECT_THAT(line.diary, ElementsAre("listed", "+1-1.1 dfu", "-1-1.1"));
}

TEST(Control, AUnitPluggedBeforeTheLineStartsIsThereWhenItDoes) {
  scheduler::VirtualClock clock;
  VirtualLine line(one_absent(), clock);
  EXPECT_EQ(obey(line, "plug 1-1.1"), "ok");
  int arrived = 0;
  line.start([&](const BusEvent& event) { arrived += std::holds_alternative<Arrived>(event); });
  clock.run();
  EXPECT_EQ(arrived, 1);
}

TEST(Control, WhatIsNoCommandIsAnsweredWithWhatIs) {
  Line line(one_absent());
  for (const char* wrong : {"", " ", "plug", "plug 1-1.1 1-1.2", "push 1-1.1", "fault 1-1.1", "fault 1-1.1 hang"}) {
    EXPECT_THAT(obey(line.line, wrong), StartsWith("error: say plug PORT")) << wrong;
  }
  EXPECT_THAT(obey(line.line, "plug 1-1.7"), HasSubstr("starts = \"absent\""));
  EXPECT_THAT(obey(line.line, "fault 1-1.1 melt leave"), HasSubstr("stall, hang"));
  EXPECT_THAT(obey(line.line, "fault 1-1.1 hang block:0"), HasSubstr("block:40"));
  for (const char* times : {"0", "-1", "x", "1000001", "3x"}) {
    EXPECT_THAT(obey(line.line, std::string("fault 1-1.1 hang leave ") + times), HasSubstr("number of times")) << times;
  }
}

TEST(Control, AHubGoesAndComesWithAllThatIsBehindIt) {
  LineSpec spec = one_unit(12);
  spec.hubs.push_back({.port = {"1-1.4"}, .ports = 4});
  spec.hubs.push_back({.port = {"1-3"}, .ports = 4, .absent = true});
  for (const char* port : {"1-1.4.2", "1-3.1"}) {
    spec.units.push_back(spec.units[0]);
    spec.units.back().port = {port};
  }
  Line line(spec);
  EXPECT_THAT(line.diary, ElementsAre("+1-1.1 dfu", "+1-1.4.2 dfu", "listed"));
  EXPECT_EQ(line.line.topology().hubs.size(), 2u);
  EXPECT_EQ(obey(line.line, "pull 1-1"), "ok");
  line.clock.run();
  EXPECT_TRUE(line.here.empty());
  EXPECT_TRUE(line.line.topology().hubs.empty()) << "the one behind it is gone, too";
  EXPECT_EQ(obey(line.line, "pull 1-1"), "error: hub 1-1 is not plugged in");
  EXPECT_EQ(obey(line.line, "plug 1-1.1"), "error: hub 1-1 is not plugged in");
  EXPECT_EQ(obey(line.line, "plug 1-3"), "ok");
  EXPECT_EQ(obey(line.line, "plug 1-1"), "ok");
  EXPECT_EQ(obey(line.line, "plug 1-1"), "error: hub 1-1 is plugged in");
  line.clock.run();
  EXPECT_EQ(line.here.size(), 3u);
  EXPECT_EQ(line.line.topology().hubs.size(), 3u);
}

TEST(Control, AFreshUnitIsBlankHasAnotherIdAndTheFaultsOfTheSpecAnew) {
  LineSpec spec = one_absent();
  spec.units[0].faults.push_back({.kind = FaultKind::stall, .at = {FaultPoint::Kind::request, 2}});
  Line line(spec);
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(obey(line.line, i == 0 ? "plug 1-1.1" : "fresh 1-1.1"), "ok");
    line.clock.run();
    ids.insert(id_of(line));
    line.line.with_unit(first, [](VirtualUnit& unit) { EXPECT_EQ(unit.flash().word(0x08020000), 0xFFFFFFFF); });
    EXPECT_EQ(line.open().status, OpenStatus::ok);
    EXPECT_EQ(line.status().status, TransferStatus::stall) << i;
    EXPECT_EQ(line.status().status, TransferStatus::ok) << i;
    line.line.with_unit(first, [](VirtualUnit& unit) { unit.flash().program(0x08020000, 0x5A5A5A5A); });
    EXPECT_EQ(obey(line.line, "pull 1-1.1"), "ok");
    line.clock.run();
  }
  EXPECT_EQ(ids.size(), 3u);
}

TEST(Control, AFaultFromOutsideStrikesAsOftenAsItShall) {
  Line line(one_unit(12));
  EXPECT_EQ(obey(line.line, "fault 1-1.1 stall request:1 2"), "ok");
  EXPECT_EQ(line.open().status, OpenStatus::failed);
  EXPECT_EQ(line.open().status, OpenStatus::failed);
  EXPECT_EQ(line.open().status, OpenStatus::ok);
}

// ---- the socket

class ControlSocketTest : public ::testing::Test {
 protected:
  ControlSocketTest() {
    std::string name = std::filesystem::temp_directory_path() / "flashline-control-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ / "line.ctl";
  }
  ~ControlSocketTest() override { std::filesystem::remove_all(folder_); }

  int connected() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
    close(descriptor);
    return -1;
  }

  // All that comes until `lines` line ends, or until the other side closes.
  static std::string heard(int descriptor, int lines) {
    std::string text;
    for (char c; lines > 0 && read(descriptor, &c, 1) == 1;) {
      text += c;
      if (c == '\n') --lines;
    }
    return text;
  }
  static void say(int descriptor, const std::string& text) {
    ASSERT_EQ(send(descriptor, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  std::string refused() {
    try {
      const ControlSocket socket(path_, line_.line);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  Line line_{one_absent()};
  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(ControlSocketTest, EachLineIsAnsweredInOrderHoweverItComes) {
  const ControlSocket socket(path_, line_.line);
  const int client = connected();
  say(client, "plug 1-1.1\nplug 1-1.1\npu");
  EXPECT_THAT(heard(client, 2), StartsWith("ok\nerror: "));
  say(client, "ll 1-1.1\n");
  EXPECT_EQ(heard(client, 1), "ok\n");
  close(client);
}

TEST_F(ControlSocketTest, NobodyWaitsForAClientThatDoesNotReadOrNeverEndsItsLine) {
  const ControlSocket socket(path_, line_.line);
  const int deaf = connected(), endless = connected();
  const std::string many(500, '\n');
  for (ssize_t sent = 1; sent > 0;) sent = send(deaf, many.data(), many.size(), MSG_NOSIGNAL);
  for (ssize_t sent = 1; sent > 0;) sent = send(endless, "xxxxxxxxxx", 10, MSG_NOSIGNAL);
  const int client = connected();
  say(client, "plug 1-1.1\n");
  EXPECT_EQ(heard(client, 1), "ok\n");
  EXPECT_EQ(heard(endless, 2), "error: this line is too long\n") << "and then it is disconnected";
  close(client);
  close(deaf);
  close(endless);
}

TEST_F(ControlSocketTest, AClientTooManyIsToldSo) {
  const ControlSocket socket(path_, line_.line);
  std::vector<int> clients;
  for (int i = 0; i < 17; ++i) clients.push_back(connected());
  EXPECT_EQ(heard(clients.back(), 2), "error: too many programs are connected\n");
  say(clients.front(), "plug 1-1.1\n");
  EXPECT_EQ(heard(clients.front(), 1), "ok\n");
  for (const int client : clients) close(client);
}

TEST_F(ControlSocketTest, TheSocketGoesWithTheProgramAndOneLeftBehindIsReplaced) {
  { const ControlSocket socket(path_, line_.line); }
  EXPECT_FALSE(std::filesystem::exists(path_));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof address.sun_path - 1);
  const int killed = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(killed, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(killed);
  ASSERT_TRUE(std::filesystem::exists(path_));
  const ControlSocket socket(path_, line_.line);
  const int client = connected();
  say(client, "plug 1-1.1\n");
  EXPECT_EQ(heard(client, 1), "ok\n");
  close(client);
}

TEST_F(ControlSocketTest, WhatCannotBeASocketIsRefusedWithTheReasonAndLeftAlone) {
  {
    const ControlSocket other(path_, line_.line);
    EXPECT_THAT(refused(), HasSubstr("another program serves"));
    EXPECT_GE(connected(), 0) << "the other one still does";
  }
  std::ofstream(path_) << "mine";
  EXPECT_THAT(refused(), HasSubstr("a file of another kind"));
  EXPECT_EQ(std::filesystem::file_size(path_), 4u);
  path_ = folder_ / "nowhere" / "line.ctl";
  EXPECT_THAT(refused(), HasSubstr("No such file or directory"));
  path_ = folder_ / std::string(100, 'x');
  EXPECT_THAT(refused(), HasSubstr("too long"));
}

}  // namespace
}  // namespace dfu::virt
