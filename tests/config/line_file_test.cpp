#include "config/line_file.h"

#include <gtest/gtest.h>

#include "dfu/virtual/generations.h"
#include "tests/config/support.h"

namespace config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace dfu::virt;

class LineFile : public testing::Test {
 protected:
  LineResult load(std::string_view text) { return load_line(folder.write("line.toml", text)); }
  std::string said(const std::string& unit) {
    const LineResult result = load("[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.2\"\n" + unit);
    EXPECT_EQ(!result.line, has_error(result.diagnostics));
    return all(result.diagnostics);
  }

  Folder folder;
};

TEST_F(LineFile, GoodOneIsReadWhole) {
  const LineResult result = load(R"([line]
speed = 20
[[hub]]
port = "1-1"
ports = 4
tt = "single"
power = "none"
[[hub]]
port = "1-1.4"
starts = "absent"
[[unit]]
port = "1-1.2"
profile = "photon"
generation = 12
id = "3b002c001847353236343033"
starts = "application"
flash = "u2.bin"
[[unit.fault]]
kind = "unplug"
at = "block:40"
times = 2
[[unit.fault]]
kind = "corrupt"
at = "address:0x08061000"
[[unit]]
port = "1-1.4.7"
)");
  ASSERT_TRUE(result.line) << all(result.diagnostics);
  const LineSpec& line = *result.line;
  EXPECT_EQ(line.speed, 20.0);
  ASSERT_EQ(line.hubs.size(), 2u);
  EXPECT_EQ(line.hubs[0].ports, 4);
  EXPECT_EQ(line.hubs[0].tt, dfu::TransactionTranslator::single);
  EXPECT_EQ(line.hubs[0].power, dfu::PortPower::none);
  EXPECT_FALSE(line.hubs[0].absent);
  EXPECT_TRUE(line.hubs[1].absent);
  EXPECT_EQ(line.hubs[1].ports, 7);
  ASSERT_EQ(line.units.size(), 2u);
  EXPECT_EQ(line.units[0].generation, 12);
  EXPECT_EQ(line.units[0].id, "3b002c001847353236343033");
  EXPECT_EQ(line.units[0].starts, Starts::application);
  EXPECT_EQ(line.units[0].flash_file, folder.path("u2.bin"));
  ASSERT_EQ(line.units[0].faults.size(), 2u);
  EXPECT_EQ(line.units[0].faults[0].kind, FaultKind::unplug);
  EXPECT_EQ(line.units[0].faults[0].at.kind, FaultPoint::Kind::block);
  EXPECT_EQ(line.units[0].faults[0].at.number, 40u);
  EXPECT_EQ(line.units[0].faults[0].times, 2);
  EXPECT_EQ(line.units[0].faults[1].at.number, 0x08061000u);
  EXPECT_EQ(line.units[0].faults[1].times, 1);
  EXPECT_EQ(line.units[1].generation, 3);
  EXPECT_EQ(line.units[1].starts, Starts::dfu);
}

TEST_F(LineFile, MissingFileIsMissingInput) {
  const LineResult result = load_line(folder.path("none.toml"));
  EXPECT_TRUE(result.input_missing);
  EXPECT_FALSE(result.line);
}

TEST_F(LineFile, EveryMistakeIsToldAtItsPlace) {
  const LineResult result = load(R"([line]
sped = 20
[[hub]]
port = "L-1"
[[hub]]
port = "1-1"
ports = 0
tt = "many"
[[unit]]
port = "1-1.8"
profile = "foton"
generation = 4
id = "3b00"
starts = "asleep"
[[unit.fault]]
kind = "unplugged"
att = "block:40"
[[unit]]
port = "1-2.1"
flash = "same.bin"
[[unit]]
port = "1-2.1"
flash = "./same.bin"
[[unit]]
port = "2-1"
[[unit.fault]]
kind = "stall"
at = "later"
times = 0
)");
  EXPECT_FALSE(result.line);
  EXPECT_THAT(places(result.diagnostics),
              ElementsAre("2:1", "4:8", "7:9", "8:6", "10:8", "11:11", "12:14", "13:6", "14:10", "16:8", "17:1", "19:8",
                          "22:8", "23:9", "25:8", "28:6", "29:9"))
      << all(result.diagnostics);
  const std::string text = all(result.diagnostics);
  EXPECT_THAT(text, HasSubstr("the unit at '1-1.8' is beyond its hub: 1-1 has 7 ports"));
  EXPECT_THAT(text, HasSubstr("Did you mean \"unplug\"?"));
  EXPECT_THAT(text, HasSubstr("unknown key 'att' in [[unit.fault]] number 1"));
  EXPECT_THAT(text, HasSubstr("there is no [[hub]] with port '1-2'"));
  EXPECT_THAT(text, HasSubstr("port '1-2.1' is taken already, on line 19"));
  EXPECT_THAT(text, HasSubstr("the unit at '2-1' has no hub"));
}

TEST_F(LineFile, HubBehindAHubNeedsThatHubAndThatPort) {
  EXPECT_THAT(all(load("[[hub]]\nport = \"1-1.4\"\n").diagnostics),
              HasSubstr(":2:8: error: the hub at '1-1.4' has no hub: there is no [[hub]] with port '1-1'"));
  EXPECT_THAT(all(load("[[hub]]\nport = \"1-1\"\nports = 3\n[[hub]]\nport = \"1-1.4\"\n").diagnostics),
              HasSubstr("the hub at '1-1.4' is beyond its hub"));
}

