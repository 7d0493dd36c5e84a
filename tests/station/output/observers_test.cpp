// What people and programs are shown while a line runs: the lines themselves, from events made up for it.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <unistd.h>

#include "station/diagnostics/logging.h"
#include "station/output/json_lines.h"
#include "station/output/progress_lines.h"
#include "tests/station/program.h"
#include "tests/station/sample_values.h"

namespace station {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Shown : public testing::Test {
 protected:
  template <typename Output, typename... Arguments>
  std::vector<std::string> lines(const std::function<void(RunOutput&)>& use, Arguments... arguments) {
    const int file = open(folder_.path("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    {
      LineWriter out(file);
      Output output(out, arguments...);
      use(output);
    }
    close(file);
    std::istringstream text(folder_.read("out"));
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

  RunFacts facts() const {
    return {.recipe = started_.recipe, .station = "line-3", .line = "virtual", .database = "/r.db", .log = "/l.log"};
  }
  // One unit that fails and passes at the second attempt, one that fails twice.
  void run(RunOutput& output) {
    output.started(facts());
    output.on(scheduler::UnitArrived{started_.unit, "A2", true}, {});
    output.on(scheduler::AttemptBegan{started_}, {});
    for (const double fraction : {0.1, 0.26, 0.3, 0.51, 0.76, 0.99}) {
      output.on(
          scheduler::Progress{started_.attempt, started_.port, "A2", dfu::OperationKind::write, "user", fraction, 1.0},
          {});
    }
    output.on(scheduler::AttemptEnded{sample_failure(started_)}, {});
    scheduler::AttemptStarted again = started_;
    again.attempt = db::to_string(uuids_.next());
    again.number = 2;
    output.on(scheduler::AttemptBegan{again}, {});
    output.on(scheduler::AttemptEnded{sample_pass(again)}, {});
    output.on(scheduler::VerdictReached{started_.port, "A2", scheduler::Outcome::passed, 2, {}}, {});
    output.on(scheduler::UnitLeft{started_.port, "A2"}, {});
    output.ended({.totals = {.units = 1, .passed = 1, .attempts = 2}, .seconds = 9.4321});
  }

  ProgramFolder folder_;
  db::UuidGenerator uuids_;
  const scheduler::AttemptStarted started_ = sample_start("1-1.2", uuids_);
};

QJsonObject json(const std::string& line) {
  const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(line));
  EXPECT_TRUE(document.isObject()) << line;
  return document.object();
}

TEST_F(Shown, ARemarkIsShownToPeopleAndPrograms) {
  const scheduler::Remarked remarked{scheduler::make_remark(
      scheduler::RemarkCode::id_twice, started_.attempt, "3b00",
      {{"unit", "3b00"}, {"there", "A1"}, {"there_is", "slot"}, {"here", "A2"}, {"here_is", "slot"}})};
  const std::string sentence =
      "Two units say that they are 3b00: one in slot A1 and one in slot A2. One of them is a copy.";
  const auto programs = lines<JsonLines>([&](RunOutput& output) { output.on(remarked, {}); }, RecordContext{});
  ASSERT_EQ(programs.size(), 1u);
  const QJsonObject object = json(programs[0]);
  EXPECT_EQ(object["event"], "remark");
  EXPECT_EQ(object["kind"], "duplicate-id");
  EXPECT_EQ(object["about"], "3b00");
  EXPECT_EQ(object["text"].toString().toStdString(), sentence);
  EXPECT_EQ(object["code"], "id-twice");
  EXPECT_EQ(object["values"].toObject()["here"], "A2");
  EXPECT_EQ(object["attempt"].toString().toStdString(), started_.attempt);
  const auto people = lines<ProgressLines>([&](RunOutput& output) { output.on(remarked, {}); });
  EXPECT_THAT(people.back(), HasSubstr(sentence));
}

TEST_F(Shown, AHalfWrittenUnitIsToldOnceToPeople) {
  const auto remark = [](scheduler::RemarkCode code, const std::string& attempt) {
    return scheduler::Remarked{
        scheduler::make_remark(code, "", "1-1.2", {{"attempt", attempt}, {"port", std::string("1-1.2")}})};
  };
  const auto told = lines<ProgressLines>([&](RunOutput& output) {
    output.on(remark(scheduler::RemarkCode::partial_at_start, "a"), {});
    output.on(remark(scheduler::RemarkCode::partial_same_port, "a"), {});
    output.on(remark(scheduler::RemarkCode::partial_same_port, "b"), {});
    output.on(remark(scheduler::RemarkCode::partial_other, "a"), {});
  });
  ASSERT_EQ(told.size(), 3u);
  EXPECT_THAT(told[0], HasSubstr("attempt a left"));
  EXPECT_THAT(told[1], HasSubstr("Attempt b left"));
  EXPECT_THAT(told[2], HasSubstr("another unit: find that one")) << "that is news";
}

TEST_F(Shown, EveryJsonLineIsAnObjectWithEventAndTimeAndTheyComeInOrder) {
  const auto all = lines<JsonLines>([this](RunOutput& output) { run(output); }, RecordContext{});
  std::vector<std::string> events;
  for (const std::string& line : all) {
    const QJsonObject object = json(line);
    EXPECT_THAT(object["time"].toString().toStdString(), testing::MatchesRegex("....-..-..T..:..:..\\....Z"));
    events.push_back(object["event"].toString().toStdString());
  }
  EXPECT_THAT(events, ElementsAre("run_started", "unit_arrived", "attempt_started", "progress", "attempt_finished",
                                  "attempt_started", "attempt_finished", "verdict", "unit_left", "summary"));
}

using Names = std::set<std::string>;

// The words between backquotes, but for options.
Names names_in(const std::string& text) {
  Names names;
  for (std::size_t at = text.find('`'); at != std::string::npos; at = text.find('`', at + 1)) {
    const std::size_t end = text.find('`', at + 1);
    std::istringstream words(text.substr(at + 1, end - at - 1));
    for (std::string word; words >> word;) {
      if (!word.starts_with("--")) names.insert(word);
    }
    at = end;
  }
  return names;
}

// docs/formats.md, "JSON of flash and run" and "Attempt": the events of a row of the table, and their keys.
std::map<Names, Names> documented_events() {
  std::ifstream file(std::filesystem::path(FLASHLINE_SOURCE_DIR "/docs/formats").replace_extension("md"));
  std::map<Names, Names> rows;
  Names attempt;
  std::string section;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) section = line;
    const std::size_t column = line.find('|', 1);
    if (section == "## JSON of flash and run" && line.starts_with("| `")) {
      rows[names_in(line.substr(0, column))] = names_in(line.substr(column));
    } else if (section == "### Attempt" && line.starts_with("{\"event\"")) {
      for (std::string next; line.find("\"state\"") == std::string::npos && std::getline(file, next);) line += next;
      for (const QString& key : QJsonDocument::fromJson(QByteArray::fromStdString(line)).object().keys()) {
        attempt.insert(key.toStdString());
      }
    } else if (section == "### Attempt" && line.starts_with("Further keys")) {
      for (std::string next; line.find("`.") == std::string::npos && std::getline(file, next);) line += " " + next;
      attempt.merge(names_in(line.substr(0, line.find("`.") + 1)));
    }
  }
  rows[{"attempt_finished"}] = std::move(attempt);
  return rows;
}

