// The program itself with its board, over a virtual line: what is asked and done from the page, and what is on record
// of it.
#include <QDateTime>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <unistd.h>

#include "db/reader.h"
#include "reports/attempt_json.h"
#include "tests/station/board/station_fixture.h"
#include "tests/station/control_client.h"

namespace station::board {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST_F(StationTest, AnOrderGoesItsWholeWayOnTheBoard) {
  const std::string li = sign_in("li");
  const std::string order =
      "{\"order\":\"PO/7\",\"quantity\":3,\"recipe\":\"photon-example\",\"lot\":\"L1\","
      "\"valid_until\":\"2999-01-01T08:00:00+08:00\"}";
  EXPECT_EQ(json(post("/api/jobs", order, li))["left"].toInt(), 3);
  EXPECT_EQ(status_of(post("/api/jobs", order, li)), 409) << "a number is used once";
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-8\",\"quantity\":0}", li)), 400);
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-8\",\"quantity\":1,\"recipe\":\"other\"}", li)), 400);
  for (const char* never : {"tomorrow", "2026-13-01", "2026-01-01T00:00:00Z"}) {
    const std::string late = "{\"order\":\"PO-8\",\"quantity\":1,\"valid_until\":\"" + std::string(never) + "\"}";
    EXPECT_EQ(status_of(post("/api/jobs", late, li)), 400) << never;
  }
  const QJsonObject all = json(get("/api/jobs"));
  EXPECT_EQ(all["jobs"].toArray().size(), 1);
  EXPECT_EQ(all["jobs"][0]["valid_until"].toString(), "2999-01-01T00:00:00.000Z");
  EXPECT_EQ(all["recipes"][0]["name"].toString(), "photon-example");
  EXPECT_EQ(status_of(get("/api/jobs/PO%2F7/certificate")), 404) << "not before it is closed";
  const QJsonObject closed = json(post("/api/jobs/PO%2F7/close", "{\"reason\":\"a trial\"}", li));
  EXPECT_THAT(closed["certificate"].toString().toStdString(), HasSubstr("order: PO/7"));
  EXPECT_THAT(get("/api/jobs/PO%2F7/certificate"),
              AllOf(HasSubstr("reason: a trial"), HasSubstr("filename=\"PO_7.certificate\"")));
  EXPECT_THAT(get("/api/jobs/PO%2F7/certificate.minisig"), HasSubstr("trusted comment: flashline certificate PO/7"));
  EXPECT_EQ(json(get("/api/jobs/PO%2F7"))["state"].toString(), "closed");
  // A page of its own: the board's policy, which allows no style in a page, is not sent with it.
  EXPECT_THAT(get("/api/jobs/PO%2F7/certificate.html"),
              AllOf(HasSubstr("<h1>PO/7</h1>"), HasSubstr("style-src 'unsafe-inline'"), Not(HasSubstr("'self'"))));
}

TEST_F(StationTest, ReportsAreDownloadedByWhoMayRead) {
  EXPECT_THAT(get("/api/report?format=summary"), HasSubstr("Flashline summary"));
  EXPECT_THAT(get("/api/report?format=html&slot=A1"), HasSubstr("Flashline report: slot A1"));
  EXPECT_THAT(get("/api/report?format=csv&day=2026-11-22"), HasSubstr("filename=\"flashline-2026-11-22.csv\""));
  EXPECT_THAT(get("/api/report?format=xlsx"), HasSubstr("spreadsheetml"));
  EXPECT_EQ(status_of(get("/api/report?format=exe")), 400);
  EXPECT_EQ(status_of(get("/api/report?format=csv&day=soon")), 400);
  EXPECT_EQ(status_of(get("/api/units/nobody/certificate.html")), 404);
}

