// Labels, as somebody with a scanner meets them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/cli/scanning.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Scanning, SlotAndLabelComeInTurn) {
  Scanning scanning;
  EXPECT_THAT(scanning.read("SN-1", false).say, HasSubstr("Scan a slot first"));
  EXPECT_FALSE(scanning.read("A2", true).pair);
  EXPECT_EQ(scanning.slot(), "A2");
  EXPECT_FALSE(scanning.read("", false).pair) << "an empty line is nothing";
  const auto pair = scanning.read("SN-1", false).pair;
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->slot, "A2");
  EXPECT_EQ(pair->label, "SN-1");
  EXPECT_FALSE(scanning.read("SN-2", false).pair) << "a label without a slot is nobody's";
}

TEST(Scanning, ASlotThatIsScannedInsteadOfALabelBeginsAnew) {
  Scanning scanning;
  scanning.read("A2", true);
  EXPECT_FALSE(scanning.read("A3", true).pair);
  EXPECT_EQ(scanning.read("SN-1", false).pair->slot, "A3");
}

TEST(Scanning, WhatScannersPutAroundIsNoPartOfIt) {
  EXPECT_EQ(scanned(" SN 1\t\r"), "SN 1");
  EXPECT_EQ(scanned(" \r"), "");
  EXPECT_EQ(scanned("\x02SN-1\x03\r\n"), "SN-1");
  EXPECT_EQ(scanned("\x02 A2\x03"), "A2");
  EXPECT_EQ(scanned("\x02\x03"), "");
}

class LabelCommand : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"flash", example_recipe(), "--line", "virtual", "--units", "3", "--speed", "20"}).status, 0);
  }
  Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--db", "r.db"});
    return folder_.run(arguments);
  }
  // The ports of the units that the record names so.
  std::string ports(const std::string& unit) { return run({"report", "--unit", unit, "--format", "csv"}).out; }

  ProgramFolder folder_;
};

TEST_F(LabelCommand, ALabelTellsTheWholeHistoryOfItsUnitAlsoOfOtherVisits) {
  const std::vector<std::string> flash = {"flash",  example_recipe(), "--line", "virtual", "--units",
                                          "2",      "--generation",   "12",     "--speed", "20",
                                          "--keep", "units"};
  EXPECT_EQ(run(flash).status, 0);
  EXPECT_EQ(run(flash).status, 0);
  EXPECT_EQ(run({"label", "SN-5", "--slot", "1-1.2"}).status, 0);
  const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
  EXPECT_EQ(lines(ports("SN-5")), 1 + 2) << ports("SN-5");
  EXPECT_THAT(ports("SN-5"), Not(HasSubstr("1-1.1")));
}

TEST_F(LabelCommand, ANameThatIsOnNoRecordIsToldFromAnEmptyReport) {
  const Ran unit = run({"report", "--unit", "SN-5", "--job", "J"});
  EXPECT_EQ(unit.status, 0);
  EXPECT_THAT(unit.err, HasSubstr("no attempt with the unit 'SN-5'"));
  EXPECT_THAT(unit.err, HasSubstr("no attempt with the job 'J'"));
  EXPECT_EQ(run({"report", "--slot", "1-1.1"}).err, "");
  const Ran holds = run({"report", "--holds", "usr.bin"});
  EXPECT_EQ(holds.status, 66);
  EXPECT_THAT(holds.err, HasSubstr("names no image usr.bin"));
}

