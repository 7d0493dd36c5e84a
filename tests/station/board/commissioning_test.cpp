// Commissioning on the board of a running station: sockets get their names, nothing is flashed meanwhile, the station
// file keeps what stands in it, and a hub that was moved later is reported.
#include <QJsonArray>

#include "tests/station/board/station_fixture.h"
#include "tests/station/control_client.h"

namespace station::board {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ANewFixture : public StationTest {
 protected:
  void SetUp() override {
    std::string line = "[line]\nspeed = 10\ncontrol = \"line.ctl\"\n";
    for (const char* hub : {"1-1", "1-2"}) line += "[[hub]]\nport = \"" + std::string(hub) + "\"\nports = 4\n";
    line += "[[hub]]\nport = \"1-3\"\nports = 4\nstarts = \"absent\"\n";
    for (const char* port : {"1-1.1", "1-1.2", "1-1.3", "1-2.1", "1-3.2"}) {
      line += "[[unit]]\nport = \"" + std::string(port) + "\"\nstarts = \"absent\"\n";
    }
    folder_.write("line.toml", line);
    folder_.write("station.toml", file());
    start({"--line", "line.toml", "--station", "station.toml"});
    hand_ = std::make_unique<ControlClient>(folder_.path("line.ctl"));
    li_ = sign_in("li");
  }
  virtual std::string file() const { return "# by the window\ninsert_after = 0.1\n"; }

  QJsonObject now() { return json(get("/api/commissioning")); }
  int change(const std::string& verb, const std::string& body = "{}") {
    return status_of(post("/api/commissioning/" + verb, body, li_));
  }
  void plug(const std::string& port) {
    const int before = now()["plugs"].toInt();
    EXPECT_EQ(hand_->say("fresh " + port), "ok");
    until("/api/commissioning", [&](const QJsonObject& told) { return told["plugs"].toInt() > before; });
  }
  void pull(const std::string& port) {
    EXPECT_EQ(hand_->say("pull " + port), "ok");
    until("/api/slots/" + port, [](const QJsonObject& told) { return !told["present"].toBool(); });
  }
  std::vector<std::string> learned() {
    std::vector<std::string> all;
    for (const QJsonValue one : now()["learned"].toArray()) {
      all.push_back(one.toObject()["label"].toString().toStdString() + " " +
                    one.toObject()["port"].toString().toStdString());
    }
    return all;
  }
  std::vector<std::string> changed() {
    std::vector<std::string> all;
    for (const QJsonValue one : now()["changed"].toArray()) {
      all.push_back(one.toObject()["label"].toString().toStdString() + " " +
                    one.toObject()["was"].toString().toStdString() + " " +
                    (one.toObject()["is"].isNull() ? "gone" : one.toObject()["is"].toString().toStdString()));
    }
    return all;
  }
  std::size_t attempts() {
    std::size_t count = 0;
    db::Reader(folder_.path("r.db")).attempts({}, [&](const db::Attempt&) { return ++count, true; });
    return count;
  }
  std::vector<std::string> events(const std::vector<std::string>& kinds) {
    std::vector<std::string> all;
    for (const db::Event& event : db::Reader(folder_.path("r.db")).events()) {
      if (std::ranges::count(kinds, event.kind) > 0) all.push_back(event.text);
    }
    return all;
  }