TEST_F(StationTest, AnOrderEndsAtItsTimeAndTheLineWaitsForTheNextOne) {
  const std::string li = sign_in("li");
  const std::string soon = reports::rfc3339(db::now() + std::chrono::seconds(3)).toStdString();
  const std::string order = "{\"order\":\"PO-9\",\"quantity\":9,\"valid_until\":\"" + soon + "\"}";
  ASSERT_EQ(status_of(post("/api/jobs", order, li)), 200);
  ASSERT_EQ(status_of(post("/api/jobs/PO-9/use", "{}", li)), 200);
  const QJsonObject ended =
      until("/api/state", [](const QJsonObject& told) { return told["line"]["order_wanted"].toBool(); });
  EXPECT_THAT(ended["line"]["remark"].toString().toStdString(), HasSubstr("Order PO-9 was valid until "));
  EXPECT_EQ(ended["line"]["bound"]["by"].toString(), "order");
  EXPECT_EQ(status_of(post("/api/jobs/PO-9/use", "{}", li)), 409) << "its time is over";
  stop();
  EXPECT_EQ(db::Reader(folder_.path("r.db")).count_events("order-ended", {}), 1);
}

TEST_F(StationTest, ALabelIsPairedAndItsUnitIsFoundAgain) {
  await_verdicts();
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/labels", "{\"label\":\"SN-1\",\"slot\":\"1-1.1\"}", li)), 200);
  EXPECT_TRUE(json(post("/api/labels", "{\"label\":\"SN-1\",\"slot\":\"1-1.1\"}", li))["was_there"].toBool());
  const std::string taken = post("/api/labels", "{\"label\":\"SN-1\",\"slot\":\"1-1.2\"}", li);
  EXPECT_EQ(status_of(taken), 409);
  EXPECT_THAT(taken, testing::Not(HasSubstr("--"))) << "who asked by HTTP has no command line";
  EXPECT_EQ(status_of(post("/api/labels", "{\"label\":\"SN-2\",\"slot\":\"1-9.9\"}", li)), 409);
  EXPECT_THAT(get("/api/state"), HasSubstr("\"label_of_unit\":\"SN-1\""));
  const QJsonObject units = json(get("/api/units?query=SN-1"));
  ASSERT_EQ(units["units"].toArray().size(), 1);
  EXPECT_EQ(units["units"][0]["key"].toString(), "SN-1");
  EXPECT_EQ(json(get("/api/units?query=00000000010C"))["units"].toArray().size(), 2) << "both show it";
  EXPECT_EQ(json(get("/api/units?query=nothing"))["units"].toArray().size(), 0);
  EXPECT_EQ(json(get("/api/units?query="))["units"].toArray().size(), 2) << "those that were here last";
  EXPECT_EQ(status_of(get("/api/units/nothing")), 404);
  const std::string attempt = json(get("/api/units/SN-1"))["attempts"][0]["attempt"].toString().toStdString();
  const std::string decision = "{\"attempt\":\"" + attempt + "\",\"kind\":\"rework\",\"reason\":\"bent\"}";
  EXPECT_EQ(status_of(post("/api/dispositions", decision, li)), 200);
  EXPECT_EQ(status_of(post("/api/dispositions", "{\"attempt\":\"" + attempt + "\",\"kind\":\"rework\"}", li)), 400)
      << "without a reason";
  const QJsonObject unit = json(get("/api/units/" + attempt));
  EXPECT_EQ(unit["dispositions"][0]["author"].toString(), "li");
  EXPECT_EQ(unit["label"].toString(), "SN-1");
}

TEST_F(StationTest, ASlotTellsItsStory) {
  await_verdicts();
  const QJsonObject slot = json(get("/api/slots/1-1.1"));
  EXPECT_EQ(slot["outcome"].toString(), "passed");
  ASSERT_EQ(slot["steps"].toArray().size(), 3);
  EXPECT_EQ(slot["steps"][2]["state"].toString(), "done");
  EXPECT_EQ(slot["steps"][0]["address"].toString(), "0x08020000");
  EXPECT_GT(slot["steps"][0]["bytes"].toInt(), 1000);
  EXPECT_EQ(slot["attempts"].toArray().size(), 1);
  EXPECT_GT(slot["log"].toArray().size(), 5);
  EXPECT_EQ(status_of(get("/api/slots/1-1.99")), 404);
}

