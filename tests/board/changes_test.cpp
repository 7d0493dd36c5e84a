// Signing in, and what who is signed in may make the line do.
#include <gmock/gmock.h>

#include "station/operators.h"
#include "tests/board/a_board.h"

namespace station::board {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ABoard, AtAStationWithoutOperatorsANameIsEnough) {
  EXPECT_THAT(get("/api/session"), HasSubstr("\"pin_required\":false"));
  const std::string li = sign_in("li");
  ASSERT_FALSE(li.empty());
  EXPECT_THAT(get("/api/session", li), HasSubstr("\"role\":\"supervisor\""));
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"now\"}", li)), 200);
  EXPECT_THAT(done_, ElementsAre("pause", "resume", "stop safely", "stop at once"));
  EXPECT_THAT(door_.notes(),
              ElementsAre("signed-in li", "paused line", "resumed line", "stopped line", "stopped line"));
}

TEST_F(ABoard, NothingIsDoneWithoutSessionTokenOrSense) {
  const std::string li = sign_in("li");
  const std::string cookie = "Cookie: " + between(li, "Cookie: ", "\r") + "\r\n";
  EXPECT_EQ(status_of(post("/api/line/pause", "{}")), 401);
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", cookie)), 403) << "as a page elsewhere could send it";
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", cookie + "X-Flashline-Token: wrong\r\n")), 403);
  EXPECT_EQ(status_of(ask(port_, "POST /api/line/pause", li + "Content-Type: application/json\r\n", "{}")), 403)
      << "without Origin";
  EXPECT_EQ(status_of(ask(port_, "GET /api/line/pause", li)), 404);
  for (const char* body : {"", "{", "[]", "{}", "{\"kind\":7}", "{\"kind\":\"later\"}", "\xff\xfe"}) {
    EXPECT_EQ(status_of(post("/api/line/stop", body, li)), 400) << body;
  }
  EXPECT_EQ(status_of(ask(port_, "POST /api/line/stop", origin() + li + "Content-Type: text/plain\r\n",
                          "{\"kind\":\"now\"}")),
            400)
      << "a form elsewhere can send that";
  EXPECT_THAT(done_, IsEmpty());
}

TEST_F(ABoard, WhatCannotBeRecordedIsNotDone) {
  const std::string li = sign_in("li");
  door_.refusal = "the disk is full";
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 409);
  EXPECT_THAT(post("/api/line/stop", "{\"kind\":\"now\"}", li), HasSubstr("the disk is full"));
  EXPECT_THAT(done_, IsEmpty());
  EXPECT_EQ(sign_in("wang"), "");
}

TEST_F(ABoard, ASlotThatIsClosedIsOpenedAgainAndNoOther) {
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/release", "{}", li)), 409) << "it is in use";
  EXPECT_EQ(status_of(post("/api/slots/1-1.99/release", "{}", li)), 404);
  live_.on(scheduler::Remarked{{scheduler::RemarkKind::quarantine, {}, "1-1.3", "three in a row"}});
  EXPECT_THAT(get("/api/state"), HasSubstr("\"state\":\"quarantined\""));
  EXPECT_EQ(status_of(post("/api/slots/1-1.2/release", "{}", li)), 409);
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/release", "{}", li)), 200);
  EXPECT_THAT(done_, ElementsAre("release 1-1.3"));
  EXPECT_THAT(door_.notes(), ElementsAre("signed-in li", "released 1-1.3"));
}

