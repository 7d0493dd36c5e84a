// The line as the page gets it: a page that keeps the state and takes in each change must at any time have what a new
// page would get.
#include "station/board/line_json.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace station::board {
namespace {

using namespace std::chrono_literals;

QJsonObject parsed(const std::string& json) {
  QJsonParseError error;
  const QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(json), &error);
  EXPECT_EQ(error.error, QJsonParseError::NoError) << json;
  return document.object();
}

// What the page does with a delta.
void take_in(QJsonObject& state, const QJsonObject& delta) {
  QJsonObject line = state["line"].toObject();
  const QJsonObject changed = delta["line"].toObject();
  for (auto member = changed.begin(); member != changed.end(); ++member) line[member.key()] = member.value();
  QJsonArray hubs = state["hubs"].toArray();
  for (auto hub : hubs) {
    QJsonObject object = hub.toObject();
    for (const QJsonValue load : delta["hubs"].toArray()) {
      if (load["port"] == object["port"]) object["bus_load"] = load["bus_load"];
    }
    QJsonArray slots = object["slots"].toArray();
    for (auto slot : slots) {
      for (const QJsonValue one : delta["slots"].toArray()) {
        if (one["port"] == slot.toObject()["port"]) slot = one;
      }
    }
    object["slots"] = slots;
    hub = object;
  }
  state["line"] = line;
  state["hubs"] = hubs;
  state["n"] = delta["n"];
  state["time"] = delta["time"];
}

QJsonValue first_slot(const QJsonObject& state) {
  return state["hubs"][0]["slots"][0];
}

TEST(LineJson, APageThatTakesInEachChangeHasTheWholeAtAnyTime) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(9, 3);
  spec.hubs[0].tt = dfu::TransactionTranslator::single;
  scheduler::fleet::Fleet fleet(spec, scheduler::fleet::photon_recipe());
  LiveLine live({.settings = fleet.options.settings, .topology = fleet.options.topology}, fleet.clock);
  fleet.watcher.next = &live;
  fleet.start();
  const LineFacts facts{.station = "line-3", .operator_name = "li"};
  LineJson shown = line_json_of(live.now(), facts);
  QJsonObject page = parsed(whole(shown, {1, db::Time{}}));
  int changes = 0, loads = 0;
  for (std::uint64_t number = 2; !fleet.totals && number < 10000; ++number) {
    fleet.clock.run(fleet.clock.now() + 100ms);
    const LineJson now = line_json_of(live.now(), facts);
    const Moment moment{number, db::Time(db::milliseconds(static_cast<std::int64_t>(number) * 100))};
    const Delta change = delta(shown, now, moment);
    ASSERT_NE(change.change, Change::structure);
    if (change.change == Change::none) continue;
    ++changes;
    const QJsonObject json = parsed(change.json);
    loads += json.contains("hubs") ? 1 : 0;
    take_in(page, json);
    ASSERT_EQ(page, parsed(whole(now, moment))) << change.json;
    shown = now;
  }
  EXPECT_GT(changes, 100);
  EXPECT_GT(loads, 10);
  EXPECT_EQ(page["line"].toObject()["passed"].toInt(), 9);
  EXPECT_EQ(first_slot(page)["outcome"].toString(), "passed");
  EXPECT_EQ(first_slot(page)["unit"].isNull(), fleet.watcher.attempts.begin()->second[0].unit == std::nullopt);
}

LineNow made_up() {
  LineNow line;
  line.recipe = nullptr;
  HubNow hub{.port = {"1-1"}, .label = "left"};
  hub.slots = {{.port = {"1-1.1"}, .label = "A\"1\n"}, {.port = {"1-1.2"}}};
  line.hubs = {hub};
  return line;
}

TEST(LineJson, NothingChangedIsSaidAsSuch) {
  LineNow line = made_up();
  const LineJson before = line_json_of(line, {});
  line.seconds = 0.9;
  EXPECT_EQ(delta(before, line_json_of(line, {}), {}).change, Change::none);
  line.seconds = 1.0;
  EXPECT_EQ(delta(before, line_json_of(line, {}), {}).change, Change::some);
}

TEST(LineJson, ASlotOrHubThatCameIsAChangeOfStructure) {
  LineNow line = made_up();
  const LineJson before = line_json_of(line, {});
  line.hubs[0].slots.push_back({.port = {"1-1.3"}});
  EXPECT_EQ(delta(before, line_json_of(line, {}), {}).change, Change::structure);
  line = made_up();
  line.hubs.push_back({.port = {"1-2"}});
  EXPECT_EQ(delta(before, line_json_of(line, {}), {}).change, Change::structure);
  line = made_up();
  line.hubs[0].label = "right";
  EXPECT_EQ(delta(before, line_json_of(line, {}), {}).change, Change::structure);
}

TEST(LineJson, TextsOfPeopleStayWhatTheyAre) {
  const QJsonObject json = parsed(whole(line_json_of(made_up(), {.station = "\u7ebf \"3\""}), {}));
  EXPECT_EQ(json["station"].toString().toStdString(), "\u7ebf \"3\"");
  EXPECT_EQ(first_slot(json)["label"].toString(), "A\"1\n");
  EXPECT_TRUE(json["line"]["recipe"].isNull());
  EXPECT_TRUE(first_slot(json)["outcome"].isNull());
  EXPECT_EQ(whole(line_json_of(made_up(), {}), {}).find('\n'), std::string::npos) << "one line, as events need it";
}

TEST(LineJson, AnOrderIsShownWithWhatIsStillToMake) {
  LineNow line = made_up();
  line.still_to_make = 30;
  db::JobOpened job;
  job.order = "PO-7";
  job.quantity = 100;
  const QJsonObject json = parsed(whole(line_json_of(line, {.job = job}), {}))["line"].toObject()["job"].toObject();
  EXPECT_EQ(json["made"].toInt(), 70);
  EXPECT_EQ(json["left"].toInt(), 30);
  EXPECT_EQ(json["order"].toString(), "PO-7");
}

}  // namespace
}  // namespace station::board
