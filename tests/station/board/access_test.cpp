// Who may do what, how sessions end, and what guessing a PIN costs.
#include "station/board/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "station/board/routes.h"
#include "tests/station/program.h"

namespace station::board {
namespace {

using namespace std::chrono_literals;

const SessionTime now{1000h};

TEST(Access, IsWhatTheTableSays) {
  const Session works{"li", Role::works, "token"}, supervises{"wang", Role::supervises, "token"};
  struct Row {
    Needs needs;
    // Nobody at the station, nobody at a station with operators, nobody elsewhere, operator at the station, elsewhere,
    // supervisor elsewhere.
    std::vector<int> statuses;
  };
  const Row rows[] = {{Needs::nothing, {200, 200, 200, 200, 200, 200}},
                      {Needs::reading, {200, 401, 401, 200, 200, 200}},
                      {Needs::work, {401, 401, 401, 200, 200, 200}},
                      {Needs::work_or_distant, {401, 401, 401, 200, 403, 200}},
                      {Needs::supervision, {401, 401, 401, 403, 403, 200}}};
  const std::vector<Asked> who = {{true, false, {}, {}},         {true, true, {}, {}},
                                  {false, false, {}, {}},        {true, true, works, "token"},
                                  {false, true, works, "token"}, {false, true, supervises, "token"}};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < who.size(); ++i) {
      const auto refusal = refuse_access(row.needs, who[i]);
      EXPECT_EQ(refusal ? refusal->status : 200, row.statuses[i]) << static_cast<int>(row.needs) << ", who " << i;
    }
  }
}

TEST(Access, AChangeNeedsTheTokenOfItsSession) {
  const Session session{"li", Role::supervises, "token"};
  for (const std::string wrong : {"", "toke", "tokens", "Token", "tokem"}) {
    for (const Needs needs : {Needs::work, Needs::work_or_distant, Needs::supervision}) {
      const auto refusal = refuse_access(needs, {true, false, session, wrong});
      ASSERT_TRUE(refusal) << wrong;
      EXPECT_EQ(refusal->code, "no-token");
    }
  }
  EXPECT_FALSE(refuse_access(Needs::reading, {false, true, session, ""})) << "reading changes nothing";
}

TEST(Routes, WhateverIsPostedNeedsSomebodyButSigningIn) {
  for (const char* path :
       {"/api/session/end", "/api/line/pause", "/api/line/resume", "/api/line/stop", "/api/slots/A1/release",
        "/api/slots/A1/skip", "/api/commissioning/start", "/api/commissioning/skip", "/api/commissioning/finish",
        "/api/commissioning/cancel", "/api/jobs/PO%2F7/use"}) {
    const auto route = route_of(Method::post, path);
    ASSERT_TRUE(route) << path;
    EXPECT_NE(route->needs, Needs::nothing) << path;
    EXPECT_NE(route->needs, Needs::reading) << path;
    EXPECT_FALSE(route_of(Method::get, path)) << path;
  }
  EXPECT_EQ(route_of(Method::post, "/api/session")->needs, Needs::nothing);
}

TEST(Sessions, AreFoundByTheirTokenUntilNobodyUsedThemForAShift) {
  Sessions sessions;
  const std::string token = sessions.open("li", Role::works, now);
  EXPECT_EQ(token.size(), 64u);
  ASSERT_TRUE(sessions.find(token, now));
  EXPECT_NE(sessions.find(token, now)->csrf, token);
  EXPECT_FALSE(sessions.find("", now));
  EXPECT_FALSE(sessions.find(token.substr(1), now));
  EXPECT_TRUE(sessions.find(token, now + 11h));
  EXPECT_TRUE(sessions.find(token, now + 22h)) << "used eleven hours ago";
  EXPECT_FALSE(sessions.find(token, now + 34h));
  EXPECT_FALSE(sessions.find(token, now + 23h)) << "what has ended does not come back";
}

