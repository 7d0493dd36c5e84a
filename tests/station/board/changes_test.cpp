// Signing in, and what who is signed in may make the line do.
#include <regex>
#include <sstream>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>

#include "station/board/operators.h"
#include "station/board/routes.h"
#include "tests/station/board/board_fixture.h"

namespace station::board {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(BoardTest, AtAStationWithoutOperatorsANameIsEnough) {
  EXPECT_THAT(get("/api/session"), HasSubstr("\"pin_required\":false"));
  const std::string li = sign_in("li");
  ASSERT_FALSE(li.empty());
  EXPECT_THAT(get("/api/session", li), HasSubstr("\"role\":\"supervisor\""));
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"now\"}", li)), 200);
  EXPECT_THAT(done_, ElementsAre("pause", "resume", "stop safely", "stop at once"));
  EXPECT_THAT(service_.notes(),
              ElementsAre("signed-in li", "paused line", "resumed line", "stopped line", "stopped line"));
}

TEST_F(BoardTest, NothingIsDoneWithoutSessionTokenOrSense) {
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

TEST_F(BoardTest, WhatCannotBeRecordedIsNotDone) {
  const std::string li = sign_in("li");
  service_.refusal = "the disk is full";
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 409);
  EXPECT_THAT(post("/api/line/stop", "{\"kind\":\"now\"}", li), HasSubstr("the disk is full"));
  EXPECT_THAT(done_, IsEmpty());
  EXPECT_EQ(sign_in("wang"), "");
}

TEST_F(BoardTest, ASlotThatIsClosedIsOpenedAgainAndNoOther) {
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/release", "{}", li)), 409) << "it is in use";
  EXPECT_EQ(status_of(post("/api/slots/1-1.99/release", "{}", li)), 404);
  live_.on(scheduler::Remarked{scheduler::make_remark(scheduler::RemarkCode::port_closed, {}, "1-1.3",
                                                      {{"count", std::int64_t{3}}, {"fault", "io-error"}})},
           {});
  EXPECT_THAT(get("/api/state"), HasSubstr("\"state\":\"quarantined\""));
  EXPECT_EQ(status_of(post("/api/slots/1-1.2/release", "{}", li)), 409);
  EXPECT_EQ(status_of(post("/api/slots/1-1.3/release", "{}", li)), 200);
  EXPECT_THAT(done_, ElementsAre("release 1-1.3 by li"));
  EXPECT_THAT(service_.notes(), ElementsAre("signed-in li", "released 1-1.3"));
}

TEST_F(BoardTest, AStoppedHubIsReleasedForAReasonAndNoOther) {
  const std::string li = sign_in("li");
  const std::string why = "{\"reason\":\"cable replaced\"}";
  EXPECT_EQ(status_of(post("/api/hubs/1-1/release", why, li)), 409) << "it takes its full width";
  EXPECT_EQ(status_of(post("/api/hubs/1-9/release", why, li)), 404);
  const scheduler::RemarkValues values{{"failed", 4}, {"attempts", 9}};
  live_.on(scheduler::Remarked{make_remark(scheduler::RemarkCode::hub_stopped, {}, "1-1", values)}, {});
  EXPECT_THAT(get("/api/state"), AllOf(HasSubstr("\"state\":\"stopped\""), HasSubstr("\"code\":\"hub-stopped\"")));
  EXPECT_EQ(status_of(post("/api/hubs/1-1/release", "{}", li)), 400) << "no reason";
  EXPECT_EQ(status_of(post("/api/hubs/1-1/release", why, "")), 401);
  EXPECT_EQ(status_of(post("/api/hubs/1-1/release", why, li)), 200);
  EXPECT_THAT(done_, ElementsAre("release 1-1 by li: cable replaced"));
  EXPECT_THAT(service_.notes(), ElementsAre("signed-in li", "released 1-1"));
  EXPECT_EQ(std::get<EventEntry>(service_.entries()[1]).event.text,
            "li released hub 1-1 (cable replaced) on the board.");
}

