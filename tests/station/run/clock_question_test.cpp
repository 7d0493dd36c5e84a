// A run that begins with a clock in doubt: who is asked, and what follows.
#include "station/run/clock_question.h"

#include <csignal>
#include <filesystem>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/reader.h"
#include "db/store.h"
#include "station/record/anchor_text.h"
#include "station/record/entry.h"
#include "station/record/job_order.h"
#include "tests/station/program.h"

namespace station {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const db::Time record{std::chrono::milliseconds(1795327200000)};  // 2026-11-22T06:00:00Z
const db::ClockDoubt behind{db::ClockDoubt::Kind::behind, record, db::Time(3min)};

bool nobody_is_asked(const std::string&) {
  ADD_FAILURE() << "a person was asked";
  return true;
}

TEST(ImpossibleClock, ATimeBeforeTheProgramWasBuiltIsTold) {
  const std::chrono::sys_seconds built = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);
  EXPECT_EQ(impossible_clock(record, built), "");
  EXPECT_EQ(impossible_clock(built, built), "");
  for (const int year : {1900, 1970, 2025}) {
    const std::string told = impossible_clock(std::chrono::sys_days(std::chrono::year(year) / 1 / 2), built);
    EXPECT_THAT(told, HasSubstr("says " + std::to_string(year) + "-01-02"));
    EXPECT_THAT(told, HasSubstr("2026-11-01"));
    EXPECT_THAT(told, HasSubstr("Set the clock"));
  }
}

TEST(JudgeClock, WithoutADoubtNobodyIsAsked) {
  for (const ClockWitness witness :
       {ClockWitness::option, ClockWitness::terminal, ClockWitness::board, ClockWitness::nobody}) {
    const auto judged = judge_clock(std::nullopt, {}, witness, nobody_is_asked);
    const auto* answer = std::get_if<ClockAnswer>(&judged);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->rules.confirmed);
    EXPECT_FALSE(answer->wait_on_board);
  }
}

TEST(JudgeClock, TheOptionIsAPersonsWord) {
  const auto judged = judge_clock(behind, {}, ClockWitness::option, nobody_is_asked);
  EXPECT_TRUE(std::get<ClockAnswer>(judged).rules.confirmed);
}

TEST(JudgeClock, AtATerminalAPersonIsAskedOnceAndANoIsANo) {
  int asked = 0;
  const auto say = [&](bool yes) {
    return judge_clock(behind, {}, ClockWitness::terminal, [&](const std::string& sentence) {
      ++asked;
      EXPECT_THAT(sentence, HasSubstr("1970-01-01T00:03:00Z"));
      return yes;
    });
  };
  EXPECT_TRUE(std::get<ClockAnswer>(say(true)).rules.confirmed);
  EXPECT_THAT(std::get<std::string>(say(false)), HasSubstr("Set the clock"));
  EXPECT_EQ(asked, 2);
}

TEST(JudgeClock, WithABoardTheLineWaitsThereAndWithNobodyItDoesNotBegin) {
  const auto board = judge_clock(behind, {}, ClockWitness::board, nobody_is_asked);
  EXPECT_TRUE(std::get<ClockAnswer>(board).wait_on_board);
  EXPECT_FALSE(std::get<ClockAnswer>(board).rules.confirmed);
  const auto nobody = judge_clock(behind, {}, ClockWitness::nobody, nobody_is_asked);
  EXPECT_THAT(std::get<std::string>(nobody), HasSubstr("--clock-is-right"));
}

// ---- orders

db::WorkOrder job_until(db::Time until) {
  db::WorkOrder job;
  job.opened.order = "4711";
  job.opened.quantity = 5;
  job.opened.at = record - 1h;
  job.opened.until = until;
  return job;
}

TEST(OrdersByTheClock, AnOrderThatEndedByTheRecordIsNotTakenAgain) {
  const db::Time now = db::later_of(record, db::Time(3min));
  const auto taken = take_job(job_until(record - 1min), "4711", {}, now);
  ASSERT_TRUE(std::holds_alternative<NoOrder>(taken));
  EXPECT_THAT(std::get<NoOrder>(taken).sentence, HasSubstr("was valid until 2026-11-22T05:59"));
  EXPECT_TRUE(std::holds_alternative<JobOrder>(take_job(job_until(record + 1min), "4711", {}, now)));
}

TEST(OrdersByTheClock, AnOrderIsNotTakenBeforeItWasOpened) {
  const auto taken = take_job(job_until(record + 1h), "4711", {}, record - days(30));
  ASSERT_TRUE(std::holds_alternative<NoOrder>(taken));
  EXPECT_THAT(std::get<NoOrder>(taken).sentence, HasSubstr("which is later than now"));
}

// ---- the program, by a record that ends elsewhere than now

class ClockOfTheProgram : public testing::Test {
 protected:
  // The record of a station whose last program ran so long ago, or is still to come.
  void record_ends(std::chrono::milliseconds ago, std::optional<db::JobOpened> job = std::nullopt) {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(folder_.path("r.db") + suffix);
    db::UuidGenerator uuids;
    db::Run row;
    row.at = db::now() - ago;
    row.id = uuids.next(row.at);
    row.command = "run";
    db::Store store(folder_.path("r.db"), "line-3", row, uuids);
    if (job) store.append(*job);
  }
  Ran run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--db", "r.db"});
    return folder_.run(arguments);
  }
  Ran flash(const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"flash", example_recipe(), "--line", "virtual", "--units", "1", "--speed", "20"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const db::Event& event : db::Reader(folder_.path("r.db")).events()) kinds.push_back(event.kind);
    return kinds;
  }
  std::size_t attempts() const { return db::Reader(folder_.path("r.db")).attempts().size(); }

  ProgramFolder folder_;
};