TEST_F(ABoard, ASlotIsTakenOutOfUseForAReasonAndPutBack) {
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/slots/1-1.99/skip", "{\"skip\":true,\"reason\":\"x\"}", li)), 404);
  for (const char* body : {"{}", "{\"skip\":true}", "{\"skip\":true,\"reason\":\"\"}", "{\"skip\":1,\"reason\":\"x\"}",
                           "{\"skip\":true,\"reason\":\"a\\nb\"}"}) {
    EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", body, li)), 400) << body;
  }
  const std::string long_one = "{\"skip\":true,\"reason\":\"" + std::string(201, 'x') + "\"}";
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", long_one, li)), 400);
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", "{\"skip\":false}", li)), 409) << "it is in use";
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", "{\"skip\":true,\"reason\":\"Cable is bad\"}", li)), 200);
  live_.skip({"1-1.3"}, "Cable is bad");
  EXPECT_THAT(get("/api/state"), AllOf(HasSubstr("\"state\":\"skipped\""), HasSubstr("\"reason\":\"Cable is bad\""),
                                       HasSubstr("\"skipped_by\":\"board\"")));
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", "{\"skip\":true,\"reason\":\"again\"}", li)), 409);
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", "{\"skip\":false}", li)), 200);
  EXPECT_THAT(done_, ElementsAre("skip 1-1.3: Cable is bad", "use 1-1.3"));
  EXPECT_THAT(door_.notes(), ElementsAre("signed-in li", "skipped 1-1.3", "used-again 1-1.3"));
  EXPECT_EQ(std::get<Note>(door_.entries()[1]).event.text,
            "li took slot 1-1.3 out of use (Cable is bad) on the board.");
}

TEST_F(ABoard, WhoSignedOutIsOut) {
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/session/end", "", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 401);
  EXPECT_THAT(get("/api/session", li), HasSubstr("\"session\":false"));
}

class AGuardedBoard : public ABoard {
 protected:
  void SetUp() override {
    write_operators(desk_.path("operators"),
                    {{"li", Role::works, hash_pin("1234")}, {"wang", Role::supervises, hash_pin("5678")}});
    open("0.0.0.0");
  }
};

TEST_F(AGuardedBoard, ShowsNothingBeforeSomebodyIsSignedIn) {
  EXPECT_EQ(status_of(get("/")), 200) << "the page, to sign in on";
  EXPECT_THAT(get("/api/session"), HasSubstr("\"pin_required\":true"));
  EXPECT_EQ(status_of(get("/api/state")), 401);
  EXPECT_EQ(status_of(get("/api/events")), 401);
  EXPECT_EQ(status_of(get("/api/state", sign_in("li", "1234"))), 200);
}

TEST_F(AGuardedBoard, AnOperatorMayNotWhatASupervisorMay) {
  const std::string li = sign_in("li", "1234"), wang = sign_in("wang", "5678");
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"now\"}", li)), 403);
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"now\"}", wang)), 200);
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/release", "{}", li)), 403);
  const std::string skip = "{\"skip\":true,\"reason\":\"Cable is bad\"}";
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", skip, li)), 403);
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/skip", skip, wang)), 200);
  EXPECT_THAT(done_, ElementsAre("pause", "stop at once", "skip 1-1.3: Cable is bad"));
}

TEST_F(AGuardedBoard, APinIsGuessedAFewTimesAndThenNotEvenTheRightOneIsTaken) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(status_of(post("/api/session", "{\"operator\":\"li\",\"pin\":\"0000\"}")), 403);
  }
  const std::string locked = post("/api/session", "{\"operator\":\"li\",\"pin\":\"1234\"}");
  EXPECT_EQ(status_of(locked), 429);
  EXPECT_THAT(locked, HasSubstr("too-many-tries"));
  EXPECT_NE(sign_in("wang", "5678"), "") << "somebody else may go on";
  EXPECT_EQ(sign_in("zhang", "1234"), "") << "nobody of that name";
  EXPECT_THAT(door_.notes(), ElementsAre("signed-in wang"));
}