TEST_F(StationTest, HealthAndMetricsCountWhatWasMade) {
  await_verdicts();
  const QJsonObject health = json(get("/api/health"));
  EXPECT_EQ(health["slots"].toArray().size(), 2);
  EXPECT_EQ(health["hubs"][0]["units"].toInt(), 2);
  EXPECT_EQ(health["hubs"][0]["yield"].toDouble(), 1.0);
  EXPECT_LT(health["hubs"][0]["low"].toDouble(), 0.5) << "two units say little";
  EXPECT_FALSE(health["hubs"][0]["suspect"].toBool());
  EXPECT_GT(health["database"].toObject()["rows"].toInt(), 5);
  EXPECT_GT(health["disk"].toObject()["free_bytes"].toDouble(), 0);
  const std::string metrics = get("/metrics");
  EXPECT_THAT(
      metrics,
      AllOf(HasSubstr("text/plain; version=0.0.4"), HasSubstr("flashline_units_total{outcome=\"passed\"} 2\n"),
            HasSubstr("flashline_flash_seconds_count 2\n"), HasSubstr("flashline_slots{state=\"verdict\"} 2\n")));
}

// Socket 1-1.1 corrupts whatever is written through it, and closes after that became plain.
class AStationWithABadSocket : public StationTest {
 protected:
  void SetUp() override {
    folder_.write("line.toml",
                  "[line]\nspeed = 20\ncontrol = \"line.ctl\"\n[[hub]]\nport = \"1-1\"\n"
                  "[[unit]]\nport = \"1-1.1\"\nstarts = \"absent\"\n[[unit.fault]]\nkind = \"corrupt\"\n"
                  "at = \"address:0x08021000\"\ntimes = 9\n[[unit]]\nport = \"1-1.2\"\nstarts = \"absent\"\n");
    folder_.write("station.toml",
                  "name = " + station_name() +
                      "\ninsert_after = 0.1\nquarantine_after = 1\n[[slot]]\nport = \"1-1.1\"\nlabel = \"A1\"\n"
                      "[[slot]]\nport = \"1-1.2\"\nlabel = \"A2\"\n");
    start({"--line", "line.toml", "--station", "station.toml"});
  }
  virtual std::string station_name() const { return "\"line-3\""; }
  void fail_until_closed(ControlClient& control) {
    EXPECT_EQ(control.say("fresh 1-1.1"), "ok");
    await_slot("A1", "\"outcome\":\"failed\"");
    EXPECT_EQ(status_of(post("/api/slots/A1/release", "{}", sign_in("li"))), 409) << "one bad unit closes nothing";
    EXPECT_EQ(control.say("fresh 1-1.2"), "ok");
    await_slot("A2", "\"outcome\":\"passed\"");
    EXPECT_EQ(control.say("pull 1-1.1"), "ok");
    await_slot("A1", "\"present\":false");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // longer than insert_after: another unit
    EXPECT_EQ(control.say("fresh 1-1.1"), "ok");
    await_slot("A1", "units in a row failed here");
    EXPECT_EQ(control.say("pull 1-1.1"), "ok");
    await_slot("A1", "\"state\":\"quarantined\"");
  }
  void await_slot(const std::string& slot, const std::string& text) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::string told;
    while ((told = get("/api/slots/" + slot)).find(text) == std::string::npos &&
           std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ASSERT_THAT(told, HasSubstr(text));
  }
};

