// The built program flashes virtual lines: JSON, exit statuses, signals, records, and what is left when it is killed.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/station/control_client.h"
#include "tests/station/program.h"

namespace station {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::vector<QJsonObject> json_lines(const std::string& text) {
  std::vector<QJsonObject> objects;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(line));
    EXPECT_TRUE(document.isObject()) << line;
    objects.push_back(document.object());
  }
  return objects;
}

std::vector<QJsonObject> events(const std::vector<QJsonObject>& all, const char* event) {
  std::vector<QJsonObject> chosen;
  std::ranges::copy_if(all, std::back_inserter(chosen), [&](const QJsonObject& one) { return one["event"] == event; });
  return chosen;
}

class Flash : public testing::Test {
 protected:
  // Five times as fast as real units: quick, and every limit is still long for a busy machine.
  std::vector<std::string> command(const std::vector<std::string>& more) {
    std::vector<std::string> all{"flash", example_recipe(), "--db", "r.db", "--speed", "5"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Ran flash(const std::vector<std::string>& more) { return folder_.run(command(more)); }

  std::vector<QJsonObject> recorded() {
    const Ran ran = folder_.run({"report", "--db", "r.db", "--format", "jsonl"});
    EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
    return json_lines(ran.out);
  }
  void expect_sound_chain() {
    const Ran ran = folder_.run({"audit", "verify", "--db", "r.db"});
    EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
  }
  // Without a last line that the kill cut off.
  static std::vector<QJsonObject> whole_json_lines(const std::string& text) {
    return json_lines(text.substr(0, text.rfind('\n') + 1));
  }
  void wait_for_lines(std::size_t lines) {
    wait_until([&] {
      const std::string said = folder_.read("stdout");
      return static_cast<std::size_t>(std::ranges::count(said, '\n')) >= lines;
    });
  }
  // Waits until the program has said so on standard output; it writes each line at once.
  void wait_for(const std::string& text) {
    wait_until([&] { return folder_.read("stdout").find(text) != std::string::npos; });
  }
  void wait_until(const std::function<bool()>& so) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point limit = Clock::now() + std::chrono::seconds(60);
    while (!so()) {
      ASSERT_LT(Clock::now(), limit) << "it never came; so far: " << folder_.read("stdout");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  ProgramFolder folder_;
};

TEST_F(Flash, EightUnitsPassAndJsonTellsItInTheOrderOfTheContract) {
  const Ran ran = flash({"--line", "virtual", "--json", "--operator", "Li Wei"});
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.err, IsEmpty());
  const std::vector<QJsonObject> all = json_lines(ran.out);
  ASSERT_GT(all.size(), 2u);
  EXPECT_EQ(all.front()["event"].toString(), "run_started");
  EXPECT_EQ(all.back()["event"].toString(), "summary");
  EXPECT_EQ(events(all, "attempt_started").size(), 8u);
  const std::vector<QJsonObject> finished = events(all, "attempt_finished");
  ASSERT_EQ(finished.size(), 8u);
  std::set<QString> ports;
  for (const QJsonObject& one : finished) {
    ports.insert(one["port"].toString());
    EXPECT_EQ(one["outcome"].toString(), "passed");
    EXPECT_TRUE(one["fault"].isNull());
    EXPECT_TRUE(one["verified"].toBool());
    EXPECT_TRUE(one["booted"].toBool());
    EXPECT_EQ(one["operator"].toString(), "Li Wei");
    ASSERT_EQ(one["steps"].toArray().size(), 3);
    for (const QJsonValue& step : one["steps"].toArray()) {
      EXPECT_EQ(step["written_bytes"].toInt(), step["bytes"].toInt());
      EXPECT_EQ(step["readback_sha256"].toString().size(), 64);
    }
  }
  EXPECT_EQ(ports.size(), 8u);
  EXPECT_EQ(all.back()["units"].toInt(), 8);
  EXPECT_EQ(all.back()["passed"].toInt(), 8);
}

TEST_F(Flash, WhatWasShownIsWhatIsOnRecord) {
  const std::vector<QJsonObject> shown =
      events(json_lines(flash({"--line", "virtual", "--json"}).out), "attempt_finished");
  std::map<QString, QJsonObject> by_attempt;
  for (const QJsonObject& one : recorded()) by_attempt[one["attempt"].toString()] = one;
  ASSERT_EQ(by_attempt.size(), shown.size());
  for (QJsonObject one : shown) {
    QJsonObject other = by_attempt[one["attempt"].toString()];
    // Shown a moment after they were recorded.
    for (const char* key : {"time", "started", "finished"}) {
      one.remove(key);
      other.remove(key);
    }
    EXPECT_EQ(QJsonDocument(one).toJson().toStdString(), QJsonDocument(other).toJson().toStdString());
  }
  expect_sound_chain();
}

TEST_F(Flash, KeptUnitsHoldTheImagesAndTheSecondRunWritesNothing) {
  EXPECT_EQ(flash({"--line", "virtual", "--units", "2", "--keep", "units"}).status, 0);
  const std::string flash_of_unit = folder_.read("units/1-1.2.bin");
  ASSERT_EQ(flash_of_unit.size(), 1u << 20);
  std::ifstream file(FLASHLINE_EXAMPLES "/user.bin", std::ios::binary);
  const std::string user{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(flash_of_unit.substr(0xA0000, user.size()) == user);
  const Ran again = flash({"--line", "virtual", "--units", "2", "--keep", "units", "--json"});
  EXPECT_EQ(again.status, 0) << again.out;
  const std::vector<QJsonObject> all = json_lines(again.out);
  EXPECT_EQ(all.back()["already"].toInt(), 2);
  EXPECT_EQ(all.back()["passed"].toInt(), 0);
  for (const QJsonObject& one : events(all, "attempt_finished")) EXPECT_EQ(one["outcome"].toString(), "already");
}

TEST_F(Flash, AUnitThatFailsMakesTheStatus1AndItsNeighbourPasses) {
  folder_.write("line.toml",
                "[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.1\"\n[[unit]]\nport = \"1-1.2\"\n"
                "[[unit.fault]]\nkind = \"unplug\"\nat = \"block:40\"\n");
  const Ran ran = flash({"--line", "line.toml", "--json"});
  EXPECT_EQ(ran.status, 1) << ran.err;
  const std::vector<QJsonObject> all = json_lines(ran.out);
  std::map<QString, QString> outcomes;
  for (const QJsonObject& one : events(all, "verdict")) outcomes[one["port"].toString()] = one["outcome"].toString();
  EXPECT_EQ(outcomes["1-1.1"], "passed");
  EXPECT_EQ(outcomes["1-1.2"], "failed");
  for (const QJsonObject& one : events(all, "attempt_finished")) {
    if (one["port"].toString() != "1-1.2") continue;
    EXPECT_EQ(one["fault"]["code"].toString(), "unit-gone");
  }
  expect_sound_chain();
}

TEST_F(Flash, ASilentlyCorruptedByteIsFoundAtItsAddressAndTheSecondAttemptPasses) {
  folder_.write("line.toml",
                "[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.1\"\n[[unit.fault]]\nkind = \"corrupt\"\n"
                "at = \"address:0x08061000\"\n");
  const Ran ran = flash({"--line", "line.toml"});
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("attempt 1 failed: verify-mismatch, step system-part2, read at 0x0806"));
  EXPECT_THAT(ran.out, HasSubstr("PASS"));
}

TEST_F(Flash, OnlyThePortsAndSlotsThatWereAskedForAreTouched) {
  folder_.write("station.toml", "name = \"line-3\"\n[[slot]]\nport = \"1-1.3\"\nlabel = \"A3\"\n");
  const Ran ran =
      flash({"--line", "virtual", "--json", "--port", "1-1.5", "--station", "station.toml", "--slot", "A3"});
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  std::map<QString, QString> slots_by_port;
  for (const QJsonObject& one : recorded()) slots_by_port[one["port"].toString()] = one["slot"].toString();
  EXPECT_EQ(slots_by_port, (std::map<QString, QString>{{"1-1.3", "A3"}, {"1-1.5", ""}}));
  const Ran unknown = flash({"--line", "virtual", "--station", "station.toml", "--slot", "B9"});
  EXPECT_EQ(unknown.status, 64);
  EXPECT_THAT(unknown.err, HasSubstr("A3"));
}

TEST_F(Flash, NoMatchingUnitIs69) {
  const Ran ran = flash({"--line", "virtual", "--port", "1-5.1"});
  EXPECT_EQ(ran.status, 69);
  EXPECT_THAT(ran.err, HasSubstr("2b04:d006"));
}

TEST_F(Flash, ADryRunTellsWhatItWouldDoAndLeavesNoTrace) {
  EXPECT_EQ(flash({"--line", "virtual", "--units", "1", "--keep", "units"}).status, 0);
  const std::string before = folder_.read("units/1-1.1.bin");
  const std::size_t rows = recorded().size();
  const auto logs = [&] {
    using Files = std::filesystem::directory_iterator;
    return std::distance(Files(folder_.path("logs")), Files());
  };
  const auto logs_before = logs();
  const Ran ran = flash({"--line", "virtual", "--units", "2", "--keep", "units", "--dry-run", "--json"});
  EXPECT_EQ(logs(), logs_before);
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  const std::vector<QJsonObject> all = json_lines(ran.out);
  EXPECT_THAT(events(all, "attempt_started"), IsEmpty());
  std::map<QString, int> to_write;
  for (const QJsonObject& one : events(all, "judged")) to_write[one["port"].toString()] = one["bytes_to_write"].toInt();
  EXPECT_EQ(to_write, (std::map<QString, int>{{"1-1.1", 0}, {"1-1.2", 248732 + 151192 + 86192}}));
  EXPECT_TRUE(folder_.read("units/1-1.1.bin") == before);
  EXPECT_EQ(recorded().size(), rows);
}

TEST_F(Flash, ASignalStopsAtASafePointRecordsEverythingAndEndsWith130) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::filesystem::remove(folder_.path("r.db"));
    // Real time: a flash takes seconds, so the signal comes in the middle.
    const int process = folder_.start({"flash", example_recipe(), "--db", "r.db", "--line", "virtual", "--json"});
    wait_for("\"progress\"");
    ::kill(process, signal);
    const Ran ran = folder_.finish(process);
    EXPECT_EQ(ran.status, 130) << ran.err;
    const std::vector<QJsonObject> all = json_lines(ran.out);
    EXPECT_EQ(all.back()["event"].toString(), "summary");
    EXPECT_EQ(events(all, "stopping").size(), 1u);
    EXPECT_EQ(events(all, "attempt_started").size(), events(all, "attempt_finished").size());
    for (const QJsonObject& one : recorded()) EXPECT_EQ(one["outcome"].toString(), "cancelled");
    expect_sound_chain();
    std::filesystem::remove(folder_.path("r.db.lock"));
  }
}