TEST(Sessions, AreEndedAndLimited) {
  Sessions sessions;
  const std::string first = sessions.open("li", Role::works, now);
  const std::string second = sessions.open("li", Role::works, now + 1s);
  sessions.end(second);
  EXPECT_FALSE(sessions.find(second, now + 2s));
  for (int i = 0; i < 1000; ++i) sessions.open("li", Role::works, now + 3s);
  EXPECT_FALSE(sessions.find(first, now + 4s)) << "the oldest made room";
}

TEST(Sessions, OfOneOperatorDoNotPushOutThoseOfAnother) {
  Sessions sessions;
  const std::string wang = sessions.open("wang", Role::supervises, now);
  std::string last;
  for (int i = 0; i < 1000; ++i) last = sessions.open("li", Role::works, now + 1s);
  EXPECT_TRUE(sessions.find(wang, now + 2s));
  EXPECT_TRUE(sessions.find(last, now + 2s));
}

TEST(Sessions, AreNamedByAnIdThatOpensNothing) {
  Sessions sessions;
  const std::string token = sessions.open("li", Role::works, now);
  const std::string id = sessions.find(token, now)->id;
  EXPECT_NE(id, token);
  EXPECT_FALSE(sessions.find(id, now));
  const auto ended = sessions.keep([](const Session&) { return false; });
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].id, id);
}

TEST(Guesses, AreFreeAtFirstAndThenWaitLongerEachTime) {
  Guesses guesses(3, 30s, 300s);
  const auto wait_of = [&](SessionTime at) { return guesses.begin("10.0.0.7", "li", true, at).wait; };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(wait_of(now), 0s);
  EXPECT_EQ(wait_of(now), 30s);
  EXPECT_EQ(wait_of(now + 29s), 1s);
  SessionTime time = now + 30s;
  for (const auto wait : {60s, 120s, 240s, 300s, 300s}) {
    EXPECT_EQ(wait_of(time), 0s);
    EXPECT_EQ(wait_of(time), wait);
    time += wait;
  }
  guesses.was_right("10.0.0.7", "li");
  EXPECT_EQ(wait_of(time), 0s);
  EXPECT_EQ(wait_of(time), 0s);
}

TEST(Guesses, SlowDownOnePairOfOperatorAndClientAndNobodyElse) {
  Guesses guesses(5, 30s, 300s);
  for (int i = 0; i < 6; ++i) guesses.begin("10.0.0.7", "li", true, now);
  EXPECT_GT(guesses.begin("10.0.0.7", "li", true, now).wait, 0s);
  EXPECT_EQ(guesses.begin("10.0.0.8", "li", true, now).wait, 0s) << "li from another screen";
  EXPECT_EQ(guesses.begin("10.0.0.7", "wang", true, now).wait, 0s) << "somebody else at the same screen";
}

TEST(Guesses, OfADayAreFew) {
  Guesses guesses(5, 30s, 300s);
  int tried = 0;
  for (auto time = now; time < now + 24h; time += 1s) {
    tried += guesses.begin("10.0.0.7", "li", true, time).wait == 0s ? 1 : 0;
  }
  EXPECT_LT(tried, 300) << "of 10,000 PINs of four digits";
}

TEST(Guesses, OfManyNamesDoNotMakeTheClientForgetWhomItGuessed) {
  Guesses guesses(5, 30s, 300s);
  for (int i = 0; i < 6; ++i) guesses.begin("10.0.0.7", "li", true, now);
  for (int i = 0; i < 10000; ++i) guesses.begin("10.0.0.7", "name " + std::to_string(i), false, now);
  EXPECT_GT(guesses.begin("10.0.0.7", "li", true, now).wait, 0s);
  EXPECT_LE(guesses.remembered(), 100u);
}

