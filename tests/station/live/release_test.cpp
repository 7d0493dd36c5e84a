// `release`: a hub that was stopped goes on by a person's word from the command line, to a program that runs.
#include "station/live/release.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "station/run/command_socket.h"
#include "tests/station/control_client.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::HasSubstr;

LineNow sample_line() {
  LineNow line;
  line.hubs = {{.port = {"1-1"}, .label = "left"}, {.port = {"1-2"}}};
  line.hubs[0].slots = {{.port = {"1-1.1"}, .label = "A1"}, {.port = {"1-1.2"}, .label = "A2"}};
  line.hubs[0].slots[1].quarantine = "3 units in a row failed here";
  line.hubs[1].trouble = HubTrouble{true, {}};
  return line;
}

TEST(Release, AHubIsFoundByItsPortOrLabelAndSaysHowItGoesOn) {
  LineNow line = sample_line();
  auto found = releasable(line, "1-2");
  ASSERT_TRUE(std::holds_alternative<Releasable>(found));
  EXPECT_EQ(std::get<Releasable>(found).name, "hub 1-2");
  EXPECT_THAT(std::get<Releasable>(found).then, HasSubstr("half as many"));
  line.hubs[0].trouble = HubTrouble{false, {}};
  found = releasable(line, "left");
  ASSERT_TRUE(std::holds_alternative<Releasable>(found));
  EXPECT_EQ(std::get<Releasable>(found).port.text, "1-1");
  EXPECT_THAT(std::get<Releasable>(found).then, HasSubstr("as many units at once as before"));
}

TEST(Release, ASlotThatIsClosedIsFoundAndWhatIsInUseIsSaidToBe) {
  const LineNow line = sample_line();
  EXPECT_EQ(std::get<Releasable>(releasable(line, "A2")).port.text, "1-1.2");
  EXPECT_THAT(std::get<std::string>(releasable(line, "A1")), HasSubstr("slot A1 is in use"));
  EXPECT_THAT(std::get<std::string>(releasable(line, "left")), HasSubstr("hub left takes its full width"));
  EXPECT_THAT(std::get<std::string>(releasable(line, "Z9")), HasSubstr("no slot and no hub 'Z9'"));
}

TEST(Release, ARequestIsALineWithWhoAndWhyAndAnythingElseIsNone) {
  const ReleaseRequest request{"1-2", {"Anna \"A\"", "cable;\t replaced?"}};
  EXPECT_FALSE(request_from(to_line(request))) << "a tab is nothing for a line of a screen";
  const auto read = request_from(to_line(ReleaseRequest{"1-2", {"Anna \"A\"", "线缆"}}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->place, "1-2");
  EXPECT_EQ(read->decision.by, "Anna \"A\"");
  EXPECT_EQ(read->decision.reason, "线缆");
  for (const char* line : {"", "release 1-2", "[]", "{\"release\":\"1-2\"}", "{\"release\":\"1-2\",\"by\":\"x\"}"}) {
    EXPECT_FALSE(request_from(line)) << line;
  }
}

class ReleaseCommand : public testing::Test {
 protected:
  Ran release(const std::string& place) {
    return folder.run({"release", place, "--operator", "Anna", "--reason", "cable replaced", "--db", "r.db"});
  }
  ProgramFolder folder;
};

TEST_F(ReleaseCommand, WithoutALineThereIsNobodyToAsk) {
  const Ran ran = release("1-1");
  EXPECT_EQ(ran.status, 69) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("no line runs"));
}

TEST_F(ReleaseCommand, WhoAndWhyAreAskedFor) {
  EXPECT_EQ(folder.run({"release", "1-1", "--db", "r.db", "--operator", "Anna"}).status, 64);
  EXPECT_EQ(folder.run({"release", "1-1", "--db", "r.db", "--reason", "x"}).status, 64);
  EXPECT_EQ(folder.run({"release", "1-1", "--db", "r.db", "--operator", "Anna", "--reason", "a\nb"}).status, 64);
}

// Connections of a program that hangs.
TEST_F(ReleaseCommand, ThoseWhoConnectAndSayNothingKeepNobodyOut) {
  folder.write("line.toml", "[line]\nspeed = 50\n[[hub]]\nport = \"1-1\"\nports = 7\n");
  const int process =
      folder.start({"run", example_recipe(), "--line", "line.toml", "--db", "r.db", "--json", "--board", "off"});
  const std::string database = folder.path("r.db");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  command_socket_of(database).copy(address.sun_path, sizeof address.sun_path - 1);
  std::vector<int> silent;
  for (int tries = 0; tries < 200 && silent.size() < 20; ++tries) {
    const int one = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      silent.push_back(one);
    } else {
      close(one);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
  const auto said = ask_line(database, to_line(ReleaseRequest{"1-1", {"Anna", "cable replaced"}}));
  for (const int one : silent) close(one);
  kill(process, SIGTERM);
  folder.finish(process);
  EXPECT_EQ(silent.size(), 20U);
  EXPECT_TRUE(std::holds_alternative<std::string>(said));
}

// Four units of hub 1-1 whose cable fails in each attempt, plugged in until the hub is stopped.
TEST_F(ReleaseCommand, AStoppedHubOfARunningLineIsReleasedWithWhoAndWhyOnRecord) {
  std::string file = "[line]\nspeed = 50\ncontrol = \"ctl\"\n[[hub]]\nport = \"1-1\"\nports = 7\n";
  for (int i = 1; i <= 4; ++i) {
    file += "[[unit]]\nport = \"1-1." + std::to_string(i) + "\"\nprofile = \"photon\"\ngeneration = 8\n" +
            "[[unit.fault]]\nkind = \"cable\"\nat = \"block:2\"\ntimes = 1000\n";
  }
  folder.write("line.toml", file);
  folder.write("station.toml", "quarantine_after = 0\n");
  const int process = folder.start({"run", example_recipe(), "--line", "line.toml", "--station", "station.toml", "--db",
                                    "r.db", "--json", "--board", "off"});
  const std::string database = folder.path("r.db");
  ControlClient control(folder.path("ctl"));
  const ReleaseRequest ask{"1-1", {"Anna", "cable replaced"}};
  std::optional<ReleaseAnswer> answer;
  for (int i = 0; i < 200 && !(answer && answer->done); ++i) {
    const std::string port = "1-1." + std::to_string(i % 4 + 1);
    control.say("pull " + port);
    control.say("fresh " + port);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const auto said = ask_line(database, to_line(ask));
    if (const auto* line = std::get_if<std::string>(&said)) answer = answer_from(*line);
  }
  kill(process, SIGTERM);
  const Ran ran = folder.finish(process);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->done) << answer->text;
  EXPECT_THAT(ran.out, HasSubstr("Anna released it (cable replaced)"));
  EXPECT_FALSE(std::filesystem::exists(command_socket_of(database))) << "it goes with the run";
  const Ran events = folder.run({"report", "--format", "json", "--db", "r.db"});
  EXPECT_THAT(events.out, HasSubstr("Anna released hub 1-1 (cable replaced) by command."));
}

}  // namespace
}  // namespace station