TEST_F(ClockOfTheProgram, ARunThatBeginsBeforeTheRecordEndsIsRefusedUntilAPersonVouches) {
  record_ends(-days(400));
  const Ran ran = flash();
  EXPECT_EQ(ran.status, 78);
  EXPECT_THAT(ran.err, HasSubstr("days behind the record"));
  EXPECT_THAT(ran.err, HasSubstr("--clock-is-right"));
  EXPECT_EQ(attempts(), 0u);
  const Ran vouched = flash({"--clock-is-right", "--operator", "Eve"});
  EXPECT_EQ(vouched.status, 0) << vouched.err;
  EXPECT_THAT(vouched.err, HasSubstr("warning: The clock of this station"));
  EXPECT_THAT(kinds(), Contains("clock-confirmed"));
  EXPECT_EQ(flash().status, 0) << "once is enough";
  const Ran verified = run({"audit", "verify"});
  EXPECT_EQ(verified.status, 0);
  EXPECT_THAT(verified.out, HasSubstr("clock-confirmed: The clock of this station says"));
}

TEST_F(ClockOfTheProgram, ARunYearsAfterTheRecordIsRefusedUnlessTheStationStandsStillSoLong) {
  record_ends(days(200));
  EXPECT_EQ(flash().status, 78);
  folder_.write("s.toml", "clock_gap_days = 201\n");
  EXPECT_EQ(flash({"--station", "s.toml"}).status, 0);
}

TEST_F(ClockOfTheProgram, AnHourOrAHolidayIsNoDoubt) {
  record_ends(days(21));
  EXPECT_EQ(flash().status, 0);
  EXPECT_THAT(kinds(), Not(Contains(HasSubstr("clock"))));
}

TEST_F(ClockOfTheProgram, ACommandWarnsAndRecordsTheDoubt) {
  record_ends(-days(400));
  const Ran ran = run({"job", "open", "4711", "--quantity", "5"});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.err, HasSubstr("warning: The clock of this station"));
  EXPECT_THAT(kinds(), Contains("clock-step"));
  EXPECT_EQ(flash().status, 78) << "a command does not confirm the clock";
}

TEST_F(ClockOfTheProgram, DoctorFindsIt) {
  const auto clock_line = [this] {
    const std::string out = run({"doctor", "--line", "virtual"}).out;
    const std::size_t at = out.find("clock");
    return at == std::string::npos ? out : out.substr(at);
  };
  record_ends(-days(400));
  EXPECT_EQ(run({"doctor", "--line", "virtual"}).status, 1);
  EXPECT_THAT(clock_line(), HasSubstr("behind the record"));
}

TEST_F(ClockOfTheProgram, AnOrderIsNotOpenedUntilATimeThatIsPast) {
  const Ran past = run({"job", "open", "4711", "--quantity", "5", "--until", "2020-01-01T00:00:00Z"});
  EXPECT_EQ(past.status, 64);
  EXPECT_THAT(past.err, HasSubstr("2020-01-01T00:00:00"));
  EXPECT_THAT(past.err, HasSubstr("now it is"));
}

TEST_F(ClockOfTheProgram, AnOrderIsNotOpenedUntilATimeThatIsPastByTheRecord) {
  record_ends(-days(400));
  const db::Time soon = std::chrono::ceil<std::chrono::seconds>(db::now()) + 1h;
  const Ran by_record = run({"job", "open", "4712", "--quantity", "5", "--until", utc(soon)});
  EXPECT_EQ(by_record.status, 64) << "past by the record";
  EXPECT_THAT(by_record.err, HasSubstr("by the record"));
}

TEST_F(ClockOfTheProgram, AnOrderThatEndedByTheRecordIsExpiredForTheList) {
  db::JobOpened job;
  job.at = db::now() + days(398);
  job.order = "4711";
  job.quantity = 5;
  job.until = db::now() + days(399);
  record_ends(-days(400), job);
  EXPECT_THAT(run({"job", "list"}).out, HasSubstr("expired"));
}

// The board is where a person can answer: the line begins, paused, and the end of the pause is the answer.
TEST_F(ClockOfTheProgram, WithABoardTheLineWaitsForThePauseToEnd) {
  record_ends(-days(400));
  folder_.write("line.toml", "[line]\nspeed = 20\n[[hub]]\nport = \"1-1\"\n[[unit]]\nport = \"1-1.2\"\n");
  const int process = folder_.start(
      {"run", example_recipe(), "--db", "r.db", "--line", "line.toml", "--json", "--board", "127.0.0.1:0"});
  const auto wait_until = [](const std::function<bool()>& reached) {
    const auto limit = std::chrono::steady_clock::now() + 2min;
    while (!reached()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::sleep_for(20ms);
    }
    return true;
  };
  const auto out_has = [&](const char* text) { return folder_.read("stdout").find(text) != std::string::npos; };
  EXPECT_TRUE(wait_until([&] { return out_has("unit_arrived"); }));
  EXPECT_TRUE(wait_until([&] { return folder_.read("stderr").find("The line waits") != std::string::npos; }));
  EXPECT_FALSE(out_has("attempt_started"));
  ::kill(process, SIGUSR1);  // ends the pause
  EXPECT_TRUE(wait_until([&] { return out_has("attempt_finished"); })) << folder_.read("stderr");
  ::kill(process, SIGTERM);
  EXPECT_EQ(folder_.finish(process).status, 130);
  EXPECT_THAT(kinds(), Contains("clock-confirmed"));
  EXPECT_EQ(attempts(), 1u);
}

}  // namespace
}  // namespace station