// How the service is stopped: for an upgrade no unit has to be flashed again.
TEST_F(Flash, ALineThatIsToFinishItsUnitsEndsWhenEachHasItsVerdict) {
  const int process = folder_.start(
      {"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "2", "--speed", "3", "--json"});
  wait_for("\"progress\"");
  ::kill(process, SIGUSR2);
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 130) << ran.err;
  const std::vector<QJsonObject> all = json_lines(ran.out);
  EXPECT_EQ(events(all, "stopping").size(), 1u);
  EXPECT_EQ(all.back()["passed"].toInt(), 2);
  for (const QJsonObject& one : recorded()) EXPECT_EQ(one["outcome"].toString(), "passed");
  expect_sound_chain();
}

TEST_F(Flash, WhoFinishesItsUnitsIsStoppedByASignalAtASafePoint) {
  const int process = folder_.start({"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--json"});
  wait_for("\"progress\"");
  ::kill(process, SIGUSR2);
  wait_for("\"stopping\"");
  ::kill(process, SIGTERM);
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 130) << ran.err;
  EXPECT_FALSE(events(json_lines(ran.out), "stopping").back()["at_once"].toBool());
  for (const QJsonObject& one : recorded()) EXPECT_EQ(one["outcome"].toString(), "cancelled");
  expect_sound_chain();
}

