// Sockets that were learned, as text of a station file: what a person wrote stays.
#include "station/commissioning/slots_in_file.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/commissioning/station_file.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

dfu::Topology one_controller() {
  dfu::Topology topology;
  topology.controllers = {{1, "pci-0000:00:14.0"}};
  return topology;
}

class SlotsInFile : public testing::Test {
 protected:
  std::string with(const std::string& text, const std::vector<NamedSocket>& learned) {
    folder_.write("s.toml", text);
    const config::StationResult station = config::load_station(folder_.path("s.toml"));
    EXPECT_TRUE(station.station) << text;
    const auto result = with_slots(text, *station.station, one_controller(), learned);
    if (const auto* no = std::get_if<NotWritable>(&result)) return "no: " + no->sentence;
    const std::string& whole = std::get<std::string>(result);
    EXPECT_EQ(try_station_file(folder_.path("s.toml"), whole), std::nullopt) << whole;
    EXPECT_EQ(folder_.read("s.toml"), text) << "a trial changes nothing";
    EXPECT_EQ(replace_station_file(folder_.path("s.toml"), whole), std::nullopt);
    return folder_.read("s.toml");
  }
  const ProgramFolder folder_;
};

TEST_F(SlotsInFile, AnEmptyFileGetsThemAll) {
  EXPECT_EQ(with("", {{"A1", {"1-1.2"}}, {"A2", {"1-1.3"}}}),
            "[[controller]]\npath = \"pci-0000:00:14.0\"\nname = \"C1\"\n"
            "\n[[slot]]\nport = \"C1-1.2\"\nlabel = \"A1\"\n\n[[slot]]\nport = \"C1-1.3\"\nlabel = \"A2\"\n");
}

TEST_F(SlotsInFile, PortsAreWrittenWhereTheirSlotsStandAndAllElseStays) {
  const std::string before =
      "# The line by the window\nname = \"line-3\"  # as the sign says\n\n"
      "[[slot]] # the first\nlabel = \"\xC3\xA4 1\"\nport = '1-1.1'  # top left\nskip = true\n\n"
      "[[slot]]\n# second\nport = \"1-1.2\"\nlabel = \"A2\" # here\n\n"
      "[board]\nlisten = \"127.0.0.1:1\"\n";
  EXPECT_EQ(with(before, {{"A2", {"1-1.1"}}, {"\xC3\xA4 1", {"1-1.2"}}, {"A3", {"1-1.3"}}}),
            "# The line by the window\nname = \"line-3\"  # as the sign says\n\n"
            "[[slot]] # the first\nlabel = \"\xC3\xA4 1\"\nport = \"C1-1.2\"  # top left\nskip = true\n\n"
            "[[slot]]\n# second\nport = \"C1-1.1\"\nlabel = \"A2\" # here\n\n"
            "[board]\nlisten = \"127.0.0.1:1\"\n"
            "\n[[controller]]\npath = \"pci-0000:00:14.0\"\nname = \"C1\"\n"
            "\n[[slot]]\nport = \"C1-1.3\"\nlabel = \"A3\"\n");
}

TEST_F(SlotsInFile, ASlotThatIsWhereItWasIsNotTouched) {
  const std::string before = "[[slot]]\nport = \"1-1.1\"\nlabel = \"A1\"\n";
  EXPECT_EQ(with(before, {{"A1", {"1-1.1"}}}), before);
}

TEST_F(SlotsInFile, ASlotThatWasLeftOutStaysUnlessItsPortIsAnothersNow) {
  const std::string first = "[[slot]]\nport = \"1-1.1\"\nlabel = \"A1\"\n";
  const std::string second = "\n[[slot]]\nport = \"1-1.2\"\nlabel = \"A2\"  # gone\nskip = false\n";
  const std::string third = "\n# the last\n[[slot]]\nport = \"1-1.3\"\nlabel = \"A3\"\n";
  EXPECT_EQ(with(first + second + third, {{"A1", {"1-1.4"}}}),
            "[[slot]]\nport = \"C1-1.4\"\nlabel = \"A1\"\n" + second + third +
                "\n[[controller]]\npath = \"pci-0000:00:14.0\"\nname = \"C1\"\n");
  EXPECT_EQ(with(first + second + third, {{"A1", {"1-1.2"}}}),
            "[[slot]]\nport = \"C1-1.2\"\nlabel = \"A1\"\n" + third +
                "\n[[controller]]\npath = \"pci-0000:00:14.0\"\nname = \"C1\"\n");
}

TEST_F(SlotsInFile, EveryPermutationOfThreeSocketsIsReadBackAsItWasLearned) {
  std::vector<std::string> ports = {"1-1.1", "1-1.2", "1-1.3"};
  const std::string file =
      "[[controller]]\npath = \"pci-0000:00:14.0\"\nname = \"L\"\n[[slot]]\nport = \"L-1.1\"\nlabel = \"A1\"\n"
      "[[slot]]\r\nport = \"1-1.2\"\r\nlabel = \"A2\"\r\n[[slot]]\nlabel = \"A3\"\nport = \"L-1.3\"";
  do {
    with(file, {{"A1", {ports[0]}}, {"A2", {ports[1]}}, {"A3", {ports[2]}}});
    const auto station = config::load_station(folder_.path("s.toml")).station;
    ASSERT_TRUE(station);
    EXPECT_EQ(station->slots.size(), 3u);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(station->label_of({ports[i]}, one_controller().controllers), "A" + std::to_string(i + 1));
    }
  } while (std::ranges::next_permutation(ports).found);
}