TEST_F(AStationWithABadSocket, IsToldOnTheBoardThatTheSocketWasRepaired) {
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li");
  fail_until_closed(control);
  const QJsonObject of_slot = json(get("/api/health"))["slots"][0].toObject();
  EXPECT_EQ(of_slot["units"].toInt(), 2) << "each was tried more than once";
  EXPECT_EQ(of_slot["failed"].toInt(), 2);
  EXPECT_EQ(status_of(post("/api/slots/A1/release", "{}", li)), 200);
  await_slot("A1", "\"reason\":null");
  stop();
  std::vector<std::string> told;
  for (const db::Event& event : db::Reader(folder_.path("r.db")).events()) {
    const bool of_port = event.kind == "quarantine" || event.kind == "released" || event.kind == "release";
    if (of_port) told.push_back(event.kind + " " + event.about);
  }
  EXPECT_THAT(told, testing::ElementsAre("quarantine 1-1.1", "released 1-1.1", "release 1-1.1"))
      << "who released it is on record before it is done";
}

class AStationWithAPast : public StationTest {
 protected:
  void SetUp() override {
    db::UuidGenerator uuids;
    db::Run run;
    run.id = uuids.next();
    run.at = db::now();
    {
      db::Store store(folder_.path("r.db"), "line-3", run, uuids);
      using namespace std::chrono_literals;
      for (const auto ago : {8 * 24h, 6 * 24h, 1h}) {
        store.append(db::Event{db::now() - ago, "clock-step", {}, "", "The clock was set back.", "{}"});
      }
    }
    StationTest::SetUp();
  }
};

TEST_F(AStationWithAPast, OverwritesNoBackupWithTheNoteThatItWasMade) {
  const Ran backup = folder_.run({"db", "backup", "r.db.last-backup", "--db", "r.db"});
  EXPECT_EQ(backup.status, 0);
  EXPECT_THAT(backup.err, HasSubstr("the board does not know of this backup"));
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "r.db.last-backup"}).status, 0);
  EXPECT_TRUE(json(get("/api/health"))["database"].toObject()["last_backup"].isNull());
}

TEST_F(AStationWithAPast, SaysWhenItsClockWasSetAndWhenItsRecordWasBackedUp) {
  EXPECT_EQ(json(get("/api/health"))["clock"].toObject()["steps"].toInt(), 2) << "in a week";
  EXPECT_TRUE(json(get("/api/health"))["clock"].toObject().contains("synchronised"));
  EXPECT_TRUE(json(get("/api/health"))["database"].toObject()["last_backup"].isNull());
  const auto begin = QDateTime::currentDateTimeUtc();
  EXPECT_EQ(folder_.run({"db", "backup", "copy.db", "--db", "r.db"}).status, 0);
  const QString told = json(get("/api/health"))["database"].toObject()["last_backup"].toString();
  const auto at = QDateTime::fromString(told, Qt::ISODateWithMs);
  EXPECT_GE(at, begin) << told.toStdString();
  EXPECT_LE(at, QDateTime::currentDateTimeUtc());
  EXPECT_EQ(folder_.run({"db", "backup", "copy.db", "--db", "r.db"}).status, 73) << "one is there";
  EXPECT_EQ(json(get("/api/health"))["database"].toObject()["last_backup"].toString(), told) << "none was made";
  folder_.write("r.db.last-backup", "last Tuesday");
  EXPECT_TRUE(json(get("/api/health"))["database"].toObject()["last_backup"].isNull());
}

