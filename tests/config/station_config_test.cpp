#include "config/station_config.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tests/config/support.h"

namespace config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class StationFile : public testing::Test {
 protected:
  StationResult load(std::string_view text) { return load_station(folder.write("station.toml", text)); }
  std::string said(std::string_view text) {
    const StationResult result = load(text);
    EXPECT_EQ(result.station == nullptr, has_error(result.diagnostics));
    return all(result.diagnostics);
  }

  Folder folder;
};

constexpr std::string_view good = R"(name = "line-3"
database = "/var/lib/flashline/flashline.db"
cap = 24
insert_after = 1.5
stagger = 0.25
unit_milliamperes = 450
quarantine_after = 5
[[controller]]
path = "pci-0000:00:14.0"
name = "L"
[[hub]]
port = "L-1"
label = "left"
width = 7
milliamperes = 3500
power = "ganged"
[[hub]]
port = "3-1.4"
[[slot]]
port = "L-1.2"
label = "A2"
recipe = "photon.toml"
[[slot]]
port = "3-1.4.1"
label = "B1"
skip = true
[board]
listen = "0.0.0.0:80"
)";

TEST_F(StationFile, GoodOneIsReadWhole) {
  const StationResult result = load(good);
  ASSERT_NE(result.station, nullptr) << all(result.diagnostics);
  EXPECT_TRUE(result.diagnostics.empty());
  const StationConfig& station = *result.station;
  EXPECT_EQ(station.name, "line-3");
  EXPECT_EQ(station.quarantine_after, 5);
  EXPECT_TRUE(station.skips({"3-1.4.1"}, {}));
  EXPECT_FALSE(station.skips({"3-1.4.2"}, {}));
  EXPECT_FALSE(station.slots[0].skip);
  EXPECT_EQ(station.database, "/var/lib/flashline/flashline.db");
  EXPECT_TRUE(station.has_cap);
  EXPECT_EQ(station.cap, 24);
  EXPECT_EQ(station.insert_after, 1500ms);
  EXPECT_EQ(station.stagger, 250ms);
  EXPECT_EQ(station.unit_milliamperes, 450);
  ASSERT_EQ(station.hubs.size(), 2u);
  EXPECT_EQ(station.hubs[0].width, 7);
  EXPECT_EQ(station.hubs[0].milliamperes, 3500);
  EXPECT_EQ(station.hubs[0].power, dfu::PortPower::ganged);
  EXPECT_EQ(station.hubs[1].width, std::nullopt);
  ASSERT_EQ(station.slots.size(), 2u);
  EXPECT_EQ(station.slots[0].recipe, folder.path("photon.toml"));
  EXPECT_EQ(station.slots[1].recipe, "");
  EXPECT_EQ(station.board_listen, "0.0.0.0:80");
}

TEST_F(StationFile, EmptyOneIsTheDefaults) {
  const StationResult result = load("");
  ASSERT_NE(result.station, nullptr);
  EXPECT_FALSE(result.station->has_cap) << "what the computer can do";
  EXPECT_EQ(result.station->insert_after, 2s);
  EXPECT_EQ(result.station->stagger, 0s);
  EXPECT_EQ(result.station->board_listen, "") << "no board unless it is asked for";
}

TEST_F(StationFile, TheBoardsNamesAreHostNames) {
  const StationResult named = load("[board]\nlisten = \"0.0.0.0:80\"\nnames = [\"Line-3.local\", \"line-3\"]\n");
  ASSERT_NE(named.station, nullptr);
  EXPECT_EQ(named.station->board_names, (std::vector<std::string>{"line-3.local", "line-3"}));
  EXPECT_EQ(load("[board]\nnames = [\"http://line-3\"]\n").station, nullptr);
}

TEST_F(StationFile, ThePatternOfLabelsIsARegularExpression) {
  EXPECT_EQ(load("[labels]\npattern = \"SN-[0-9]+\"\n").station->label_pattern, "SN-[0-9]+");
  EXPECT_THAT(said("[labels]\npattern = \"SN-[0-9\"\n"), HasSubstr("is no regular expression"));
  EXPECT_THAT(said("[labels]\npattern = \"(ab)\\\\1\"\n"), HasSubstr("refers back"));
  EXPECT_THAT(said("[labels]\npattern = \"" + std::string(300, '(') + "\"\n"), HasSubstr("longer than 200"));
  EXPECT_THAT(said("[labels]\npattern = \"((a{900}){900}){900}\"\n"), HasSubstr("too large"));
}