// Each kind of event once or more.
std::map<std::string, Names> shown_events(const std::vector<std::string>& lines) {
  std::map<std::string, Names> events;
  for (const std::string& line : lines) {
    const QJsonObject object = json(line);
    Names& names = events[object["event"].toString().toStdString()];
    for (const QString& key : object.keys()) names.insert(key.toStdString());
  }
  return events;
}

TEST_F(Shown, EveryKeyOfAnEventIsInTheDocumentAndNoOther) {
  const auto all = lines<JsonLines>(
      [this](RunOutput& output) {
        run(output);
        output.on(scheduler::VisitBegan{started_.port, "A2", started_.visit}, {});
        output.on(scheduler::VisitOver{started_.port, "A2", started_.visit}, {});
        output.on(scheduler::UnitWaits{started_.port, "A2", scheduler::Wait{}}, {});
        output.on(scheduler::Judged{started_.unit, "A2", {}}, {});
        output.on(scheduler::Remarked{}, {});
        output.on(scheduler::UnitMade{}, {});
        output.on(scheduler::JobTaken{}, {});
        output.stopping(scheduler::StopKind::safe_point);
      },
      RecordContext{{}, {}, std::make_shared<const db::Run>(), {}});
  const std::map<std::string, Names> shown = shown_events(all);
  std::size_t documented = 0;
  for (const auto& [events, keys] : documented_events()) {
    Names together;
    for (const std::string& event : events) {
      ASSERT_TRUE(shown.contains(event)) << event << " is in the document and was not shown";
      together.insert(shown.at(event).begin(), shown.at(event).end());
      ++documented;
    }
    Names expected = keys;
    expected.insert({"event", "time"});
    EXPECT_EQ(together, expected) << "the row of " << *events.begin();
  }
  EXPECT_EQ(documented, shown.size()) << "an event is not in the document";
}