// Debian's, from the path or where tests/run.sh leaves it; empty: there is none.
std::string promtool() {
  for (const char* path : {FLASHLINE_BUILD_DIR "/promtool/promtool", "/usr/bin/promtool", "/usr/local/bin/promtool"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

// What it has to say against the text; "": nothing.
std::string said_of(const std::string& metrics, const ProgramFolder& folder) {
  folder.write("metrics", metrics);
  const std::string said = folder.path("promtool");
  const int status =
      std::system((promtool() + " check metrics < '" + folder.path("metrics") + "' > '" + said + "' 2>&1").c_str());
  return folder.read("promtool") + (status == 0 ? "" : "status " + std::to_string(status));
}

#define SKIP_WITHOUT_PROMTOOL()                                                       \
  if (promtool().empty())                                                             \
  GTEST_SKIP() << "promtool is not here; tests/run.sh gets it from Debian's package " \
                  "prometheus"

TEST(Promtool, SeesWhatItIsThereToSee) {
  SKIP_WITHOUT_PROMTOOL();
  const ProgramFolder folder;
  EXPECT_THAT(said_of("a{b=\"c\nd\"} 1\n", folder), HasSubstr("error while linting"));
  EXPECT_THAT(said_of("# HELP a_total .\n# TYPE a_total gauge\na_total 1\n", folder), HasSubstr("_total"));
}

TEST(Metrics, ALineBreakInANameDoesNotEndALine) {
  SKIP_WITHOUT_PROMTOOL();
  const ProgramFolder folder;
  LineNow line;
  line.units_per_hour = 1e9;
  line.still_to_make = 0;
  const std::string text = PrometheusExporter().text(line, "line\n3 \"\\\n", CommitTimes{}, 0);
  EXPECT_THAT(text, HasSubstr(R"(station="line\\u000a3 \"\\\\u000a")"));
  EXPECT_EQ(said_of(text, folder), "");
}

// Names that have all in them that a name must not have in Prometheus' text.
class AStationOfStrangeNames : public AStationWithABadSocket {
 protected:
  void SetUp() override {
    write_recipe("strange.toml", strange);
    recipe_ = "strange.toml";
    AStationWithABadSocket::SetUp();
  }
  std::string station_name() const override { return strange; }

  const std::string strange = R"("\u7ebf 3 \"a\" \\ {b=\"c\"} 1 # TYPE d")";  // as TOML writes it
};

TEST_F(AStationOfStrangeNames, GivesPrometheusWhatItsOwnToolFindsGood) {
  SKIP_WITHOUT_PROMTOOL();
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"P \\\"7\\\"\",\"quantity\":9}", li)), 200);
  EXPECT_EQ(status_of(post("/api/jobs/P%20%227%22/use", "{}", li)), 200);
  fail_until_closed(control);
  const std::string answer = get("/metrics");
  EXPECT_THAT(answer, AllOf(HasSubstr("{state=\"quarantined\"} 1\n"), HasSubstr("{outcome=\"passed\"} 1\n"),
                            HasSubstr("flashline_order_left_units 8\n"),
                            HasSubstr("station=\"\u7ebf 3 \\\"a\\\" \\\\ {b=\\\"c\\\"} 1 # TYPE d\"")));
  EXPECT_EQ(said_of(answer.substr(answer.find("\r\n\r\n") + 4), folder_), "");
}

TEST_F(AStationWithABadSocket, LeavesASlotAloneThatWasTakenOutOfUseAlsoAfterItReadItsFilesAgain) {
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/slots/A2/skip", "{\"skip\":true,\"reason\":\"cleaning\"}", li)), 200);
  await_slot("A2", "\"state\":\"skipped\"");
  folder_.write("station.toml",
                folder_.read("station.toml") + "[[slot]]\nport = \"1-1.3\"\nlabel = \"A3\"\nskip = true\n");
  kill(process_, SIGHUP);
  await_slot("A3", "\"skipped_by\":\"file\"");
  EXPECT_EQ(status_of(post("/api/slots/A3/skip", "{\"skip\":false}", li)), 409) << "the file says so";
  EXPECT_EQ(control.say("fresh 1-1.2"), "ok");
  await_slot("A2", "\"present\":true");
  await_slot("A2", "\"state\":\"skipped\"");
  EXPECT_EQ(control.say("pull 1-1.2"), "ok");
  await_slot("A2", "\"present\":false");
  EXPECT_EQ(status_of(post("/api/slots/A2/skip", "{\"skip\":false}", li)), 200);
  await_slot("A2", "\"state\":\"empty\"");
  EXPECT_EQ(control.say("fresh 1-1.2"), "ok");
  await_slot("A2", "\"outcome\":\"passed\"");
  stop();
  std::vector<std::string> told;
  for (const db::Event& event : db::Reader(folder_.path("r.db")).events()) {
    if (event.about == "1-1.2") told.push_back(event.kind + ": " + event.text);
  }
  EXPECT_THAT(told, testing::ElementsAre("skipped: li took slot A2 out of use (cleaning) on the board.",
                                         "used-again: li put slot A2 back into use on the board."));
}

