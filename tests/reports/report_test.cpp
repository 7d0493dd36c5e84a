#include "reports/report.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStringList>
#include <sstream>

#include <gtest/gtest.h>

#include "reports/attempt_json.h"
#include "tests/reports/attempt.h"

namespace reports {
namespace {

std::vector<db::Attempt> three() {
  db::Attempt retry = sample::attempt(5, 4, sample::passed(5), 2);
  retry.finished.unit.clear();
  db::Attempt failed = sample::attempt(4, 4, sample::failed(4));
  failed.visit.slot.clear();
  failed.visit.port = "1-1.4.2";
  retry.visit = failed.visit;
  return {sample::attempt(2, 1, sample::passed(2)), failed, retry,
          sample::open_attempt(7, 6, db::Outcome::interrupted)};
}

std::string text_of(const Report& report) {
  std::ostringstream out;
  write_text(report, out);
  return out.str();
}

TEST(TextReport, ReadsLikeThis) {
  EXPECT_EQ(text_of(sample::report(three())),
            R"(Station   line-3 (01930000-0000-7000-8000-0000000000fa)
Record    42 rows, last hash 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a

Slot     Port         Try  Started (UTC)        Outcome      Seconds  Unit
A2       1-1.2          1  2026-11-22 06:00:00  passed          9.19  3b002c001847353236343033
-        1-1.4.2        1  2026-11-22 06:00:00  failed          4.10  -
         verify-mismatch, step system-part2: The byte at 0x08061000 reads back as 0x00 and should be
         0x5a.
-        1-1.4.2        2  2026-11-22 06:00:00  passed          9.19  -
A2       1-1.2          1  2026-11-22 06:00:00  interrupted        -  -
         interrupted: The program stopped before this attempt ended. What the unit holds is not
         known: flash it again.

Units     3: 2 passed, 1 interrupted
Yield     66.7 % (2 of 3), at the first attempt 33.3 % (1 of 3)
Attempts  4, 1.33 per unit
Time      2026-11-22 06:00:00 to 2026-11-22 06:00:09 UTC
)");
}

TEST(TextReport, ItsSummaryAloneEndsLikeTheWhole) {
  std::ostringstream out;
  write_summary(sample::report(three()), out);
  const std::string whole = text_of(sample::report(three()));
  EXPECT_TRUE(whole.ends_with(out.str().substr(out.str().find("\nUnits")))) << out.str();
}

TEST(TextReport, OfNothingSaysSo) {
  EXPECT_TRUE(text_of(sample::report({})).ends_with("\n\nNo attempts.\n"));
}

TEST(TextReport, StaysWithinItsColumnsAndLetsNothingSteerTheTerminal) {
  db::Attempt attempt = sample::attempt(2, 1, sample::failed(2));
  attempt.finished.fault->text.clear();
  for (int i = 0; i < 60; ++i) attempt.finished.fault->text += "word" + std::to_string(i) + ' ';
  attempt.finished.unit = "\x1b[31mred";
  const std::string text = text_of(sample::report({attempt}));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("word59"), std::string::npos);
}

TEST(JsonReport, HoldsTheAttemptsTheStationsAndTheSummary) {
  std::ostringstream out;
  write_json(sample::report(three()), out);
  QJsonParseError error;
  const QJsonObject json = QJsonDocument::fromJson(QByteArray::fromStdString(out.str()), &error).object();
  ASSERT_EQ(error.error, QJsonParseError::NoError) << error.errorString().toStdString();
  ASSERT_EQ(json["attempts"].toArray().size(), 4);
  EXPECT_EQ(json["attempts"].toArray().at(1).toObject(), attempt_json(three()[1]));
  const QJsonObject station = json["stations"].toArray().at(0).toObject();
  EXPECT_EQ(station["rows"].toInt(), 42);
  EXPECT_EQ(station["head"].toString().toStdString(), db::hex(sample::digest(0x5A)));
  EXPECT_EQ(QJsonDocument(json["summary"].toObject()).toJson(QJsonDocument::Compact).toStdString(),
            R"({"already":0,"attempts":4,"attempts_per_unit":1.3333,"cancelled":0,"error":0,"failed":0,)"
            R"("first":"2026-11-22T06:00:00.020Z","first_pass_yield":0.3333,"interrupted":1,)"
            R"("last":"2026-11-22T06:00:09.210Z","passed":2,"running":0,"units":3,"yield":0.6667})");
}

TEST(JsonReport, OfNothingIsStillOneObject) {
  std::ostringstream out;
  write_json(sample::report({}), out);
  const QJsonObject json = QJsonDocument::fromJson(QByteArray::fromStdString(out.str())).object();
  EXPECT_TRUE(json["attempts"].isArray());
  EXPECT_TRUE(json["attempts"].toArray().isEmpty());
  EXPECT_TRUE(json["summary"].toObject()["yield"].isNull());
}

TEST(JsonLinesReport, HoldsOneAttemptALine) {
  std::ostringstream out;
  write_json_lines(sample::report(three()), out);
  std::istringstream lines(out.str());
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_EQ(QJsonDocument::fromJson(QByteArray::fromStdString(line)).object(), attempt_json(three().at(count)));
  }
  EXPECT_EQ(count, 4U);
}