TEST(Guesses, OfManyNamesAreAnsweredAlikeWhetherAnOperatorHasTheNameOrNot) {
  Guesses guesses(5, 30s, 300s);
  for (int i = 0; i < 100; ++i) guesses.begin("10.0.0.7", "name " + std::to_string(i), false, now);
  EXPECT_TRUE(guesses.begin("10.0.0.7", "nobody", false, now).flooding);
  EXPECT_TRUE(guesses.begin("10.0.0.7", "li", true, now).flooding);
  EXPECT_TRUE(guesses.begin("10.0.0.7", "li", true, now).flooding) << "also the second time";
  EXPECT_EQ(guesses.begin("10.0.0.7", "wang", true, now).wait, 0s) << "a right PIN is still taken";
  EXPECT_FALSE(guesses.begin("10.0.0.8", "li", true, now).flooding);
}

TEST(Guesses, OfManyClientsAreNotKeptForEver) {
  Guesses guesses(1, 30s, 300s);
  for (int i = 0; i < 20000; ++i) guesses.begin(std::to_string(i), "li", true, now + std::chrono::milliseconds(i));
  EXPECT_LE(guesses.remembered(), 1024u);
  EXPECT_GT(guesses.begin("19999", "li", true, now + 21s).wait, 0s) << "the newest are";
  EXPECT_EQ(guesses.begin("0", "li", true, now + 21s).wait, 0s);
}

TEST(OneEach, LetsAClientDoOneThingAtATimeAndOthersGoOn) {
  OneEach one_each;
  {
    const OneEach::Turn first(one_each, "10.0.0.7");
    EXPECT_TRUE(first.taken());
    EXPECT_FALSE(OneEach::Turn(one_each, "10.0.0.7").taken());
    EXPECT_TRUE(OneEach::Turn(one_each, "10.0.0.8").taken());
    EXPECT_FALSE(OneEach::Turn(one_each, "10.0.0.7").taken()) << "one that was refused frees nothing";
  }
  EXPECT_TRUE(OneEach::Turn(one_each, "10.0.0.7").taken());
}

TEST(Cookie, ThatIsThereTwiceIsNobodys) {
  EXPECT_EQ(cookie("flashline=abc; flashline=def", "flashline"), "");
  EXPECT_EQ(cookie("flashline=abc; x=y; flashline=abc", "flashline"), "abc");
}

TEST(Cookie, IsFoundByItsWholeName) {
  EXPECT_EQ(cookie("flashline=abc", "flashline"), "abc");
  EXPECT_EQ(cookie("a=b; flashline=abc; c=d", "flashline"), "abc");
  EXPECT_EQ(cookie("flashline-8080=x; flashline=abc", "flashline"), "abc");
  for (const char* none : {"", ";", "flashline", "xflashline=abc", "flashlinex=abc", "a=flashline=abc"}) {
    EXPECT_EQ(cookie(none, "flashline"), "") << none;
  }
}

TEST(Operators, AreKeptWithHashesThatOnlyTheirOwnerMayRead) {
  const ProgramFolder folder;
  const std::string path = folder.path("r.db.operators");
  EXPECT_TRUE(read_operators(path).empty());
  write_operators(path, {{"li", Role::works, hash_pin("1234")}, {"\u738b", Role::supervises, hash_pin("5678")}});
  const std::vector<Operator> read = read_operators(path);
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(find_operator(read, "\u738b")->role, Role::supervises);
  EXPECT_EQ(find_operator(read, "L"), nullptr);
  EXPECT_TRUE(is_right_pin(read[0].pin_hash, "1234"));
  EXPECT_FALSE(is_right_pin(read[0].pin_hash, "1235"));
  EXPECT_TRUE(read[0].pin_hash.starts_with("$argon2id$"));
  struct stat facts {};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST(Operators, ADamagedFileLetsNobodyIn) {
  const ProgramFolder folder;
  for (const char* damaged : {"li\n", "li\toperator\n", "li\tking\t$argon2id$\n", "\t\t\t\n"}) {
    folder.write("o", damaged);
    EXPECT_THROW(read_operators(folder.path("o")), std::runtime_error) << damaged;
  }
}

}  // namespace
}  // namespace station::board