class AnEmptyStation : public StationTest {
 protected:
  void SetUp() override {
    folder_.write("line.toml",
                  "[line]\nspeed = 5\ncontrol = \"line.ctl\"\n[[hub]]\nport = \"1-1\"\n"
                  "[[unit]]\nport = \"1-1.1\"\nstarts = \"absent\"\n[[unit]]\nport = \"1-1.2\"\nstarts = \"absent\"\n");
    write_recipe("other.toml", "\"photon-other\"");
    folder_.run({"job", "open", "FOREIGN", "--quantity", "1", "--recipe", "other.toml", "--db", "r.db"});
    start({"--line", "line.toml"});
  }
};

TEST_F(AnEmptyStation, IsWorkedFromTheFirstOrderToTheSecondCertificateOnTheBoardAlone) {
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li");
  EXPECT_THAT(get("/api/session", li), HasSubstr("\"can\":[\"use\""));
  EXPECT_TRUE(line()["job"].isNull());
  EXPECT_EQ(status_of(post("/api/jobs/FOREIGN/use", "{}", li)), 409);
  EXPECT_EQ(status_of(post("/api/jobs/NOTHING/use", "{}", li)), 404);
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO/7\",\"quantity\":1,\"lot\":\"L1\"}", li)), 200);
  EXPECT_EQ(status_of(post("/api/jobs/PO%2F7/use", "{}", li)), 200);
  EXPECT_EQ(line()["job"].toObject()["left"].toInt(), 1);
  EXPECT_EQ(control.say("fresh 1-1.1"), "ok");
  await_slot("1-1.1", "outcome", "passed");
  EXPECT_EQ(line()["job"].toObject()["left"].toInt(), 0);
  EXPECT_EQ(control.say("fresh 1-1.2"), "ok");
  await_slot("1-1.2", "state", "queued");
  const QJsonObject closed = json(post("/api/jobs/PO%2F7/close", "{}", li));
  EXPECT_THAT(closed["certificate"].toString().toStdString(), HasSubstr("made: 1"));
  EXPECT_TRUE(line()["job"].isNull());
  EXPECT_TRUE(line()["order_wanted"].toBool());
  EXPECT_EQ(status_of(post("/api/jobs/PO%2F7/use", "{}", li)), 409) << "it is closed";
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-8\",\"quantity\":9,\"lot\":\"L2\"}", li)), 200);
  EXPECT_EQ(json(get("/api/slots/1-1.2"))["state"].toString(), "queued") << "it waits for an order";
  EXPECT_EQ(status_of(post("/api/jobs/PO-8/use", "{}", li)), 200);
  EXPECT_FALSE(line()["order_wanted"].toBool());
  await_slot("1-1.2", "outcome", "passed");
  EXPECT_THAT(json(post("/api/jobs/PO-8/close", "{}", li))["certificate"].toString().toStdString(),
              HasSubstr("made: 1"));
  stop();
  std::vector<std::string> made;
  db::Reader(folder_.path("r.db")).attempts({}, [&](const db::Attempt& attempt) {
    made.push_back(attempt.started.job + " " + attempt.started.lot);
    return true;
  });
  EXPECT_THAT(made, testing::ElementsAre("PO/7 L1", "PO-8 L2"));
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "r.db"}).status, 0);
}