  std::unique_ptr<ControlClient> hand_;
  std::string li_;
};

TEST_F(ANewFixture, GetsItsNamesOnTheBoardAndFlashesNothingMeanwhile) {
  EXPECT_FALSE(now()["active"].toBool());
  EXPECT_EQ(now()["hubs"].toArray().size(), 2) << "the third is not plugged in";
  EXPECT_EQ(change("start"), 200);
  EXPECT_EQ(change("start"), 409) << "it runs";
  EXPECT_EQ(line()["state"].toString(), "commissioning");
  EXPECT_EQ(now()["expect"].toString(), "A1");
  EXPECT_EQ(change("finish"), 409) << "nothing is learned";
  plug("1-1.2");
  plug("1-1.1");
  EXPECT_THAT(learned(), ElementsAre("A1 1-1.2", "A2 1-1.1"));
  EXPECT_EQ(hand_->say("pull 1-1.1"), "ok");
  until("/api/slots/1-1.1", [](const QJsonObject& told) { return !told["present"].toBool(); });
  plug("1-1.1");
  EXPECT_EQ(now()["twice"].toObject()["label"].toString(), "A2");
  EXPECT_EQ(change("skip", "{\"back\":true}"), 200) << "it was the wrong one";
  EXPECT_EQ(now()["expect"].toString(), "A2");
  EXPECT_EQ(hand_->say("pull 1-1.1"), "ok");
  until("/api/slots/1-1.1", [](const QJsonObject& told) { return !told["present"].toBool(); });
  plug("1-1.1");
  EXPECT_EQ(change("skip"), 200);
  EXPECT_EQ(change("skip", "{\"to\":\"A1\"}"), 409) << "it has its socket";
  EXPECT_EQ(change("skip", "{\"to\":\"B1\"}"), 200);
  plug("1-2.1");
  EXPECT_THAT(learned(), ElementsAre("A1 1-1.2", "A2 1-1.1", "B1 1-2.1"));
  EXPECT_EQ(folder_.read("station.toml"), file()) << "nothing is written before the end";
  EXPECT_EQ(change("finish"), 200);
  EXPECT_EQ(folder_.read("station.toml"),
            file() +
                "\n[[controller]]\npath = \"virtual-1\"\nname = \"C1\"\n"
                "\n[[slot]]\nport = \"C1-1.2\"\nlabel = \"A1\"\n\n[[slot]]\nport = \"C1-1.1\"\nlabel = \"A2\"\n"
                "\n[[slot]]\nport = \"C1-2.1\"\nlabel = \"B1\"\n");
  EXPECT_FALSE(now()["active"].toBool());
  until("/api/state", [](const QJsonObject& told) { return told["line"].toObject()["state"].toString() == "running"; });
  await_slot("A1", "port", "1-1.2");
  await_slot("A1", "state", "foreign");
  EXPECT_TRUE(json(get("/api/slots/A1"))["missed"].toBool()) << "plugged in again it is flashed";
  EXPECT_EQ(status_of(get("/api/slots/1-1.3")), 404) << "it is no longer a slot";
  EXPECT_EQ(attempts(), 0u);
  pull("1-1.2");
  EXPECT_EQ(hand_->say("fresh 1-1.2"), "ok");
  await_slot("A1", "outcome", "passed");
  stop();
  EXPECT_EQ(attempts(), 1u);
  EXPECT_THAT(
      events({"commissioning-started", "socket-left-out", "socket-taken-back", "commissioning-finished"}),
      ElementsAre("li began to name the sockets on the board.", "li took back that socket A2 is 1-1.1 on the board.",
                  "li left out socket A3 on the board.", "li went on with socket B1 instead of A4 on the board.",
                  "li named 3 sockets (A1 is 1-1.2, A2 is 1-1.1, B1 is 1-2.1) on the board."));
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "r.db"}).status, 0);
}

TEST_F(ANewFixture, StaysAsItIsWhenTheLessonIsCancelled) {
  EXPECT_EQ(change("cancel"), 409);
  EXPECT_EQ(change("skip"), 409);
  EXPECT_EQ(change("start", "{\"labels\":[\"X1\",\"X1\"]}"), 400);
  EXPECT_EQ(change("start", "{\"labels\":[\"\"]}"), 400);
  EXPECT_EQ(change("start", "{\"labels\":[\"X1\",\"X2\"]}"), 200);
  EXPECT_EQ(change("skip", "{\"back\":true}"), 409) << "nothing is learned";
  plug("1-1.1");
  EXPECT_THAT(learned(), ElementsAre("X1 1-1.1"));
  EXPECT_EQ(change("cancel"), 200);
  EXPECT_EQ(folder_.read("station.toml"), file());
  until("/api/state", [](const QJsonObject& told) { return told["line"].toObject()["state"].toString() == "running"; });
  pull("1-1.1");
  EXPECT_EQ(hand_->say("fresh 1-1.1"), "ok");
  await_slot("1-1.1", "outcome", "passed");
  EXPECT_EQ(attempts(), 1u);
}

TEST_F(ANewFixture, IsNotNamedWhileAUnitIsInWorkAndGoesBackToThePauseItCameFrom) {
  EXPECT_EQ(hand_->say("fresh 1-1.1"), "ok");
  await_slot("1-1.1", "state", "working");
  EXPECT_THAT(post("/api/commissioning/start", "{}", li_), HasSubstr("1 unit is in work."));
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li_)), 200);
  EXPECT_EQ(change("start"), 409) << "it is finished first";
  await_slot("1-1.1", "outcome", "passed");
  EXPECT_EQ(hand_->say("fresh 1-1.2"), "ok");
  await_slot("1-1.2", "state", "queued");
  EXPECT_EQ(change("start"), 200);
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li_)), 200);
  plug("1-1.3");
  EXPECT_EQ(json(get("/api/slots/1-1.2"))["state"].toString(), "queued") << "also when the line is no longer paused";
  EXPECT_EQ(attempts(), 1u);
  EXPECT_EQ(change("cancel"), 200);
  await_slot("1-1.2", "outcome", "passed");
}

