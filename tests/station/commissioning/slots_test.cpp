// Commissioning: labels for sockets, a station file that keeps what stands in it, and the program with a hand that
// plugs.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "station/commissioning/slot_lesson.h"
#include "station/commissioning/station_file.h"
#include "tests/station/control_client.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

dfu::Topology two_controllers() {
  dfu::Topology topology;
  // Of a USB 3 controller's two buses, and of another one.
  topology.controllers = {{1, "pci-0000:00:14.0"}, {2, "pci-0000:00:14.0"}, {3, "pci-0000:03:00.0"}};
  return topology;
}

TEST(SlotLesson, LabelsCountUpHoweverTheyAreWritten) {
  EXPECT_EQ(label_after("A1"), "A2");
  EXPECT_EQ(label_after("A9"), "A10");
  EXPECT_EQ(label_after("A09"), "A10");
  EXPECT_EQ(label_after("A01"), "A02");
  EXPECT_EQ(label_after("B-99"), "B-100");
  EXPECT_EQ(label_after("7"), "8");
  EXPECT_EQ(label_after("left"), "left2");
  EXPECT_EQ(label_after("A999999999"), "A1000000000");
  EXPECT_EQ(label_after("A1000000000"), "A10000000002") << "too many digits to count";
}

TEST(SlotLesson, APortIsWrittenSoThatItIsTheSameAfterAReboot) {
  SlotLesson lesson({}, two_controllers(), "A1");
  EXPECT_EQ(lesson.learn({"1-1.2"}, lesson.proposal()),
            "\n[[controller]]\npath = \"pci-0000:00:14.0\"\nname = \"C1\"\n"
            "\n[[slot]]\nport = \"C1-1.2\"\nlabel = \"A1\"\n");
  EXPECT_EQ(lesson.learn({"1-1.3"}, lesson.proposal()), "\n[[slot]]\nport = \"C1-1.3\"\nlabel = \"A2\"\n");
  EXPECT_THAT(lesson.learn({"3-1"}, "side"), EndsWith("\n[[slot]]\nport = \"C2-1\"\nlabel = \"side\"\n"));
  EXPECT_EQ(lesson.proposal(), "side2");
  // The name stands for the controller's USB 2 bus, so this port has none.
  EXPECT_EQ(lesson.learn({"2-1"}, "x"), "\n[[slot]]\nport = \"2-1\"\nlabel = \"x\"\n");
  EXPECT_EQ(lesson.label_of({"1-1.2"}), "A1");
  EXPECT_EQ(lesson.label_of({"3-1"}), "side");
  EXPECT_EQ(lesson.label_of({"1-1.4"}), "");
}

TEST(SlotLesson, NamesAndLabelsThatAreThereAreUsedAndNeverGivenTwice) {
  config::StationConfig station;
  station.controllers = {{"pci-0000:00:14.0", "L"}, {"pci-gone", "C1"}};
  station.slots = {{"L-1.1", "A1", ""}, {"L-1.7", "A3", ""}};
  SlotLesson lesson(station, two_controllers(), "A1");
  EXPECT_EQ(lesson.proposal(), "A2");
  EXPECT_EQ(lesson.learn({"1-1.2"}, "A2"), "\n[[slot]]\nport = \"L-1.2\"\nlabel = \"A2\"\n");
  EXPECT_EQ(lesson.proposal(), "A4");
  EXPECT_THAT(lesson.problem_with("A3"), HasSubstr("at port L-1.7"));
  EXPECT_THAT(lesson.problem_with("A2"), HasSubstr("at port L-1.2"));
  EXPECT_THAT(lesson.learn({"3-1.1"}, "B1"), HasSubstr("name = \"C2\""));
}

TEST(SlotLesson, LabelsThatNoFileOrScreenCanHoldAreRefused) {
  const SlotLesson lesson({}, two_controllers(), "A1");
  for (const std::string& wrong : {std::string(), std::string(41, 'x'), std::string("a\tb"), std::string("a\x7f")}) {
    EXPECT_NE(lesson.problem_with(wrong), "") << wrong;
  }
  EXPECT_EQ(lesson.problem_with("oben \"links\" \\ 3"), "");
}

TEST(StationFile, WhatStandsInItStaysAndAnyLabelComesBackAsItWas) {
  const ProgramFolder folder;
  const std::string before =
      "# The line by the window\nname = \"line-3\"  # as the sign says\n[board]\nlisten = \"127.0.0.1:1\"";
  folder.write("s.toml", before);
  const std::string label = "oben \"links\" \\ 3 \xC3\xA4";
  SlotLesson lesson({}, two_controllers(), "A1");
  EXPECT_EQ(append_to_station_file(folder.path("s.toml"), lesson.learn({"1-1.2"}, label)), std::nullopt);
  EXPECT_THAT(folder.read("s.toml"), StartsWith(before + "\n\n[[controller]]\n"));
  const config::StationResult read = config::load_station(folder.path("s.toml"));
  ASSERT_TRUE(read.station) << config::to_string(read.diagnostics.at(0));
  EXPECT_EQ(read.station->name, "line-3");
  EXPECT_EQ(read.station->label_of({"1-1.2"}, two_controllers().controllers), label);
}