TEST_F(AnEmptyStation, ClosesNoOrderWhileAUnitIsInWorkForIt) {
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-7\",\"quantity\":5}", li)), 200);
  EXPECT_EQ(status_of(post("/api/jobs/PO-7/use", "{}", li)), 200);
  EXPECT_EQ(control.say("fresh 1-1.1"), "ok");
  await_slot("1-1.1", "state", "working");
  EXPECT_EQ(status_of(post("/api/jobs/PO-7/close", "{}", li)), 409);
  await_slot("1-1.1", "outcome", "passed");
  EXPECT_EQ(line()["job"].toObject()["left"].toInt(), 4) << "it went on";
  EXPECT_THAT(json(post("/api/jobs/PO-7/close", "{}", li))["certificate"].toString().toStdString(),
              HasSubstr("made: 1"));
}

// Two units that are in work, and time to stop them.
class ABusyStation : public StationTest {
 protected:
  void SetUp() override {
    folder_.write("line.toml",
                  "[line]\nspeed = 0.5\ncontrol = \"line.ctl\"\n[[hub]]\nport = \"1-1\"\n"
                  "[[unit]]\nport = \"1-1.1\"\n[[unit]]\nport = \"1-1.2\"\nstarts = \"absent\"\n");
    start({"--line", "line.toml"});
  }
};

TEST_F(ABusyStation, StopAllStopsTheWorkAndTheStationGoesOn) {
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li");
  for (const char* kind : {"safe", "now"}) {
    await_slot("1-1.1", "state", "working");
    EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"" + std::string(kind) + "\"}", li)), 200);
    await_slot("1-1.1", "state", "queued");
    EXPECT_EQ(line()["state"].toString(), "stopped");
    EXPECT_EQ(line()["units"].toInt(), 0) << "it has no verdict";
    if (kind == std::string("safe")) {
      EXPECT_EQ(control.say("plug 1-1.2"), "ok");
      await_slot("1-1.2", "state", "queued");
    }
    await_slot("1-1.2", "state", "queued");  // nothing is begun
    EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 200);
  }
  await_slot("1-1.1", "outcome", "passed");
  await_slot("1-1.2", "outcome", "passed");
  EXPECT_EQ(line()["state"].toString(), "running");
  EXPECT_EQ(line()["units"].toInt(), 2);
  EXPECT_EQ(stop().status, 130);
  std::vector<std::string> outcomes;
  std::set<std::string> visits;
  db::Reader(folder_.path("r.db")).attempts({}, [&](const db::Attempt& attempt) {
    if (attempt.visit.port != "1-1.1") return true;
    outcomes.push_back(std::string(to_string(attempt.finished.outcome)));
    visits.insert(db::to_string(attempt.visit.visit));
    return true;
  });
  EXPECT_THAT(outcomes, testing::ElementsAre("cancelled", "cancelled", "passed"));
  EXPECT_EQ(visits.size(), 1u) << "one unit, which nobody took out";
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "r.db"}).status, 0);
}

TEST_F(ABusyStation, ASignalEndsAStationThatIsStopped) {
  const std::string li = sign_in("li");
  await_slot("1-1.1", "state", "working");
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", li)), 200);
  EXPECT_EQ(stop().status, 130);
}