TEST_F(StationFile, ATrustedProxyIsAnAddress) {
  const StationResult named = load("[board]\nlisten = \"127.0.0.1:80\"\ntrusted_proxy = \"127.0.0.1\"\n");
  ASSERT_NE(named.station, nullptr);
  EXPECT_EQ(named.station->board_proxies, std::vector<std::string>{"127.0.0.1"});
  EXPECT_TRUE(load("[board]\nlisten = \"127.0.0.1:80\"\n").station->board_proxies.empty()) << "nobody by itself";
  for (const char* wrong : {"localhost", "127.0.0.1:80", "127.0.0.0/8", "*"}) {
    const StationResult refused = load("[board]\ntrusted_proxy = \"" + std::string(wrong) + "\"\n");
    EXPECT_EQ(refused.station, nullptr) << wrong;
    EXPECT_NE(refused.diagnostics.at(0).message.find(wrong), std::string::npos);
  }
}

TEST_F(StationFile, PathsAreRelativeToTheFile) {
  const StationResult result = load("database = \"db/f.db\"\n");
  ASSERT_NE(result.station, nullptr);
  EXPECT_EQ(result.station->database, folder.path("db/f.db"));
}

TEST_F(StationFile, MissingFileIsMissingInput) {
  const StationResult result = load_station(folder.path("none.toml"));
  EXPECT_TRUE(result.input_missing);
  EXPECT_EQ(result.station, nullptr);
}

TEST_F(StationFile, EveryMistakeIsToldAtItsPlace) {
  const StationResult result = load(R"(nam = "x"
cap = 0
insert_after = -1
[[controller]]
path = "pci-1"
name = "1"
[[controller]]
path = "pci-1"
name = "L"
[[hub]]
port = "L-1"
widht = 7
milliamperes = "3500"
power = "perport"
[[slot]]
port = "L-1.2.33"
label = "A2"
[[slot]]
port = "K-1.2"
label = "A2"
[[slot]]
label = "A3"
[[slot]]
port = "L-1"
label = "A4"
[board]
listen = "8080"
)");
  EXPECT_EQ(result.station, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("1:1", "2:7", "3:16", "6:8", "8:8", "12:1", "13:16", "14:9",
                                                      "16:8", "19:8", "20:9", "21:1", "24:8", "27:10"))
      << all(result.diagnostics);
  const std::string text = all(result.diagnostics);
  EXPECT_THAT(text, HasSubstr("Did you mean 'name'?"));
  EXPECT_THAT(text, HasSubstr("Did you mean 'width'?"));
  EXPECT_THAT(text, HasSubstr("'power' must be one of per-port, ganged and none, not \"perport\""));
  EXPECT_THAT(text, HasSubstr("the slot label 'A2' was given on line 17 already"));
  EXPECT_THAT(text, HasSubstr("[[slot]] number 3 has no 'port'"));
  EXPECT_THAT(text, HasSubstr("the port 'L-1' was given on line 11 already"));
}

TEST_F(StationFile, PortsThatAreNoneAreRefused) {
  for (const std::string port : {"1", "-1", "1-", "1-0", "1-32", "0-1", "1-1.", "1-.1", "1-1..2", "01-1", "1-01",
                                 "1-1.2 ", "1-a", "1_1", "1-1.1.1.1.1.1.1.1", "1-1:1.0", "-", "1--1", "1000-1"}) {
    EXPECT_THAT(said("[[slot]]\nlabel = \"A\"\nport = \"" + port + "\"\n"),
                HasSubstr(":3:8: error: '" + port + "' is not a port path"));
  }
  for (const std::string port : {"1-1", "12-31", "1-1.1.1.1.1.1.1"}) {
    EXPECT_EQ(said("[[slot]]\nlabel = \"A\"\nport = \"" + port + "\"\n"), "");
  }
}

TEST_F(StationFile, PortOfAControllerThatHasNoNameIsRefusedWithTheNearestOne) {
  EXPECT_THAT(said("[[controller]]\npath=\"p\"\nname=\"LEFT\"\n[[slot]]\nlabel=\"A\"\nport=\"LEFTT-1\"\n"),
              HasSubstr("which has no [[controller]] in this file. Hint: Did you mean 'LEFT'?"));
}

TEST_F(StationFile, BoardListensOnlyToAnAddressWithAPort) {
  for (const std::string listen : {"8080", "host:", ":8080", "host:0", "host:65536", "host:80x", "a b:80", "::1:80"}) {
    EXPECT_THAT(said("[board]\nlisten = \"" + listen + "\"\n"), HasSubstr("is not an address to listen on")) << listen;
  }
  for (const std::string listen : {"localhost:8080", "[::1]:8080", "192.168.0.2:65535"}) {
    EXPECT_EQ(said("[board]\nlisten = \"" + listen + "\"\n"), "") << listen;
  }
}

class HookTables : public StationFile {
 protected:
  HookTables() {
    folder.write("lamp", "#!/bin/sh\n");
    std::filesystem::permissions(folder.path("lamp"), std::filesystem::perms::owner_all);
    folder.write("notes", "no program\n");
  }
};

