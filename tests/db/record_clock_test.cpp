#include "db/record_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/care.h"
#include "db/reader.h"
#include "db/store.h"
#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr milliseconds gap = default_clock_gap;

TEST(ClockDoubtRule, AClockThatAgreesWithTheRecordIsNoDoubt) {
  EXPECT_FALSE(doubt_of(std::nullopt, Time{}, gap)) << "there is no record yet";
  for (const milliseconds later : {milliseconds(0), milliseconds(1h), milliseconds(gap), milliseconds(-60s)}) {
    EXPECT_FALSE(doubt_of(sample::at(), sample::at() + later, gap)) << later.count();
  }
}

TEST(ClockDoubtRule, OneThatIsBehindOrFarAheadIs) {
  const auto behind = doubt_of(sample::at(), sample::at() - 61s, gap);
  ASSERT_TRUE(behind);
  EXPECT_EQ(behind->kind, ClockDoubt::Kind::behind);
  const auto ahead = doubt_of(sample::at(), sample::at() + gap + 1s, gap);
  ASSERT_TRUE(ahead);
  EXPECT_EQ(ahead->kind, ClockDoubt::Kind::ahead);
  EXPECT_FALSE(doubt_of(sample::at(), sample::at() + gap + 1s, gap + days(1)));
}

TEST(ClockDoubtRule, TheSentenceNamesBothTimesAndTheSpan) {
  const std::string behind = sentence_of({ClockDoubt::Kind::behind, sample::at(), Time(3min)});
  EXPECT_THAT(behind, HasSubstr("1970-01-01T00:03:00Z"));
  EXPECT_THAT(behind, HasSubstr("2026-11-22T06:00:00Z"));
  EXPECT_THAT(behind, HasSubstr("20779 days behind"));
  EXPECT_THAT(sentence_of({ClockDoubt::Kind::ahead, sample::at(), sample::at() + days(400)}),
              HasSubstr("400 days ahead"));
}

TEST(ClockDoubtRule, OrdersCountByTheLaterOfClockAndRecord) {
  EXPECT_EQ(later_of(std::nullopt, sample::at(5)), sample::at(5));
  EXPECT_EQ(later_of(sample::at(9), sample::at(5)), sample::at(9));
  EXPECT_EQ(later_of(sample::at(1), sample::at(5)), sample::at(5));
}

// Programs that open the record one after the other, each with the clock of its time.
class RecordClock : public testing::Test {
 protected:
  struct Opened {
    std::optional<ClockDoubt> doubt;
    std::optional<Time> latest;
  };
  // `last`: of a row that the program writes before it ends.
  Opened open(Time clock, bool confirmed = false, std::optional<Time> last = std::nullopt) {
    db::Run run = sample::run(++runs_);
    run.at = clock;
    Store store(path_, "line-3", run, uuids_, {.confirmed = confirmed});
    if (last) store.append(Event{*last, "run-ended", {}, "", "", ""});
    return {store.clock_doubt(), store.latest()};
  }
  void step(Time clock, Time from) {
    db::Run run = sample::run(++runs_);
    run.at = from;
    Store store(path_, "line-3", run, uuids_);
    const std::string seconds = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(clock - from).count());
    store.append(Event{clock, "clock-step", {}, "", "", "{\"seconds\":" + seconds + "}"});
    store.append(Event{clock + 1min, "run-ended", {}, "", "", ""});
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const Event& event : Reader(path_).events()) kinds.push_back(event.kind);
    return kinds;
  }

  sample::Folder folder_;
  std::string path_ = folder_.file();
  UuidGenerator uuids_;
  std::uint8_t runs_ = 0;
  const Time now_ = sample::at();
};

TEST_F(RecordClock, AFirstRunAndARunThatFollowsSoonAreNoEvents) {
  EXPECT_FALSE(record_time(path_));
  EXPECT_FALSE(open(now_, false, now_ + 8h).doubt);
  EXPECT_EQ(record_time(path_), now_ + 8h) << "the last row's";
  EXPECT_FALSE(open(now_ + 24h).doubt);
  EXPECT_EQ(open(now_ + 48h).latest, now_ + 24h);
  EXPECT_THAT(kinds(), ElementsAre("run-ended"));
}