TEST_F(Shown, AFinishedAttemptAsJsonHasEveryKeyOfTheContract) {
  const auto all = lines<JsonLines>(
      [this](RunOutput& output) { output.on(scheduler::AttemptEnded{sample_pass(started_)}, {}); }, RecordContext{});
  ASSERT_EQ(all.size(), 1u);
  const QJsonObject object = json(all[0]);
  EXPECT_EQ(object["attempt"].toString().toStdString(), started_.attempt);
  EXPECT_EQ(object["visit"].toString().toStdString(), started_.visit);
  EXPECT_EQ(object["number"].toInt(), 1);
  EXPECT_EQ(object["port"].toString(), "1-1.2");
  EXPECT_EQ(object["slot"].toString(), "A2");
  EXPECT_EQ(object["outcome"].toString(), "passed");
  EXPECT_TRUE(object.contains("fault") && object["fault"].isNull());
  EXPECT_EQ(object["verified"].toBool(false), true);
  EXPECT_EQ(object["booted"].toBool(false), true);
  EXPECT_TRUE(object.contains("unit") && object["unit"].isNull());
  EXPECT_EQ(object["serials"].toArray(), (QJsonArray{"00000000010C", "00000000050C"}));
  EXPECT_DOUBLE_EQ(object["flash_seconds"].toDouble(), 7.611);
  EXPECT_DOUBLE_EQ(object["return_seconds"].toDouble(), 1.58);
  EXPECT_DOUBLE_EQ(object["floor_seconds"].toDouble(), 7.52);
  ASSERT_EQ(object["steps"].toArray().size(), 1);
  const QJsonObject step = object["steps"].toArray()[0].toObject();
  EXPECT_EQ(step["name"].toString(), "user");
  EXPECT_EQ(step["image"].toString(), "user.bin");
  EXPECT_EQ(step["sha256"].toString().size(), 64);
  EXPECT_EQ(step["address"].toString(), "0x080a0000");
  EXPECT_EQ(step["bytes"].toInt(), 1000);
  EXPECT_EQ(step["written_bytes"].toInt(), 900);
  EXPECT_EQ(step["unchanged_bytes"].toInt(), 100);
  EXPECT_EQ(step["erased_sectors"].toInt(), 1);
  EXPECT_DOUBLE_EQ(step["seconds"].toDouble(), 3.9);
  EXPECT_EQ(step["readback_sha256"].toString().size(), 64);
}