TEST_F(BoardTest, ASlotIsTakenOutOfUseForAReasonAndPutBack) {
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
  EXPECT_THAT(service_.notes(), ElementsAre("signed-in li", "skipped 1-1.3", "used-again 1-1.3"));
  EXPECT_EQ(std::get<EventEntry>(service_.entries()[1]).event.text,
            "li took slot 1-1.3 out of use (Cable is bad) on the board.");
}

TEST_F(BoardTest, WhoSignedOutIsOut) {
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/session/end", "", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/pause", "{}", li)), 401);
  EXPECT_THAT(get("/api/session", li), HasSubstr("\"session\":false"));
}

class AGuardedBoard : public BoardTest {
 protected:
  void SetUp() override {
    write_operators(folder_.path("operators"),
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

TEST_F(AGuardedBoard, NamesNoOperatorToWhoIsNotSignedIn) {
  for (const std::string& answer : {get("/api/session"), post("/api/session", "{\"operator\":\"li\",\"pin\":\"0000\"}"),
                                    get("/api/session", "Cookie: flashline=" + std::string(64, '0') + "\r\n")}) {
    EXPECT_THAT(answer, testing::Not(HasSubstr("wang"))) << answer;
  }
  EXPECT_THAT(get("/api/session", sign_in("li", "1234")), HasSubstr("\"operators\":[\"li\",\"wang\"]"));
}

TEST_F(AGuardedBoard, OneWhoGuessesSaysTheSameOfEveryName) {
  const auto guess = [&](const std::string& name) {
    const std::string answer = post("/api/session", "{\"operator\":\"" + name + "\",\"pin\":\"0000\"}");
    // What is left of a wait differs, for one name was tried after the other.
    return std::regex_replace(answer.substr(answer.find("\r\n\r\n")), std::regex("[0-9]+ seconds?"), "N seconds");
  };
  for (int i = 0; i < 7; ++i) EXPECT_EQ(guess("wang"), guess("nobody")) << i;
}

TEST_F(AGuardedBoard, TheStreamsOfASessionEndWithIt) {
  const std::string li = sign_in("li", "1234"), again = sign_in("li", "1234");
  Client screen(port_), other(port_);
  screen.say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n" + li + "\r\n");
  other.say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n" + again + "\r\n");
  screen.until("event: state");
  other.until("event: state");
  EXPECT_EQ(status_of(post("/api/session/end", "", li)), 200);
  screen.until_closed();
  live_.on(scheduler::VisitBegan{{"1-1.3"}, "", "visit-7"}, {});
  other.until("visit-7");
}

TEST_F(AGuardedBoard, ManyStreamsOfOneDoNotShutOutTheNextBoard) {
  const std::string li = sign_in("li", "1234"), wang = sign_in("wang", "5678");
  std::vector<std::unique_ptr<Client>> many;
  for (int i = 0; i < 140; ++i) {
    many.push_back(std::make_unique<Client>(port_));
    many.back()->say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n" + li + "\r\n");
    many.back()->until("event: state");
  }
  EXPECT_THAT(many.front()->until_closed(), HasSubstr("event: replaced"));
  Client next(port_);
  next.say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n" + wang + "\r\n");
  EXPECT_THAT(next.until("event: state"), HasSubstr("HTTP/1.1 200"));
}

// A board for this machine alone, at a station that has operators.
class AStationWithOperators : public BoardTest {
 protected:
  void SetUp() override {
    write_operators(folder_.path("operators"),
                    {{"li", Role::works, hash_pin("1234")}, {"wang", Role::supervises, hash_pin("5678")}});
    open();
  }
};

TEST_F(AStationWithOperators, TrustsNobodyForComingFromThisMachine) {
  EXPECT_THAT(get("/api/session"), HasSubstr("\"pin_required\":true"));
  for (const char* path : {"/api/state", "/api/events", "/api/jobs", "/api/slots/1-1.1", "/api/health"}) {
    EXPECT_EQ(status_of(get(path)), 401) << path;
  }
  EXPECT_EQ(status_of(get("/metrics")), 200);
  const std::string li = sign_in("li", "1234");
  EXPECT_EQ(status_of(get("/api/state", li)), 200);
  EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", li)), 200) << "li stands at the station";
}

TEST_F(AStationWithOperators, WhoComesThroughAProxyDoesNotStandAtTheStation) {
  const std::string li = sign_in("li", "1234"), wang = sign_in("wang", "5678");
  for (const char* sign : {"X-Forwarded-For: 10.0.0.7\r\n", "Forwarded: for=10.0.0.7\r\n", "Via: 1.1 proxy\r\n"}) {
    EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", li + sign)), 403) << sign;
    EXPECT_EQ(status_of(post("/api/line/stop", "{\"kind\":\"safe\"}", wang + sign)), 200) << sign;
  }
}

TEST_F(AStationWithOperators, WhatATrustedProxySaysIsOnRecordAndNobodyElsesWord) {
  const auto from_of_last = [&] { return std::get<EventEntry>(service_.entries().back()).event.facts; };
  const std::string body = "{\"operator\":\"li\",\"pin\":\"1234\"}";
  EXPECT_EQ(status_of(post("/api/session", body, "X-Forwarded-For: 10.0.0.7\r\n")), 200);
  EXPECT_THAT(from_of_last(), HasSubstr("\"from\":\"127.0.0.1\""));
  proxies_ = {"127.0.0.1"};
  open();
  const std::string in = post("/api/session", body, "X-Forwarded-For: 10.0.0.7\r\nX-Forwarded-Proto: https\r\n");
  EXPECT_EQ(status_of(in), 200);
  EXPECT_THAT(from_of_last(), HasSubstr("\"from\":\"10.0.0.7\""));
  EXPECT_THAT(in, HasSubstr("; Secure"));
}

TEST_F(AStationWithOperators, GuessesOfOneBehindTheProxyLeaveTheOthersAlone) {
  proxies_ = {"127.0.0.1"};
  open();
  const auto try_from = [&](const std::string& address, const std::string& pin) {
    return status_of(
        post("/api/session", "{\"operator\":\"li\",\"pin\":\"" + pin + "\"}", "X-Forwarded-For: " + address + "\r\n"));
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(try_from("10.0.0.7", "0000"), 403);
  EXPECT_EQ(try_from("10.0.0.7", "1234"), 429);
  EXPECT_EQ(try_from("10.0.0.8", "1234"), 200);
}

TEST_F(BoardTest, WithoutOperatorsNobodyComesThroughAProxy) {
  EXPECT_EQ(status_of(get("/api/state", "X-Forwarded-For: 10.0.0.7\r\n")), 401);
  const std::string refused = post("/api/session", "{\"operator\":\"li\"}", "X-Forwarded-For: 10.0.0.7\r\n");
  EXPECT_EQ(status_of(refused), 403);
  EXPECT_THAT(refused, HasSubstr("flashline operator add"));
  EXPECT_NE(unsafe({"127.0.0.1", 80}, folder_.path("operators"), {"127.0.0.1"}), std::nullopt);
}

TEST_F(BoardTest, WorkWithoutAnOrderIsForASupervisorAndIsOnRecord) {
  const std::string li = sign_in("li");
  EXPECT_EQ(status_of(post("/api/line/without-order", "{}")), 401);
  EXPECT_EQ(status_of(post("/api/line/without-order", "{}", li)), 200);
  EXPECT_THAT(done_, ElementsAre("work without an order, li"));
  EXPECT_THAT(service_.notes(), ElementsAre("signed-in li", "order-left line"));
  EXPECT_EQ(route_of(Method::post, "/api/line/without-order")->needs, Needs::supervision);
}

TEST_F(AGuardedBoard, WhoMayNotStopTheLineDoesNotLetItGoOnAfterAStop) {
  const std::string li = sign_in("li", "1234"), wang = sign_in("wang", "5678");
  live_.enter(RunState::halted);
  EXPECT_THAT(get("/api/state", li), HasSubstr("\"state\":\"stopped\""));
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 403);
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", wang)), 200);
  live_.enter(RunState::paused);
  EXPECT_EQ(status_of(post("/api/line/resume", "{}", li)), 200) << "a pause is for everybody";
}

TEST_F(BoardTest, AFloodOfRequestsIsNoFloodOfLogLines) {
  auto lines = std::make_shared<spdlog::sinks::ostream_sink_mt>(log_text_);
  logger_.sinks().push_back(lines);
  const std::string host = "Host: evil\x1b[31m" + std::string(3000, 'x') + "\r\n";
  for (int i = 0; i < 200; ++i) EXPECT_EQ(status_of(get("/" + std::string(3000, 'y'), host)), 421);
  const std::string logged = log_text_.str();
  EXPECT_LT(logged.size(), 4000u) << logged;
  EXPECT_THAT(logged, HasSubstr("board: refused wrong-origin: '/yyy"));
  EXPECT_EQ(logged.find('\x1b'), std::string::npos);
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
  EXPECT_THAT(service_.notes(), ElementsAre("signed-in wang"));
}

TEST_F(AGuardedBoard, WhoeverIsRemovedOrGetsAnotherRoleOrPinIsOut) {
  const std::string path = folder_.path("operators");
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
  EXPECT_EQ(becomes("1234", {{"li", Role::works, hash_pin("1234")}, wang}), 200) << "as it was given again";
  EXPECT_EQ(becomes("1234", {}), 401) << "everybody is removed";
  EXPECT_THAT(done_, IsEmpty());
}

TEST_F(BoardTest, AtTheFirstOperatorWithAPinWhoeverCameWithoutIsOut) {
  const std::string li = sign_in("li");
  Client screen(port_);
  screen.say("GET /api/events HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\r\n");
  screen.until("event: state");
  write_operators(folder_.path("operators"), {{"li", Role::works, hash_pin("1234")}});
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
  folder_.write("operators", "li\tking\t$argon2id$\n");
  screen.until_closed();
  EXPECT_EQ(status_of(get("/api/state", li)), 401);
}

TEST_F(BoardTest, ABoardForEverybodyNeedsAPin) {
  const std::string path = folder_.path("operators");
  EXPECT_EQ(unsafe({"127.0.0.1", 80}, path), std::nullopt);
  EXPECT_EQ(unsafe({"localhost", 80}, path), std::nullopt);
  for (const char* host : {"0.0.0.0", "::", "10.0.0.7"}) EXPECT_NE(unsafe({host, 80}, path), std::nullopt) << host;
  write_operators(path, {{"li", Role::works, hash_pin("1234")}});
  EXPECT_EQ(unsafe({"0.0.0.0", 80}, path), std::nullopt);
}

TEST_F(BoardTest, TheProgramRefusesItAndOperatorsAreAddedByCommand) {
  const std::vector<std::string> run = {"run",  example_recipe(), "--line",  "virtual",  "--db",
                                        "r.db", "--dry-run",      "--board", "0.0.0.0:0"};
  const Ran refused = folder_.run(run);
  EXPECT_EQ(refused.status, 78);
  EXPECT_THAT(refused.err, HasSubstr("flashline operator add"));
  folder_.write("stdin", "12\n");
  EXPECT_EQ(folder_.run({"operator", "add", "li", "--db", "r.db"}).status, 64) << "too short";
  folder_.write("stdin", "1234\n");
  EXPECT_EQ(folder_.run({"operator", "add", "li", "--role", "supervisor", "--db", "r.db"}).status, 0);
  EXPECT_THAT(folder_.run({"operator", "list", "--db", "r.db"}).out, HasSubstr("supervisor"));
  EXPECT_TRUE(is_right_pin(read_operators(folder_.path("r.db.operators")).at(0).pin_hash, "1234"));
  EXPECT_EQ(folder_.run({"operator", "remove", "li", "--db", "r.db"}).status, 0);
  EXPECT_TRUE(read_operators(folder_.path("r.db.operators")).empty());
}

}  // namespace
}  // namespace station::board