TEST(StationFile, IsUntouchedWhenTheNewOneWouldBeNoGoodOne) {
  const ProgramFolder folder;
  const std::string slot = "\n[[slot]]\nport = \"1-1.2\"\nlabel = \"A1\"\n";
  EXPECT_EQ(append_to_station_file(folder.path("s.toml"), slot), std::nullopt);
  EXPECT_EQ(folder.read("s.toml"), slot.substr(1));
  for (const std::string& wrong : {slot, std::string("\n[[slot]]\nport = \"1-1.3\"\nlabel = \"A1\"\n"),
                                   std::string("\n[[slot]]\nport = \"1-1.3\"\nlabel = \"\xff\"\n")}) {
    EXPECT_NE(append_to_station_file(folder.path("s.toml"), wrong), std::nullopt) << wrong;
    EXPECT_EQ(folder.read("s.toml"), slot.substr(1));
  }
  // Slots written another way cannot be gone on with.
  folder.write("inline.toml", "slot = [{port = \"1-1.2\", label = \"A1\"}]\n");
  EXPECT_NE(append_to_station_file(folder.path("inline.toml"), "\n[[slot]]\nport = \"1-1.3\"\nlabel = \"A2\"\n"),
            std::nullopt);
  EXPECT_EQ(folder.read("inline.toml"), "slot = [{port = \"1-1.2\", label = \"A1\"}]\n");
  EXPECT_NE(append_to_station_file(folder.path("nowhere/s.toml"), slot), std::nullopt);
  EXPECT_EQ(
      std::ranges::distance(std::filesystem::directory_iterator(std::filesystem::path(folder.path("x")).parent_path())),
      2);
}

TEST(StationFile, ALinkStaysALinkAndRightsStayRights) {
  namespace fs = std::filesystem;
  const ProgramFolder folder;
  folder.write("real.toml", "name = \"x\"\n");
  fs::permissions(folder.path("real.toml"), fs::perms(0640));
  fs::create_symlink("real.toml", folder.path("s.toml"));
  EXPECT_EQ(append_to_station_file(folder.path("s.toml"), "\n[[slot]]\nport = \"1-1.2\"\nlabel = \"A1\"\n"),
            std::nullopt);
  EXPECT_TRUE(fs::is_symlink(folder.path("s.toml")));
  EXPECT_THAT(folder.read("real.toml"), HasSubstr("A1"));
  EXPECT_EQ(fs::status(folder.path("real.toml")).permissions(), fs::perms(0640));
}

class Slots : public testing::Test {
 protected:
  Slots() {
    std::string line = "[line]\nspeed = 20\ncontrol = \"line.ctl\"\n[[hub]]\nport = \"1-1\"\n";
    for (int port = 1; port <= 4; ++port) {
      line += "[[unit]]\nport = \"1-1." + std::to_string(port) + "\"\n";
      if (port > 1) line += "starts = \"absent\"\n";
    }
    folder_.write("line.toml", line);
  }

  int learn(const std::vector<std::string>& more) {
    std::vector<std::string> all{"slots", "learn", "--station", "s.toml", "--line", "line.toml"};
    all.insert(all.end(), more.begin(), more.end());
    return folder_.start(all);
  }
  void wait_for(const std::string& text) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (folder_.read("stdout").find(text) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), limit)
          << "it never said '" << text << "' but " << folder_.read("stdout");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  ProgramFolder folder_;
};

TEST_F(Slots, EachSocketThatAUnitIsPluggedIntoGetsTheNextLabelAndKeepsIt) {
  folder_.write("s.toml", "# our line\n[[slot]]\nport = \"1-1.3\"\nlabel = \"A2\"\n");
  const int process = learn({"--count", "3"});
  wait_for("Ctrl-C ends it.");
  ControlClient control(folder_.path("line.ctl"));
  control.say("plug 1-1.4");
  wait_for("Port 1-1.4 is slot A1 now.");
  control.say("plug 1-1.3");
  wait_for("Port 1-1.3 is slot A2 already.");
  control.say("pull 1-1.4");
  control.say("plug 1-1.2");
  wait_for("Port 1-1.2 is slot A3 now.");
  control.say("pull 1-1.1");  // it was there from the beginning
  control.say("plug 1-1.4");
  control.say("plug 1-1.1");
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Port 1-1.1 holds a unit already"));
  EXPECT_THAT(ran.out, EndsWith("Port 1-1.1 is slot A4 now.\n"));
  EXPECT_EQ(folder_.read("s.toml"),
            "# our line\n[[slot]]\nport = \"1-1.3\"\nlabel = \"A2\"\n"
            "\n[[controller]]\npath = \"virtual-1\"\nname = \"C1\"\n"
            "\n[[slot]]\nport = \"C1-1.4\"\nlabel = \"A1\"\n"
            "\n[[slot]]\nport = \"C1-1.2\"\nlabel = \"A3\"\n"
            "\n[[slot]]\nport = \"C1-1.1\"\nlabel = \"A4\"\n");
  const Ran show = folder_.run({"slots", "show", "--station", "s.toml", "--line", "line.toml"});
  EXPECT_EQ(show.status, 0) << show.err;
  EXPECT_THAT(show.out, HasSubstr("A4    C1-1.1          1-1.1         2b04:d006, dfu, photon"));
  EXPECT_THAT(show.out, HasSubstr("4 slots, 0 missing"));
}