TEST_F(Shown, AFaultAsJsonHasItsFactsApart) {
  const auto all = lines<JsonLines>(
      [this](RunOutput& output) { output.on(scheduler::AttemptEnded{sample_failure(started_)}, {}); }, RecordContext{});
  const QJsonObject fault = json(all.at(0))["fault"].toObject();
  EXPECT_EQ(fault["code"].toString(), "verify-mismatch");
  EXPECT_EQ(fault["about"].toString(), "unit");
  EXPECT_EQ(fault["step"].toString(), "user");
  EXPECT_EQ(fault["operation"].toString(), "read");
  EXPECT_EQ(fault["address"].toString(), "0x080a0123");
  EXPECT_EQ(fault["block"].toInt(), 3);
  EXPECT_FALSE(fault["text"].toString().isEmpty());
}

TEST_F(Shown, TheSummaryAsJsonCountsUnits) {
  const auto all = lines<JsonLines>([this](RunOutput& output) { run(output); }, RecordContext{});
  const QJsonObject summary = json(all.back());
  EXPECT_EQ(summary["units"].toInt(), 1);
  EXPECT_EQ(summary["passed"].toInt(), 1);
  EXPECT_EQ(summary["failed"].toInt(-1), 0);
  EXPECT_EQ(summary["attempts"].toInt(), 2);
  EXPECT_DOUBLE_EQ(summary["seconds"].toDouble(), 9.432);
}

TEST_F(Shown, APersonSeesStartQuartersFaultAndVerdictOncePerUnit) {
  const auto all = lines<ProgressLines>([this](RunOutput& output) { run(output); });
  std::vector<std::string> timed;
  for (const std::string& line : all) {
    if (line.size() > 27 && line.substr(7, 2) == " s") timed.push_back(line.substr(11));
  }
  EXPECT_THAT(timed,
              ElementsAre("A2 (1-1.2)      start", "A2 (1-1.2)       25 %  write user",
                          "A2 (1-1.2)       50 %  write user", "A2 (1-1.2)       75 %  write user",
                          "A2 (1-1.2)      attempt 1 failed: verify-mismatch, step user, read at 0x080a0123, "
                          "block 3: 0x55 stands where 0x5a was written.",
                          "A2 (1-1.2)      start, attempt 2", "A2 (1-1.2)      PASS    9.2 s    verified, booted"));
}

TEST_F(Shown, TheTableAtTheEndNamesEveryPortWithItsVerdictAndWhereTheRecordIs) {
  const auto all = lines<ProgressLines>([this](RunOutput& output) { run(output); });
  const auto row =
      std::ranges::find_if(all, [](const std::string& line) { return line.starts_with("A2 (1-1.2)  PASS"); });
  ASSERT_NE(row, all.end());
  EXPECT_THAT(*row, HasSubstr("9.19"));
  EXPECT_THAT(all, testing::Contains(HasSubstr("1 unit: 1 passed, 0 already, 0 failed")));
  EXPECT_THAT(all, testing::Contains(HasSubstr("flashline report --db /r.db")));
}

TEST_F(Shown, PlainLinesAreAsciiWithoutControlCharacters) {
  for (const std::string& line : lines<ProgressLines>([this](RunOutput& output) { run(output); })) {
    for (const char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
  }
}

TEST_F(Shown, EverythingInTheLogAboutAnAttemptIsFoundByItsId) {
  std::ostringstream text;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
  logger.set_level(spdlog::level::debug);
  logger.set_pattern("%v");
  LogObserver log(logger);
  log.on(scheduler::AttemptBegan{started_}, {});
  log.on(scheduler::Progress{started_.attempt, started_.port, "A2", dfu::OperationKind::erase, "user", 0.1, 1.0}, {});
  log.on(scheduler::Progress{started_.attempt, started_.port, "A2", dfu::OperationKind::write, "user", 0.2, 1.0}, {});
  log.on(scheduler::Progress{started_.attempt, started_.port, "A2", dfu::OperationKind::write, "user", 0.3, 1.0}, {});
  log.on(scheduler::AttemptEnded{sample_failure(started_)}, {});
  std::istringstream lines(text.str());
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_THAT(line, HasSubstr(started_.attempt));
  EXPECT_EQ(count, 6);
  EXPECT_THAT(text.str(), HasSubstr("verify-mismatch"));
}

}  // namespace
}  // namespace station