TEST_F(RecordClock, AClockOf1970IsAnEventOfTheRunAndNotTheTimeOfTheRecord) {
  open(now_, false, now_ + 8h);
  const Opened opened = open(Time(3min), false, Time(9min));
  ASSERT_TRUE(opened.doubt);
  EXPECT_EQ(opened.latest, now_ + 8h);
  EXPECT_EQ(record_time(path_), now_ + 8h) << "also after rows of 1970";
  EXPECT_TRUE(open(Time(20min)).doubt) << "and the next run is asked again";
  EXPECT_FALSE(open(now_ + 9h).doubt) << "until the clock is set";
  EXPECT_THAT(kinds(), ElementsAre("run-ended", "clock-step", "run-ended", "clock-step"));
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST_F(RecordClock, ATimeFarAheadDoesNotBecomeTheTimeOfTheRecord) {
  open(now_, false, now_ + 8h);
  const Opened opened = open(now_ + days(3650), false, now_ + days(3651));
  ASSERT_TRUE(opened.doubt);
  EXPECT_EQ(opened.doubt->kind, ClockDoubt::Kind::ahead);
  EXPECT_EQ(record_time(path_), now_ + 8h);
  EXPECT_TRUE(open(now_ + days(3652)).doubt);
  EXPECT_FALSE(open(now_ + 24h).doubt) << "the clock was set, and nothing has to be confirmed";
  EXPECT_THAT(kinds(), ElementsAre("run-ended", "clock-in-doubt", "run-ended", "clock-in-doubt"));
}

TEST_F(RecordClock, AttemptsThatAreFoundOpenDoNotHideADoubt) {
  {
    Store store(path_, "line-3", sample::run(++runs_), uuids_);
    store.append(sample::visit(101));
    store.append(sample::started(102, 101));
  }
  EXPECT_TRUE(open(now_ + days(3650)).doubt) << "they are closed with the time of this run";
}

TEST_F(RecordClock, WhatAPersonConfirmsIsTheTimeFromThenOn) {
  open(now_, false, now_ + 8h);
  const Time back = now_ - days(400);
  const Opened opened = open(back, true, back + 1h);
  EXPECT_TRUE(opened.doubt);
  EXPECT_EQ(opened.latest, back) << "orders count by the clock that was confirmed";
  EXPECT_EQ(record_time(path_), back + 1h);
  EXPECT_FALSE(open(back + 2h).doubt);
  EXPECT_THAT(kinds(), ElementsAre("run-ended", "clock-confirmed", "run-ended"));
  const Opened ahead = open(back + days(100), true);
  EXPECT_TRUE(ahead.doubt);
  EXPECT_FALSE(open(back + days(101)).doubt);
}

TEST_F(RecordClock, AWordThatNothingAskedForIsNoEvent) {
  open(now_);
  open(now_ + 1h, true);
  EXPECT_THAT(kinds(), ElementsAre());
}

TEST_F(RecordClock, AStepBackInARunKeepsTheLaterTime) {
  step(now_ - 5h, now_);
  EXPECT_EQ(record_time(path_), now_);
  EXPECT_TRUE(open(now_ - 4h).doubt);
}

TEST_F(RecordClock, AStepFarAheadInARunIsADoubtUntilTheClockIsSetBack) {
  open(now_);
  step(now_ + days(3650), now_ + 1h);
  EXPECT_EQ(record_time(path_), now_ + 1h);
  EXPECT_FALSE(open(now_ + 2h).doubt);
  EXPECT_TRUE(open(now_ + days(3651)).doubt);
}

TEST_F(RecordClock, AClockThatIsSetRightInARunVouchesAgain) {
  open(now_, false, now_ + 8h);
  open(now_ + days(3650), false, now_ + days(3650));
  step(now_ + 9h, now_ + days(3650) + 1h);
  EXPECT_EQ(record_time(path_), now_ + 9h + 1min);
  step(now_ + 10h, Time(1min));
  EXPECT_EQ(record_time(path_), now_ + 10h + 1min);
}

TEST_F(RecordClock, AnArchiveDoesNotForgetTheDoubt) {
  open(now_, false, now_ + 8h);
  db::Run run = sample::run(++runs_);
  run.at = Time(3min);
  archive(path_, folder_.file("old.db"), "line-3", run, uuids_);
  EXPECT_THAT(kinds(), ElementsAre("clock-step"));
  EXPECT_EQ(record_time(path_), now_ + 8h);
}

TEST_F(RecordClock, VerifyRemarksOnTheClock) {
  open(now_);
  open(Time(3min));
  const Verification verified = verify_chain(path_);
  EXPECT_TRUE(verified.sound());
  ASSERT_EQ(verified.chains[0].remarks.size(), 1u);
  EXPECT_THAT(verified.chains[0].remarks[0].text, HasSubstr("behind the record"));
  for (int i = 0; i < 25; ++i) open(Time(3min));
  EXPECT_EQ(verify_chain(path_).chains[0].remarks.size(), 20u);
  EXPECT_EQ(verify_chain(path_).chains[0].more_remarks, 6);
}

}  // namespace
}  // namespace db