TEST_F(AnEmptyStation, GoesOnWithoutAnOrderWhenASupervisorSaysSo) {
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li"), wang = sign_in("wang");
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-7\",\"quantity\":1}", li)), 200);
  EXPECT_EQ(status_of(post("/api/jobs/PO-7/use", "{}", li)), 200);
  EXPECT_EQ(line()["operator"].toString(), "li");
  EXPECT_EQ(control.say("fresh 1-1.1"), "ok");
  await_slot("1-1.1", "outcome", "passed");
  EXPECT_EQ(status_of(post("/api/jobs/PO-7/close", "{}", li)), 200);
  EXPECT_EQ(control.say("fresh 1-1.2"), "ok");
  await_slot("1-1.2", "state", "queued");
  EXPECT_TRUE(line()["order_wanted"].toBool());
  EXPECT_EQ(status_of(post("/api/line/without-order", "{}", wang)), 200);
  await_slot("1-1.2", "outcome", "passed");
  EXPECT_FALSE(line()["order_wanted"].toBool());
  EXPECT_TRUE(line()["without_order"].toBool());
  EXPECT_EQ(line()["operator"].toString(), "wang");
  EXPECT_TRUE(line()["job"].isNull());
  stop();
  std::vector<std::string> made;
  db::Reader(folder_.path("r.db")).attempts({}, [&](const db::Attempt& attempt) {
    made.push_back(attempt.started.job + " by " + attempt.started.operator_name);
    return true;
  });
  EXPECT_THAT(made, testing::ElementsAre("PO-7 by li", " by wang"));
  EXPECT_EQ(db::Reader(folder_.path("r.db")).count_events("order-left", {}), 1);
  const std::string by = folder_.run({"report", "--db", "r.db", "--by", "operator", "--format", "csv"}).out;
  EXPECT_THAT(by, AllOf(HasSubstr("li,1,1,"), HasSubstr("wang,1,1,"))) << by;
  const Ran report = folder_.run({"report", "--db", "r.db"});
  EXPECT_THAT(report.out, AllOf(HasSubstr("order-used: li let the line work for order PO-7 on the board."),
                                HasSubstr("order-left: wang let the line work without an order on the board."),
                                HasSubstr("run-started"), HasSubstr("Runs (UTC)")));
}

TEST_F(AnEmptyStation, AnotherOperatorTakesOverAnOrderThatIsInWork) {
  ControlClient control(folder_.path("line.ctl"));
  const std::string li = sign_in("li"), wang = sign_in("wang");
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-7\",\"quantity\":2}", li)), 200);
  EXPECT_EQ(status_of(post("/api/jobs/PO-7/use", "{}", li)), 200);
  EXPECT_EQ(control.say("fresh 1-1.1"), "ok");
  await_slot("1-1.1", "outcome", "passed");
  EXPECT_EQ(status_of(post("/api/jobs/PO-7/use", "{}", wang)), 200);
  EXPECT_EQ(line()["job"].toObject()["left"].toInt(), 1) << "the count goes on";
  EXPECT_EQ(line()["operator"].toString(), "wang");
  EXPECT_EQ(control.say("fresh 1-1.2"), "ok");
  await_slot("1-1.2", "outcome", "passed");
  stop();
  EXPECT_EQ(db::Reader(folder_.path("r.db")).count_events("order-used", {}), 2);
  const std::string by = folder_.run({"report", "--db", "r.db", "--by", "operator", "--format", "csv"}).out;
  EXPECT_THAT(by, AllOf(HasSubstr("li,1,1,"), HasSubstr("wang,1,1,"))) << by;
}

TEST_F(StationTest, WhatWasDoneOnTheBoardIsOnRecordWithItsAuthor) {
  await_verdicts();
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 200);
  EXPECT_THAT(await("stderr", "paused"), HasSubstr("paused"));
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 200);
  Client events(port_);
  events.say("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.until("event: state");
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", li)), 200);
  events.until("\"state\":\"stopped\"");
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 200);
  events.until("\"state\":\"running\"");
  const Ran ran = stop();
  EXPECT_EQ(ran.status, 130) << ran.err;
  EXPECT_THAT(events.until_closed(), HasSubstr("\"state\":\"stopping\"")) << "also when nothing is in work";
  std::vector<std::string> told;
  for (const db::Event& event : db::Reader(folder_.path("r.db")).events()) {
    if (event.text.ends_with("on the board.")) told.push_back(event.kind + ": " + event.text);
  }
  EXPECT_THAT(told,
              testing::ElementsAre("signed-in: li signed in on the board.", "paused: li paused the line on the board.",
                                   "resumed: li resumed the line on the board.",
                                   "stopped: li stopped the line at a safe point on the board.",
                                   "resumed: li resumed the line on the board."));
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "r.db"}).status, 0);
}

}  // namespace
}  // namespace station::board