TEST_F(HookTables, AreReadWithTheirProgramBesideTheFile) {
  const StationResult result = load(
      "[[hook]]\nrun = [\"lamp\"]\n"
      "[[hook]]\non = [\"passed\", \"error\"]\nrun = [\"/bin/sh\", \"lamp\"]\ntimeout = 0.5\n"
      "[[hook]]\non = []\nrun = [\"lamp\"]\n");
  ASSERT_NE(result.station, nullptr) << all(result.diagnostics);
  const std::vector<HookConfig>& hooks = result.station->hooks;
  ASSERT_EQ(hooks.size(), 3u);
  EXPECT_THAT(hooks[0].outcomes, ElementsAre("passed", "already", "failed", "error", "cancelled"));
  EXPECT_THAT(hooks[0].run, ElementsAre(folder.path("lamp")));
  EXPECT_EQ(hooks[0].timeout, 5s);
  EXPECT_THAT(hooks[1].outcomes, ElementsAre("passed", "error"));
  EXPECT_THAT(hooks[1].run, ElementsAre("/bin/sh", "lamp")) << "arguments are nobody's paths";
  EXPECT_EQ(hooks[1].timeout, 500ms);
  EXPECT_THAT(hooks[2].outcomes, ElementsAre()) << "switched off";
}

TEST_F(HookTables, WithMistakesAreRefusedAtTheirPlace) {
  EXPECT_THAT(said("[[hook]]\non = [\"passed\", \"faild\"]\nrun = [\"lamp\"]\n"),
              AllOf(HasSubstr(":2:17: error: 'on' must be one of passed, already, failed, error and cancelled, not "
                              "\"faild\""),
                    HasSubstr("Did you mean \"failed\"?")));
  EXPECT_THAT(said("[[hook]]\non = [\"interrupted\"]\nrun = [\"lamp\"]\n"), HasSubstr(":2:7: error: 'on' must be"));
  EXPECT_THAT(
      said("[[hook]]\nrun = [\"lamb\"]\n"),
      AllOf(HasSubstr(":2:8: error: there is no program '" + folder.path("lamb") + "'"), HasSubstr("PATH is not")));
  EXPECT_THAT(said("[[hook]]\nrun = [\".\"]\n"), HasSubstr(":2:8: error: there is no program"));
  EXPECT_THAT(said("[[hook]]\nrun = [\"notes\"]\n"), HasSubstr("is not executable"));
  EXPECT_THAT(said("[[hook]]\n"), HasSubstr("[[hook]] number 1 has no 'run'"));
  EXPECT_THAT(said("[[hook]]\nrun = []\n"), HasSubstr(":2:7: error: 'run' is an empty list"));
  EXPECT_THAT(said("[[hook]]\nrun = \"lamp\"\n"), HasSubstr("'run' must be a list of texts in quotes"));
  for (const std::string limit : {"0", "-1", "60.5", "nan"}) {
    EXPECT_THAT(said("[[hook]]\nrun = [\"lamp\"]\ntimeout = " + limit + "\n"), HasSubstr("must be from 0.1 to 60"));
  }
}

class Names : public StationFile {
 protected:
  void SetUp() override {
    station = load(good).station;
    ASSERT_NE(station, nullptr);
  }

  std::shared_ptr<const StationConfig> station;
  // A USB 3 controller has two buses; after a reboot they may have other numbers.
  const std::vector<dfu::ControllerInfo> today{
      {1, "pci-0000:00:14.0"}, {2, "pci-0000:00:14.0"}, {3, "pci-0000:05:00.0"}};
  const std::vector<dfu::ControllerInfo> tomorrow{{4, "pci-0000:00:14.0"}, {3, "pci-0000:05:00.0"}};
};

TEST_F(Names, LabelFollowsTheControllerNotTheBusNumber) {
  EXPECT_EQ(station->label_of({"1-1.2"}, today), "A2");
  EXPECT_EQ(station->label_of({"1-1.2"}, tomorrow), "");
  EXPECT_EQ(station->label_of({"4-1.2"}, tomorrow), "A2");
  EXPECT_EQ(station->label_of({"3-1.4.1"}, today), "B1");
  EXPECT_EQ(station->label_of({"3-1.2"}, today), "");
  EXPECT_EQ(station->label_of({"1-1.20"}, today), "");
  EXPECT_EQ(station->label_of({"3-1.4.1"}, {}), "B1");
}

TEST_F(Names, PortOfANameIsOnTheBusThatItsControllerHasNow) {
  EXPECT_EQ(station->port_of("L-1.2", today), dfu::PortPath{"1-1.2"});
  EXPECT_EQ(station->port_of("L-1.2", tomorrow), dfu::PortPath{"4-1.2"});
  EXPECT_EQ(station->port_of("3-1.4", today), dfu::PortPath{"3-1.4"});
  EXPECT_EQ(station->port_of("L-1.2", {{3, "pci-0000:05:00.0"}}), std::nullopt);
  EXPECT_EQ(station->port_of("K-1.2", today), std::nullopt);
  EXPECT_EQ(station->port_of("nonsense", today), std::nullopt);
}

}  // namespace
}  // namespace config