TEST_F(Slots, LabelsAreAskedForAndOnesThatAreTakenAskedForAgain) {
  folder_.write("stdin", "top left\ntop left\n\n  B1\r\n");
  const int process = learn({"--ask", "--first", "A7"});
  wait_for("give each its label");
  ControlClient control(folder_.path("line.ctl"));
  for (const char* port : {"1-1.2", "1-1.3", "1-1.4"}) {
    control.say("plug " + std::string(port));
    wait_for("Port " + std::string(port) + " is slot");
  }
  // No answer can follow the last one.
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Label for port 1-1.2 [A7]: Port 1-1.2 is slot top left now."));
  EXPECT_THAT(ran.out, HasSubstr("It cannot be 'top left': there is a slot 'top left' already, at port C1-1.2."));
  EXPECT_THAT(ran.out, HasSubstr("Port 1-1.3 is slot top left2 now."));
  EXPECT_THAT(ran.out, HasSubstr("Port 1-1.4 is slot B1 now."));
}

TEST_F(Slots, WhatWasLearnedIsKeptWhenItIsInterrupted) {
  const int process = learn({"--count", "4", "--json"});
  wait_for("{\"event\":\"lesson_started\",\"occupied\":[\"1-1.1\"]}\n");
  ControlClient control(folder_.path("line.ctl"));
  control.say("plug 1-1.2");
  wait_for("slot_learned");
  ::kill(process, SIGINT);
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 130) << ran.err;
  const std::string last = ran.out.substr(ran.out.find('\n') + 1);
  const QJsonObject said = QJsonDocument::fromJson(QByteArray::fromStdString(last)).object();
  EXPECT_EQ(said["slot"].toString(), "A1");
  EXPECT_THAT(folder_.read("s.toml"), EndsWith("port = \"C1-1.2\"\nlabel = \"A1\"\n"));
}

TEST_F(Slots, WithoutANumberThePersonEndsIt) {
  int process = learn({});
  wait_for("Ctrl-C ends it.");
  ::kill(process, SIGINT);
  EXPECT_EQ(folder_.finish(process).status, 69) << "nothing was learned";
  EXPECT_FALSE(std::filesystem::exists(folder_.path("s.toml")));
  process = learn({});
  wait_for("Ctrl-C ends it.");
  ControlClient control(folder_.path("line.ctl"));
  control.say("plug 1-1.2");
  wait_for("A1 now");
  ::kill(process, SIGTERM);
  EXPECT_EQ(folder_.finish(process).status, 0);
}

TEST_F(Slots, AFileThatCannotBeWrittenOrIsNoStationFileStopsTheLesson) {
  folder_.write("s.toml", "nonsense = 1\n");
  EXPECT_EQ(folder_.finish(learn({})).status, 78);
  folder_.write("s.toml", "slot = [{port = \"1-1.2\", label = \"A1\"}]\n");
  const int process = learn({});
  wait_for("Ctrl-C ends it.");
  ControlClient control(folder_.path("line.ctl"));
  control.say("plug 1-1.3");
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 73);
  EXPECT_THAT(ran.err, HasSubstr("would not be a good station file"));
}

TEST_F(Slots, ShowNamesSlotsThatThisLineHasNotAndEndsWith1) {
  folder_.write("s.toml",
                "[[controller]]\npath = \"pci-gone\"\nname = \"R\"\n[[slot]]\nport = \"R-1.1\"\nlabel = \"A1\"\n"
                "[[slot]]\nport = \"1-1.9\"\nlabel = \"A2\"\n[[slot]]\nport = \"1-1.2\"\nlabel = \"A3\"\n");
  const Ran text = folder_.run({"slots", "show", "--station", "s.toml", "--line", "line.toml"});
  EXPECT_EQ(text.status, 1) << text.err;
  EXPECT_THAT(text.out, HasSubstr("A1    R-1.1           -             MISSING"));
  EXPECT_THAT(text.out, HasSubstr("A2    1-1.9           1-1.9         MISSING"));
  EXPECT_THAT(text.out, HasSubstr("A3    1-1.2           1-1.2         empty"));
  EXPECT_THAT(text.out, HasSubstr("3 slots, 2 missing"));
  const Ran ran = folder_.run({"slots", "show", "--station", "s.toml", "--line", "line.toml", "--json"});
  const QJsonArray slots = QJsonDocument::fromJson(QByteArray::fromStdString(ran.out)).object()["slots"].toArray();
  ASSERT_EQ(slots.size(), 3);
  EXPECT_TRUE(slots[0].toObject()["missing"].toBool());
  EXPECT_TRUE(slots[0].toObject()["port"].isNull());
  EXPECT_FALSE(slots[2].toObject()["missing"].toBool());
}

}  // namespace
}  // namespace station