TEST_F(LineFile, UnitAndHubCannotShareAPort) {
  EXPECT_THAT(said("[[hub]]\nport = \"1-1.2\"\n"), HasSubstr("port '1-1.2' is taken already"));
}

TEST_F(LineFile, OnlyGenerationsThatAreModelledAreAccepted) {
  for (int generation = 0; generation < 20; ++generation) {
    const std::string text = said("generation = " + std::to_string(generation) + "\n");
    EXPECT_EQ(text.empty(), find_generation(generation) != nullptr) << text;
  }
  EXPECT_EQ(said("generation = 3\n"), "");
  EXPECT_EQ(said("generation = 12\n"), "");
}

TEST_F(LineFile, EveryKindOfFaultIsTakenAtEveryPointAtWhichItCanHappen) {
  for (const std::string& name : fault_kind_names()) {
    for (const std::string at :
         {"block:40", "request:1", "address:0x08061000", "leave", "survey", "return", "return:9"}) {
      const std::string text = said("[[unit.fault]]\nkind = \"" + name + "\"\nat = \"" + at + "\"\n");
      EXPECT_EQ(text.empty(), has_place(*fault_kind_from(name), fault_point_from(at)->kind)) << name << " " << text;
    }
    EXPECT_FALSE(fault_places(*fault_kind_from(name)).empty()) << name;
  }
  EXPECT_THAT(said("[[unit.fault]]\nkind = \"wegde\"\nat = \"leave\"\n"), HasSubstr("Did you mean \"wedge\"?"));
}

TEST_F(LineFile, AFaultThatCouldNeverHappenAtItsPlaceIsRefusedWithThePlacesItCanHave) {
  for (const std::string name : {"never-back", "fallback", "safe-mode", "corrupt", "poll-lie", "drop-status"}) {
    EXPECT_THAT(said("[[unit.fault]]\nkind = \"" + name + "\"\nat = \"return\"\n"),
                AllOf(HasSubstr("the fault '" + name + "' cannot happen at 'return'"), HasSubstr("It can have: ")));
  }
  EXPECT_THAT(said("[[unit.fault]]\nkind = \"fallback\"\nat = \"survey\"\n"),
              HasSubstr("block:40, request:12 and leave"));
}

TEST_F(LineFile, EveryBoardIsAccepted) {
  for (const std::string& profile : virtual_profile_names()) {
    EXPECT_EQ(said("profile = \"" + profile + "\"\n"), "") << profile;
  }
}

TEST_F(LineFile, BoardsHaveOptionsOfTheirOwn) {
  const auto unit = [&](const std::string& keys) {
    const LineResult result = load("[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.2\"\n" + keys);
    EXPECT_TRUE(result.line) << all(result.diagnostics);
    return result.line ? result.line->units[0] : UnitSpec{};
  };
  EXPECT_FALSE(unit("profile = \"stm32-rom\"\n").read_protected);
  EXPECT_TRUE(unit("profile = \"stm32-rom\"\nread_protected = true\n").read_protected);
  const UnitSpec usual = unit("profile = \"dfu11\"\n");
  EXPECT_TRUE(usual.can_upload && usual.will_detach && !usual.manifestation_tolerant);
  const UnitSpec other =
      unit("profile = \"dfu11\"\ncan_upload = false\nmanifestation_tolerant = true\nwill_detach = false\n");
  EXPECT_TRUE(!other.can_upload && !other.will_detach && other.manifestation_tolerant);
}

TEST_F(LineFile, AnOptionOfAnotherBoardIsRefusedWithTheOneItIsFor) {
  EXPECT_THAT(said("read_protected = true\n"), HasSubstr("means nothing for a unit of profile 'photon'"));
  EXPECT_THAT(said("read_protected = true\n"), HasSubstr("It is for units of profile \"stm32-rom\"."));
  for (const std::string key : {"can_upload", "manifestation_tolerant", "will_detach"}) {
    EXPECT_THAT(said("profile = \"stm32-rom\"\n" + key + " = true\n"), HasSubstr("of profile \"dfu11\""));
  }
}

TEST_F(LineFile, AFaultMayHaveAProbabilityAndASeed) {
  const std::string fault = "[[unit.fault]]\nkind = \"cable\"\nat = \"request:1\"\n";
  const LineResult result = load("[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.2\"\n" + fault +
                                 "probability = 0.02\nseed = 4294967295\n" + fault);
  ASSERT_TRUE(result.line) << all(result.diagnostics);
  const auto& faults = result.line->units[0].faults;
  EXPECT_EQ(faults[0].probability, 0.02);
  EXPECT_EQ(faults[0].seed, 4294967295u);
  EXPECT_EQ(faults[1].probability, 1.0);
  EXPECT_EQ(faults[1].seed, 0u);
  for (const std::string bad : {"probability = 1.1", "probability = -0.1", "probability = nan", "seed = -1",
                                "seed = 4294967296", "seed = 0.5"}) {
    EXPECT_NE(said(fault + bad + "\n"), "") << bad;
  }
}

TEST_F(LineFile, SpeedMustBeAboveZero) {
  for (const std::string speed : {"0", "0.0", "-1", "nan", "inf", "-inf", "\"1\"", "1e300"}) {
    EXPECT_FALSE(load("[line]\nspeed = " + speed + "\n").line) << speed;
  }
  for (const std::string speed : {"1", "0.5", "1000"}) {
    EXPECT_TRUE(load("[line]\nspeed = " + speed + "\n").line) << speed;
  }
}

}  // namespace
}  // namespace config