TEST_F(SlotsInFile, WhatStandsInOneLineIsChangedThereOrLeftToAHand) {
  const std::string before = "slot = [{label = \"\xC3\xA4\", port = \"1-1.1\"}, {port = \"1-1.2\", label = \"A2\"}]\n";
  folder_.write("s.toml", before);
  const auto station = config::load_station(folder_.path("s.toml")).station;
  const auto moved = with_slots(before, *station, {}, {{"\xC3\xA4", {"1-1.7"}}});
  EXPECT_THAT(std::get<std::string>(moved), HasSubstr("{label = \"\xC3\xA4\", port = \"1-1.7\"}"));
  const auto gone = with_slots(before, *station, {}, {{"\xC3\xA4", {"1-1.2"}}});
  EXPECT_THAT(std::get<NotWritable>(gone).sentence, HasSubstr("slot 'A2'"));
}

std::vector<std::string> names_of(const GuidedLesson& lesson) {
  std::vector<std::string> all;
  for (const NamedSocket& one : lesson.learned()) all.push_back(one.label + " " + one.port.text);
  return all;
}

TEST(GuidedLesson, AsksForTheLabelsOfTheFileInTheirOrderAndThenCountsOn) {
  config::StationConfig station;
  station.slots = {{"1-1.1", "A1", {}}, {"1-1.2", "A3", {}}};
  GuidedLesson lesson(station, {});
  EXPECT_EQ(lesson.expected(), "A1");
  EXPECT_EQ(lesson.wanted(), 2u);
  for (const char* port : {"1-2.1", "1-2.2", "1-2.3"}) lesson.plugged({port});
  EXPECT_THAT(names_of(lesson), ElementsAre("A1 1-2.1", "A3 1-2.2", "A4 1-2.3"));
  EXPECT_EQ(lesson.expected(), "A5");
}

TEST(GuidedLesson, SaysWhenTheSamePortComesTwiceAndLearnsNothingByIt) {
  GuidedLesson lesson({}, {});
  lesson.plugged({"1-1.1"});
  EXPECT_FALSE(lesson.twice());
  lesson.plugged({"1-1.1"});
  ASSERT_TRUE(lesson.twice());
  EXPECT_EQ(lesson.twice()->label, "A1");
  EXPECT_EQ(lesson.expected(), "A2");
  EXPECT_EQ(lesson.plugs(), 2);
  lesson.plugged({"1-1.2"});
  EXPECT_FALSE(lesson.twice());
  EXPECT_THAT(names_of(lesson), ElementsAre("A1 1-1.1", "A2 1-1.2"));
}

TEST(GuidedLesson, LabelsAreLeftOutAndGivenByHand) {
  GuidedLesson lesson({}, {"A1", "A2", "A3", "B1"});
  lesson.leave_out();
  lesson.plugged({"1-1.1"});
  EXPECT_EQ(lesson.go_on_with("B1"), "") << "A3 is left out with that";
  lesson.plugged({"1-1.2"});
  EXPECT_EQ(lesson.expected(), "B2") << "it counts on";
  EXPECT_EQ(lesson.go_on_with("A2"), "a socket is called 'A2' already");
  EXPECT_NE(lesson.go_on_with(""), "");
  EXPECT_NE(lesson.go_on_with(std::string(41, 'x')), "");
  EXPECT_EQ(lesson.go_on_with("A1"), "") << "it was left out before";
  lesson.plugged({"1-1.3"});
  EXPECT_EQ(lesson.expected(), "A3") << "never a name that is taken";
  EXPECT_THAT(names_of(lesson), ElementsAre("A2 1-1.1", "B1 1-1.2", "A1 1-1.3"));
}

TEST(GuidedLesson, AWrongSocketIsTakenBackAndItsNameAskedForAgain) {
  GuidedLesson lesson({}, {});
  for (const char* port : {"1-1.1", "1-1.7", "1-1.7"}) lesson.plugged({port});
  lesson.take_back();
  EXPECT_FALSE(lesson.twice());
  EXPECT_EQ(lesson.expected(), "A2");
  for (const char* port : {"1-1.2", "1-1.7"}) lesson.plugged({port});
  EXPECT_THAT(names_of(lesson), ElementsAre("A1 1-1.1", "A2 1-1.2", "A3 1-1.7"));
  EXPECT_EQ(lesson.expected(), "A4");
  for (int i = 0; i < 3; ++i) lesson.take_back();
  EXPECT_EQ(lesson.expected(), "A1");
}

}  // namespace
}  // namespace station