TEST_F(ANewFixture, IsNotSavedWhereTheFileHasBecomeBad) {
  EXPECT_EQ(change("start"), 200);
  plug("1-1.1");
  folder_.write("station.toml", "nonsense = 1\n");
  EXPECT_EQ(change("finish"), 409);
  EXPECT_EQ(folder_.read("station.toml"), "nonsense = 1\n");
  EXPECT_THAT(learned(), ElementsAre("A1 1-1.1")) << "nothing is lost";
  folder_.write("station.toml", file());
  EXPECT_EQ(change("finish"), 200);
  EXPECT_THAT(folder_.read("station.toml"), HasSubstr("label = \"A1\""));
  EXPECT_THAT(events({"commissioning-finished"}), testing::SizeIs(1));
}

// As under systemd, where the program may not write to /etc: the person hears of it before the sockets are plugged
// into.
TEST_F(ANewFixture, IsNotNamedWhereItsFileCannotBeWritten) {
  std::filesystem::create_directories(folder_.path("station.toml.new/in the way"));
  const std::string refused = post("/api/commissioning/start", "{}", li_);
  EXPECT_EQ(status_of(refused), 409);
  EXPECT_THAT(refused, testing::AllOf(HasSubstr("station.toml cannot be written"), HasSubstr("flashline slots learn")));
  EXPECT_FALSE(now()["active"].toBool());
  EXPECT_THAT(events({"commissioning-started"}), IsEmpty());
}

TEST_F(StationTest, WithoutAStationFileSaysWhereItsNamesWouldGo) {
  const std::string li = sign_in("li");
  EXPECT_TRUE(json(get("/api/commissioning"))["station_file"].isNull());
  const std::string refused = post("/api/commissioning/start", "{}", li);
  EXPECT_EQ(status_of(refused), 409);
  EXPECT_THAT(refused, HasSubstr("--station FILE"));
}

class AFixtureWithNames : public ANewFixture {
 protected:
  std::string file() const override {
    return "insert_after = 0.1\n[[slot]]\nport = \"1-1.1\"\nlabel = \"A1\"\n[[slot]]\nport = \"1-1.2\"\nlabel = "
           "\"A2\"\n"
           "[[slot]]\nport = \"1-2.1\"\nlabel = \"B1\"\n";
  }
};

TEST_F(AFixtureWithNames, IsWatchedForHubsThatAreMissingOrMoved) {
  EXPECT_THAT(changed(), IsEmpty());
  EXPECT_EQ(hand_->say("pull 1-1"), "ok");
  until("/api/commissioning", [](const QJsonObject& told) { return told["changed"].toArray().size() == 2; });
  EXPECT_THAT(changed(), ElementsAre("A1 1-1.1 gone", "A2 1-1.2 gone"));
  EXPECT_EQ(line()["changed_slots"].toInt(), 2);
  EXPECT_THAT(line()["remark"].toString().toStdString(), HasSubstr("2 slots are not where the station file says"));
  EXPECT_EQ(hand_->say("plug 1-3"), "ok");
  until("/api/commissioning",
        [](const QJsonObject& told) { return told["changed"].toArray().at(0).toObject()["is"].isString(); });
  EXPECT_THAT(changed(), ElementsAre("A1 1-1.1 1-3.1", "A2 1-1.2 1-3.2"));
  // Named again, all is as the file says, and the slot that was not named is still missed.
  EXPECT_EQ(change("start"), 200);
  EXPECT_EQ(change("skip"), 200);
  plug("1-3.2");
  EXPECT_EQ(change("finish"), 200);
  until("/api/commissioning", [](const QJsonObject& told) { return told["changed"].toArray().size() == 1; });
  EXPECT_EQ(hand_->say("plug 1-1"), "ok");
  until("/api/commissioning", [](const QJsonObject& told) { return told["changed"].toArray().empty(); });
  const Ran ran = stop();
  EXPECT_EQ(ran.status, 130) << ran.err;
  const auto told = events({"topology"});
  ASSERT_GE(told.size(), 3u);
  EXPECT_THAT(told[1], HasSubstr("A1 was 1-1.1, now 1-3.1"));
  EXPECT_EQ(told.back(), "Every slot is where the station file says again.");
}

class AFixtureThatWasChangedOvernight : public ANewFixture {
 protected:
  std::string file() const override { return "[[slot]]\nport = \"1-4.1\"\nlabel = \"A1\"\n"; }
};

TEST_F(AFixtureThatWasChangedOvernight, IsToldOfAtTheStart) {
  until("/api/commissioning", [](const QJsonObject& told) { return told["changed"].toArray().size() == 1; });
  stop();
  ASSERT_EQ(events({"topology"}).size(), 1u);
  EXPECT_THAT(events({"topology"})[0], HasSubstr("A1 was 1-4.1"));
}

}  // namespace
}  // namespace station::board