// A record of an order, and of much else that happened.
class ReportOfALine : public testing::Test {
 protected:
  ReportOfALine() : store_(folder_.file(), "line-3", sample::run(), uuids_) {
    const auto event = [](std::int64_t ms, const char* kind, const char* about, const char* text) {
      return db::Event{sample::at(ms), kind, {}, about, text, "{}"};
    };
    store_.append(event(1, "run-started", "line-3", "A run begins."));
    store_.append(event(2, "signed-in", "li", "li signed in on the board."));
    store_.append(sample::visit(1));
    store_.append(sample::started(2, 1));
    store_.append(event(100, "clock-step", "", "The clock was set back by 5 s."));
    store_.append(db::Event{sample::at(200), "recovery", sample::uuid(2), "1-1.2", "It was opened again.", "{}"});
    store_.append(sample::failed(2));
    db::Event used = event(300, "order-used", "J-8", "wang let the line work for order J-8 on the board.");
    used.facts = R"({"operator":"wang","role":"supervisor","from":"10.0.0.7"})";
    store_.append(used);
    db::AttemptStarted other = sample::started(5, 4);
    other.at = sample::at(100000);
    other.job = "J-8";
    other.operator_name = "wang";
    store_.append(sample::visit(4, "B1", "1-1.3"));
    store_.append(other);
    store_.append(event(100001, "quarantine", "1-1.3", "This port is not used any longer."));
    store_.append(db::Disposition{sample::at(999999), sample::uuid(2), "", db::Verdict::rework, "wang", "bent plug"});
    store_.append(event(999999, "clock-step", "", "The clock was set back by 7 s."));
  }

  QJsonObject json(const db::Filter& filter) {
    db::Reader reader(folder_.file());
    db::LineHistory history(folder_.file());
    std::ostringstream out;
    write_json(make_report(reader, filter, &history), out);
    QJsonParseError error;
    const QJsonObject object = QJsonDocument::fromJson(QByteArray::fromStdString(out.str()), &error).object();
    EXPECT_EQ(error.error, QJsonParseError::NoError) << out.str();
    return object;
  }
  static QStringList kinds(const QJsonObject& json) {
    QStringList all;
    for (const QJsonValue& event : json["events"].toArray()) all << event.toObject()["kind"].toString();
    return all;
  }

  sample::Folder folder_;
  db::UuidGenerator uuids_;
  db::Store store_;
};

TEST_F(ReportOfALine, TellsAllThatHappened) {
  const QJsonObject all = json({});
  EXPECT_EQ(kinds(all), QStringList({"run-started", "signed-in", "clock-step", "recovery", "order-used", "quarantine",
                                     "clock-step"}));
  const QJsonObject used = all["events"].toArray()[4].toObject();
  EXPECT_EQ(used["operator"].toString(), "wang");
  EXPECT_EQ(used["facts"].toObject()["from"].toString(), "10.0.0.7");
  EXPECT_EQ(used["station"].toString(), "line-3");
  ASSERT_EQ(all["dispositions"].toArray().size(), 1);
  EXPECT_EQ(all["dispositions"].toArray()[0].toObject()["reason"].toString(), "bent plug");
  ASSERT_EQ(all["runs"].toArray().size(), 1);
  EXPECT_EQ(all["runs"].toArray()[0].toObject()["operator"].toString(), "Ada");
}