TEST_F(LabelCommand, ALabelFindsItsUnitFromThenOn) {
  EXPECT_EQ(run({"label", "SN-1", "--slot", "1-1.2", "--operator", "Eve"}).status, 0);
  EXPECT_THAT(ports("SN-1"), HasSubstr("1-1.2"));
  EXPECT_THAT(ports("SN-1"), Not(HasSubstr("1-1.3")));
  EXPECT_EQ(run({"label", "SN-1", "--slot", "1-1.2"}).status, 0) << "scanned twice is no mistake";
  const Ran taken = run({"label", "SN-1", "--slot", "1-1.3"});
  EXPECT_EQ(taken.status, 64);
  EXPECT_THAT(taken.err, HasSubstr("was given to the unit in 1-1.2"));
  EXPECT_EQ(run({"label", "SN-1", "--slot", "1-1.3", "--again"}).status, 0);
  EXPECT_THAT(ports("SN-1"), HasSubstr("1-1.3"));
  EXPECT_THAT(ports("SN-1"), Not(HasSubstr("1-1.2")));
  EXPECT_EQ(run({"label", "SN-9", "--unit", "SN-1", "--again"}).status, 0) << "a unit is known by the label it has";
  EXPECT_THAT(ports("SN-9"), HasSubstr("1-1.3"));
  EXPECT_EQ(run({"audit", "verify"}).status, 0);
}

TEST_F(LabelCommand, WhatAScannerPutsAroundALabelIsNoPartOfItOnTheCommandLineEither) {
  const Ran ran = run({"label", "\x02SN-1\x03", "--slot", "1-1.2"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("SN-1 is the label of the last unit in 1-1.2\n"));
}

TEST_F(LabelCommand, AScannerPairsOneAfterTheOther) {
  folder_.write("stdin", "1-1.1\r\nSN-1\r\nSN-7\n1-1.2\nSN-2\n1-1.3\nSN-1\n1-1.2\n");
  const Ran ran = run({"label", "--scan"});
  EXPECT_EQ(ran.status, 1) << "not everything could be paired";
  EXPECT_THAT(ran.out, HasSubstr("SN-1 is the label of the last unit in 1-1.1\n"));
  EXPECT_THAT(ran.out, HasSubstr("SN-2 is the label of the last unit in 1-1.2\n"));
  EXPECT_THAT(ran.err, HasSubstr("SN-7 is not a slot"));
  EXPECT_THAT(ran.err, HasSubstr("SN-1 was given to the unit in 1-1.1"));
  EXPECT_THAT(ran.err, HasSubstr("in 1-1.2 was not scanned"));
  folder_.write("stdin", "1-1.3\nSN-3\n");
  EXPECT_EQ(run({"label", "--scan"}).status, 0);
  EXPECT_THAT(ports("SN-3"), HasSubstr("1-1.3"));
}

TEST_F(LabelCommand, ALabelThatDoesNotMatchThePatternIsNotTaken) {
  folder_.write("station.toml", "[labels]\npattern = \"SN-[0-9]{4}\"\n");
  // A keyboard layout that turns - into something else.
  folder_.write("stdin",
                "1-1.1\nSN\xC2\xBD"
                "0001\n1-1.2\n\x02SN-0002\x03\n");
  const Ran ran = run({"label", "--scan", "--station", "station.toml"});
  EXPECT_EQ(ran.status, 1) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("does not match the pattern"));
  EXPECT_THAT(ran.err, HasSubstr("keyboard layout"));
  EXPECT_THAT(ran.out, HasSubstr("SN-0002 is the label of the last unit in 1-1.2"));
  EXPECT_EQ(run({"label", "SN-1", "--slot", "1-1.3", "--station", "station.toml"}).status, 64);
}

TEST_F(LabelCommand, WhoseLabelItIsMustBeSaidOnce) {
  EXPECT_EQ(run({"label", "SN-1"}).status, 64);
  EXPECT_EQ(run({"label", "--slot", "1-1.1"}).status, 64);
  EXPECT_EQ(run({"label", "SN-1", "--slot", "1-1.1", "--unit", "3b00"}).status, 64);
  EXPECT_EQ(run({"label", "SN-1", "--scan"}).status, 64);
  EXPECT_EQ(run({"label", "SN-1", "--attempt", "x"}).status, 64);
  EXPECT_EQ(run({"label", "SN-1", "--slot", "B7"}).status, 64);
  EXPECT_EQ(run({"label", "SN-1", "--attempt", "0193c5a0-0000-7000-8000-000000000001"}).status, 64);
}

}  // namespace
}  // namespace station
