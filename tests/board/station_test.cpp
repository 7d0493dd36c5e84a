// The program itself with its board, over a virtual line: what is asked and done from the page, and what is on record
// of it.
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <csignal>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>

#include "tests/board/a_board.h"

namespace station::board {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TheStation : public ABoard {
 protected:
  void SetUp() override {
    // A test that counts on times of a line would be one of this machine: it waits for what it wants to see.
    process_ = desk_.start({"run", example_recipe(), "--db", "r.db", "--line", "virtual", "--units", "2", "--speed",
                            "5", "--board", "127.0.0.1:0", "--json"});
    const std::string begin = await("stdout", "\"board\":\"http://127.0.0.1:");
    port_ = static_cast<std::uint16_t>(std::stoi(between(begin, "\"board\":\"http://127.0.0.1:", "/")));
  }
  void TearDown() override {
    if (process_ > 0) stop();
  }
  Ran stop() {
    kill(process_, SIGTERM);
    const Ran ran = desk_.finish(std::exchange(process_, 0));
    return ran;
  }
  std::string await(const std::string& file, const std::string& text) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    std::string read;
    while ((read = desk_.read(file)).find(text) == std::string::npos && std::chrono::steady_clock::now() < limit) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_THAT(read, HasSubstr(text));
    return read;
  }
  void await_verdicts() {
    await("stdout", "\"event\":\"verdict\",\"outcome\":\"passed\",\"port\":\"1-1.1\"");
    await("stdout", "\"event\":\"verdict\",\"outcome\":\"passed\",\"port\":\"1-1.2\"");
  }
  static QJsonObject json(const std::string& answer) {
    const std::size_t body = answer.find("\r\n\r\n");
    return QJsonDocument::fromJson(QByteArray::fromStdString(answer.substr(body + 4))).object();
  }

  int process_ = 0;
};

TEST_F(TheStation, AnOrderGoesItsWholeWayOnTheBoard) {
  const std::string li = sign_in("li");
  const std::string order = "{\"order\":\"PO/7\",\"quantity\":3,\"recipe\":\"photon-example\",\"lot\":\"L1\"}";
  EXPECT_EQ(json(post("/api/jobs", order, li))["left"].toInt(), 3);
  EXPECT_EQ(status_of(post("/api/jobs", order, li)), 409) << "a number is used once";
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-8\",\"quantity\":0}", li)), 400);
  EXPECT_EQ(status_of(post("/api/jobs", "{\"order\":\"PO-8\",\"quantity\":1,\"recipe\":\"other\"}", li)), 400);
  const QJsonObject all = json(get("/api/jobs"));
  EXPECT_EQ(all["jobs"].toArray().size(), 1);
  EXPECT_EQ(all["recipes"][0]["name"].toString(), "photon-example");
  EXPECT_EQ(status_of(get("/api/jobs/PO%2F7/certificate")), 404) << "not before it is closed";
  const QJsonObject closed = json(post("/api/jobs/PO%2F7/close", "{\"reason\":\"a trial\"}", li));
  EXPECT_THAT(closed["certificate"].toString().toStdString(), HasSubstr("order: PO/7"));
  EXPECT_THAT(get("/api/jobs/PO%2F7/certificate"),
              AllOf(HasSubstr("reason: a trial"), HasSubstr("filename=\"PO_7.certificate\"")));
  EXPECT_THAT(get("/api/jobs/PO%2F7/certificate.minisig"), HasSubstr("trusted comment: flashline certificate PO/7"));
  EXPECT_EQ(json(get("/api/jobs/PO%2F7"))["state"].toString(), "closed");
}

TEST_F(TheStation, ALabelIsPairedAndItsUnitIsFoundAgain) {
  await_verdicts();
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/labels", "{\"label\":\"SN-1\",\"slot\":\"1-1.1\"}", li)), 200);
  EXPECT_TRUE(json(post("/api/labels", "{\"label\":\"SN-1\",\"slot\":\"1-1.1\"}", li))["was_there"].toBool());
  EXPECT_EQ(status_of(post("/api/labels", "{\"label\":\"SN-1\",\"slot\":\"1-1.2\"}", li)), 409);
  EXPECT_EQ(status_of(post("/api/labels", "{\"label\":\"SN-2\",\"slot\":\"1-9.9\"}", li)), 409);
  EXPECT_THAT(get("/api/state"), HasSubstr("\"label_of_unit\":\"SN-1\""));
  const QJsonObject units = json(get("/api/units?query=SN-1"));
  ASSERT_EQ(units["units"].toArray().size(), 1);
  EXPECT_EQ(units["units"][0]["key"].toString(), "SN-1");
  EXPECT_EQ(json(get("/api/units?query=00000000010C"))["units"].toArray().size(), 2) << "both show it";
  EXPECT_EQ(json(get("/api/units?query=nothing"))["units"].toArray().size(), 0);
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

TEST_F(TheStation, ASlotTellsItsStory) {
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

TEST_F(TheStation, HealthAndMetricsCountWhatWasMade) {
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

TEST_F(TheStation, WhatWasDoneOnTheBoardIsOnRecordWithItsAuthor) {
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 200);
  EXPECT_THAT(await("stderr", "paused"), HasSubstr("paused"));
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 200);
  Client events(port_);
  events.say("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  events.until("event: state");
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", li)), 200);
  EXPECT_THAT(events.until_closed(), HasSubstr("\"state\":\"stopping\"")) << "also when nothing is in work";
  const Ran ran = desk_.finish(std::exchange(process_, 0));
  EXPECT_EQ(ran.status, 130) << ran.err;
  std::vector<std::string> told;
  for (const db::Event& event : db::Reader(desk_.path("r.db")).events()) {
    if (event.text.ends_with("on the board.")) told.push_back(event.kind + ": " + event.text);
  }
  EXPECT_THAT(told,
              testing::ElementsAre("signed-in: li signed in on the board.", "paused: li paused the line on the board.",
                                   "resumed: li resumed the line on the board.",
                                   "stopped: li stopped the line at a safe point on the board."));
  EXPECT_EQ(desk_.run({"audit", "verify", "--db", "r.db"}).status, 0);
}

}  // namespace
}  // namespace station::board