TEST_F(AGuardedBoard, WhoeverIsRemovedOrGetsAnotherRoleOrPinIsOut) {
  const std::string path = desk_.path("operators");
  const Operator li{"li", Role::works, hash_pin("1234")}, wang{"wang", Role::supervises, hash_pin("5678")};
  const auto becomes = [&](const std::string& pin, const std::vector<Operator>& operators) {
    write_operators(path, {li, wang});
    const std::string in = sign_in("li", pin), other = sign_in("wang", "5678");
    Client screen(port_);
    screen.say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n" + in + "\r\n");
    screen.until("event: state");
    write_operators(path, operators);
    screen.until_closed();  // or the test fails after a minute
    EXPECT_EQ(status_of(get("/api/state", in)), 401);
    EXPECT_EQ(status_of(post("/api/line/pause", "{}", in)), 401);
    return status_of(get("/api/state", other));
  };
  EXPECT_EQ(becomes("1234", {wang}), 200) << "nobody else is";
  EXPECT_EQ(becomes("1234", {{"li", Role::supervises, li.pin_hash}, wang}), 200);
  EXPECT_EQ(becomes("1234", {{"li", Role::works, hash_pin("1234")}, wang}), 200) << "as it was given anew";
  EXPECT_EQ(becomes("1234", {}), 401) << "everybody is removed";
  EXPECT_THAT(done_, IsEmpty());
}

TEST_F(ABoard, AtTheFirstOperatorWithAPinWhoeverCameWithoutIsOut) {
  const std::string li = sign_in("li");
  Client screen(port_);
  screen.say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n");
  screen.until("event: state");
  write_operators(desk_.path("operators"), {{"li", Role::works, hash_pin("1234")}});
  screen.until_closed();
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 401);
  EXPECT_EQ(sign_in("li"), "");
  EXPECT_NE(sign_in("li", "1234"), "");
}

TEST_F(AGuardedBoard, AFileThatCannotBeReadKeepsNobodyIn) {
  const std::string li = sign_in("li", "1234");
  Client screen(port_);
  screen.say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n" + li + "\r\n");
  screen.until("event: state");
  desk_.write("operators", "li\tking\t$argon2id$\n");
  screen.until_closed();
  EXPECT_EQ(status_of(get("/api/state", li)), 401);
}

TEST_F(ABoard, ABoardForEverybodyNeedsAPin) {
  const std::string path = desk_.path("operators");
  EXPECT_EQ(unsafe({"127.0.0.1", 80}, path), std::nullopt);
  EXPECT_EQ(unsafe({"localhost", 80}, path), std::nullopt);
  for (const char* host : {"0.0.0.0", "::", "10.0.0.7"}) EXPECT_NE(unsafe({host, 80}, path), std::nullopt) << host;
  write_operators(path, {{"li", Role::works, hash_pin("1234")}});
  EXPECT_EQ(unsafe({"0.0.0.0", 80}, path), std::nullopt);
}

TEST_F(ABoard, TheProgramRefusesItAndOperatorsAreAddedByCommand) {
  const std::vector<std::string> run = {"run",  example_recipe(), "--line",  "virtual",  "--db",
                                        "r.db", "--dry-run",      "--board", "0.0.0.0:0"};
  const Ran refused = desk_.run(run);
  EXPECT_EQ(refused.status, 78);
  EXPECT_THAT(refused.err, HasSubstr("flashline operator add"));
  desk_.write("stdin", "12\n");
  EXPECT_EQ(desk_.run({"operator", "add", "li", "--db", "r.db"}).status, 73) << "too short";
  desk_.write("stdin", "1234\n");
  EXPECT_EQ(desk_.run({"operator", "add", "li", "--role", "supervisor", "--db", "r.db"}).status, 0);
  EXPECT_THAT(desk_.run({"operator", "list", "--db", "r.db"}).out, HasSubstr("supervisor"));
  EXPECT_TRUE(is_right_pin(read_operators(desk_.path("r.db.operators")).at(0).pin_hash, "1234"));
  EXPECT_EQ(desk_.run({"operator", "remove", "li", "--db", "r.db"}).status, 0);
  EXPECT_TRUE(read_operators(desk_.path("r.db.operators")).empty());
}

}  // namespace
}  // namespace station::board