TEST_F(Flash, APausedLineWithoutAUnitInWorkEndsAtOnceWhenItIsToFinish) {
  const int process = folder_.start(
      {"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "2", "--speed", "5", "--json"});
  wait_until([&] { return events(whole_json_lines(folder_.read("stdout")), "verdict").size() == 2; });
  ::kill(process, SIGUSR1);
  ::kill(process, SIGUSR2);
  EXPECT_EQ(folder_.finish(process).status, 130);
  expect_sound_chain();
}

TEST_F(Flash, RunFlashesWhatIsThereAndStaysUntilItIsStopped) {
  const int process = folder_.start(
      {"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "2", "--speed", "5", "--json"});
  wait_until([&] { return events(whole_json_lines(folder_.read("stdout")), "verdict").size() == 2; });
  EXPECT_EQ(events(whole_json_lines(folder_.read("stdout")), "summary").size(), 0u) << "it stays";
  ::kill(process, SIGHUP);   // the files are read again
  ::kill(process, SIGUSR1);  // pause
  ::kill(process, SIGTERM);
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 130) << ran.err;
  const std::vector<QJsonObject> all = json_lines(ran.out);
  EXPECT_EQ(all.back()["event"].toString(), "summary");
  EXPECT_EQ(all.back()["passed"].toInt(), 2);
  for (const QJsonObject& one : recorded()) EXPECT_EQ(one["outcome"].toString(), "passed");
  expect_sound_chain();
}

TEST_F(Flash, EachInsertionByTheHandFromOutsideIsOneVisit) {
  folder_.write("line.toml",
                "[line]\nspeed = 5\ncontrol = \"line.ctl\"\n[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.2\"\n"
                "generation = 12\nstarts = \"absent\"\n");
  // Less than a unit needs from its cable to the bus, so that every return is an insertion.
  folder_.write("station.toml", "insert_after = 0.1\n");
  const int process = folder_.start(
      {"run", example_recipe(), "--db", "r.db", "--line", "line.toml", "--station", "station.toml", "--json"});
  const auto wait_for_events = [&](const char* event, std::size_t count) {
    wait_until([&] { return events(whole_json_lines(folder_.read("stdout")), event).size() >= count; });
  };
  ControlClient control(folder_.path("line.ctl"));
  // Refused at both attempts of its first visit; the same unit again, well; another one.
  EXPECT_EQ(control.say("fault 1-1.2 stall block:1 2"), "ok");
  std::size_t verdicts = 0;
  for (const char* insertion : {"plug 1-1.2", "plug 1-1.2", "fresh 1-1.2"}) {
    EXPECT_EQ(control.say(insertion), "ok");
    EXPECT_THAT(control.say(insertion), HasSubstr("error: "));
    wait_for_events("verdict", ++verdicts);
    // Once more than by itself, on its way from DFU mode to its application.
    const std::size_t left = events(whole_json_lines(folder_.read("stdout")), "unit_left").size();
    EXPECT_EQ(control.say("pull 1-1.2"), "ok");
    wait_for_events("unit_left", left + 1);
  }
  ::kill(process, SIGTERM);
  EXPECT_EQ(folder_.finish(process).status, 130);
  EXPECT_FALSE(std::filesystem::exists(folder_.path("line.ctl")));
  std::vector<std::string> outcomes;
  std::set<QString> visits, units;
  for (const QJsonObject& one : recorded()) {
    outcomes.push_back(one["outcome"].toString().toStdString());
    visits.insert(one["visit"].toString());
    units.insert(one["unit"].toString());
  }
  EXPECT_THAT(outcomes, testing::ElementsAre("failed", "failed", "passed", "passed"));
  EXPECT_EQ(visits.size(), 3u);
  EXPECT_EQ(units.size(), 2u);
  expect_sound_chain();
}

TEST_F(Flash, AControlSocketThatCannotBeMadeEndsWith78BeforeAUnitIsTouched) {
  folder_.write("line.toml",
                "[line]\ncontrol = \"nowhere/line.ctl\"\n[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.2\"\n");
  const Ran ran = folder_.run({"flash", example_recipe(), "--db", "r.db", "--line", "line.toml"});
  EXPECT_EQ(ran.status, 78);
  EXPECT_THAT(ran.err, HasSubstr("nowhere/line.ctl"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("r.db")));
  // A command that only reads makes none.
  EXPECT_EQ(folder_.run({"list", "--line", "line.toml"}).status, 0);
}

TEST_F(Flash, RunWithoutARecipeWorksOnTheSlotsThatHaveTheirOwn) {
  EXPECT_EQ(folder_.run({"run", "--line", "virtual", "--db", "r.db"}).status, 64);
  folder_.write("station.toml", "name = \"line-3\"\n[[slot]]\nport = \"1-1.2\"\nlabel = \"A2\"\nrecipe = \"" +
                                    example_recipe() + "\"\n");
  const int process = folder_.start({"run", "--station", "station.toml", "--db", "r.db", "--line", "virtual", "--units",
                                     "3", "--speed", "5", "--json"});
  wait_for("\"event\":\"verdict\"");
  ::kill(process, SIGINT);
  EXPECT_EQ(folder_.finish(process).status, 130);
  const std::vector<QJsonObject> all = recorded();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["slot"].toString(), "A2");
}

TEST_F(Flash, ASecondSignalStopsAtOnceAndStillRecordsEverything) {
  const int process = folder_.start({"flash", example_recipe(), "--db", "r.db", "--line", "virtual", "--json"});
  wait_for("\"progress\"");
  ::kill(process, SIGINT);
  wait_for("\"stopping\"");
  ::kill(process, SIGINT);
  const Ran ran = folder_.finish(process);
  EXPECT_EQ(ran.status, 130) << ran.err;
  for (const QJsonObject& one : recorded()) EXPECT_EQ(one["outcome"].toString(), "cancelled");
  expect_sound_chain();
}

TEST_F(Flash, AfterAKillOpenAttemptsAreInterruptedAndTheChainHolds) {
  const int process = folder_.start({"flash", example_recipe(), "--db", "r.db", "--line", "virtual", "--json"});
  wait_for("\"progress\"");
  ::kill(process, SIGKILL);
  const Ran killed = folder_.finish(process);
  EXPECT_EQ(killed.status, 128 + SIGKILL);
  const std::vector<QJsonObject> open = recorded();
  EXPECT_EQ(open.size(), 8u);
  for (const QJsonObject& one : open) EXPECT_EQ(one["outcome"].toString(), "interrupted");
  expect_sound_chain();
  const Ran next = flash({"--line", "virtual", "--units", "1"});
  EXPECT_EQ(next.status, 0);
  EXPECT_THAT(next.err, HasSubstr("interrupted"));
  EXPECT_EQ(recorded().size(), 9u);
  expect_sound_chain();
}

// What a reader was shown before the kill must be on record: a verdict as it was shown, a start at least as open.
TEST_F(Flash, KilledAtTwentyMomentsTheRecordHoldsAllThatWasShown) {
  for (std::size_t moment = 1; moment <= 20; ++moment) {
    SCOPED_TRACE(moment);
    const std::string db = "killed-" + std::to_string(moment) + ".db";
    const int process = folder_.start(
        {"flash", example_recipe(), "--db", db, "--line", "virtual", "--units", "16", "--speed", "20", "--json"});
    // From the first line to the last attempts' ends: 16 arrivals, 16 starts, 16 ends and verdicts, some progress.
    wait_for_lines(moment * 4);
    ::kill(process, SIGKILL);
    const std::vector<QJsonObject> shown = whole_json_lines(folder_.finish(process).out);
    const Ran audit = folder_.run({"audit", "verify", "--db", db});
    EXPECT_EQ(audit.status, 0) << audit.out << audit.err;
    std::map<QString, QString> on_record;
    for (const QJsonObject& one : json_lines(folder_.run({"report", "--db", db, "--format", "jsonl"}).out)) {
      on_record[one["attempt"].toString()] = one["outcome"].toString();
      EXPECT_NE(one["outcome"].toString(), "running");
    }
    for (const QJsonObject& one : events(shown, "attempt_started")) {
      EXPECT_TRUE(on_record.contains(one["attempt"].toString()));
    }
    for (const QJsonObject& one : events(shown, "attempt_finished")) {
      EXPECT_EQ(on_record[one["attempt"].toString()], one["outcome"].toString());
    }
  }
}

TEST_F(Flash, ASecondWriterIsRefusedWith74WhileReadersAreWelcome) {
  const int process = folder_.start({"flash", example_recipe(), "--db", "r.db", "--line", "virtual", "--json"});
  wait_for("\"progress\"");
  ProgramFolder other;
  const Ran second = other.run({"flash", example_recipe(), "--line", "virtual", "--db", folder_.path("r.db")});
  EXPECT_EQ(second.status, 74);
  EXPECT_THAT(second.err, HasSubstr(std::to_string(process)));
  EXPECT_THAT(second.out, IsEmpty());
  const Ran report = other.run({"report", "--db", folder_.path("r.db"), "--format", "jsonl"});
  EXPECT_EQ(report.status, 0);
  for (const QJsonObject& one : json_lines(report.out)) EXPECT_EQ(one["outcome"].toString(), "running");
  ::kill(process, SIGKILL);
  folder_.finish(process);
}

TEST_F(Flash, ADatabaseThatCannotBeMadeIs74AndALogThatCannotIs73BothBeforeAUnitIsTouched) {
  folder_.write("file", "");
  EXPECT_EQ(folder_.run({"flash", example_recipe(), "--line", "virtual", "--db", "file/r.db"}).status, 74);
  folder_.write("logs", "not a folder");
  const Ran ran = flash({"--line", "virtual"});
  EXPECT_EQ(ran.status, 73);
  EXPECT_THAT(ran.out, IsEmpty());
}

TEST_F(Flash, TheLogOfARunTellsEachAttemptByItsId) {
  EXPECT_EQ(flash({"--line", "virtual", "--units", "2"}).status, 0);
  std::string log;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path("logs"))) {
    log += folder_.read("logs/" + entry.path().filename().string());
  }
  for (const QJsonObject& one : recorded()) {
    const std::string id = one["attempt"].toString().toStdString();
    EXPECT_THAT(log, HasSubstr("attempt " + id + ": starts"));
    EXPECT_THAT(log, HasSubstr("attempt " + id + ": step user"));
    EXPECT_THAT(log, HasSubstr("attempt " + id + ": passed"));
  }
}

TEST_F(Flash, TheDefaultDatabaseLiesInTheHomeFolder) {
  EXPECT_EQ(folder_.run({"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "5"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder_.path(".local/state/flashline/flashline.db")));
  EXPECT_EQ(folder_.run({"report"}).status, 0);
}

TEST_F(Flash, AReportGoesWholeIntoItsFileOrNotAtAll) {
  EXPECT_EQ(flash({"--line", "virtual", "--units", "2"}).status, 0);
  const Ran ran = folder_.run({"report", "--db", "r.db", "--format", "json", "-o", "report.json"});
  EXPECT_EQ(ran.status, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.out, IsEmpty());
  const QJsonObject report = QJsonDocument::fromJson(QByteArray::fromStdString(folder_.read("report.json"))).object();
  EXPECT_EQ(report["attempts"].toArray().size(), 2);
  EXPECT_EQ(folder_.run({"report", "--db", "r.db", "-o", "no-folder/report.txt"}).status, 73);
}

}  // namespace
}  // namespace station