TEST_F(ReportOfALine, NamesTheOrdersOfItsAttemptsAlsoIfNoneWasAskedFor) {
  const auto orders = [](const QJsonObject& json) {
    QStringList all;
    for (const QJsonValue& job : json["jobs"].toArray()) all << job.toObject()["order"].toString();
    return all;
  };
  for (const char* order : {"J-7", "J-8", "J-9"}) store_.append(sample::job(order));
  EXPECT_EQ(orders(json({})), QStringList({"J-7", "J-8"})) << "no unit was made for J-9";
  EXPECT_EQ(orders(json({.slot = "B1"})), QStringList({"J-8"}));
  EXPECT_EQ(orders(json({.job = "J-9"})), QStringList({"J-9"}));
}

TEST_F(ReportOfALine, OfAnOrderTellsWhatHappenedToItAndToTheLineMeanwhile) {
  const QJsonObject first = json({.job = "J-7"});
  EXPECT_EQ(kinds(first), QStringList({"clock-step", "recovery"})) << "the other clock step was later";
  EXPECT_EQ(first["dispositions"].toArray().size(), 1) << "made later, and about a unit of this order";
  EXPECT_EQ(first["runs"].toArray().size(), 1);
  const QJsonObject second = json({.job = "J-8"});
  EXPECT_EQ(kinds(second), QStringList({"order-used"}));
  EXPECT_TRUE(second["dispositions"].toArray().isEmpty());
}

TEST_F(ReportOfALine, OfATimeASlotAnOperatorTellsWhatBelongsToIt) {
  EXPECT_EQ(kinds(json({.since = sample::at(50), .until = sample::at(250)})), QStringList({"clock-step", "recovery"}));
  EXPECT_EQ(kinds(json({.operator_name = "wang"})), QStringList({"order-used"}));
  EXPECT_EQ(kinds(json({.slot = "1-1.3"})), QStringList({"quarantine"}));
  EXPECT_TRUE(kinds(json({.job = "nothing"})).isEmpty());
}

TEST_F(ReportOfALine, TellsItInEveryFormatForPeople) {
  db::Reader reader(folder_.file());
  db::LineHistory history(folder_.file());
  const Report report = make_report(reader, {}, &history);
  std::ostringstream page;
  write_html(report, page);
  for (const std::string& told : {text_of(report), page.str()}) {
    for (const char* what : {"clock-step", "The clock was set back by 7 s.", "order-used", "rework", "bent plug",
                             "Runs", "Decisions", "Events", "bench"}) {
      EXPECT_NE(told.find(what), std::string::npos) << what;
    }
  }
  std::ostringstream lines, table;
  write_json_lines(report, lines);
  write_csv(report, table);
  EXPECT_EQ(lines.str().find("clock-step"), std::string::npos) << "an attempt a line";
  EXPECT_EQ(table.str().find("clock-step"), std::string::npos) << "an attempt a row";
}

TEST_F(ReportOfALine, SaysNothingOfHistoryWhereThereIsNone) {
  db::Reader reader(folder_.file());
  std::ostringstream out;
  write_json(make_report(reader, {}), out);
  EXPECT_EQ(out.str().find("\"events\""), std::string::npos);
}

TEST(Report, ComesFromARecord) {
  const sample::Folder folder;
  db::UuidGenerator uuids;
  db::Store store(folder.file(), "line-3", sample::run(), uuids);
  store.append(sample::visit(1));
  store.append(sample::started(2, 1));
  store.append(sample::failed(2));
  db::Reader reader(folder.file());
  const std::string text = text_of(make_report(reader, {}));
  EXPECT_NE(text.find(db::hex(store.head().hash)), std::string::npos);
  EXPECT_NE(text.find("verify-mismatch"), std::string::npos);
  EXPECT_EQ(text_of(make_report(reader, {.outcome = db::Outcome::passed})).find("verify-mismatch"), std::string::npos);
}

}  // namespace
}  // namespace reports
