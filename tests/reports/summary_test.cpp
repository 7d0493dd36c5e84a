#include "reports/summary.h"

#include <gtest/gtest.h>

#include "tests/reports/attempt.h"

namespace reports {
namespace {

db::Attempt with_unit(db::Attempt attempt, const std::string& unit) {
  attempt.finished.unit = unit;
  return attempt;
}

Summary summarize(const std::vector<db::Attempt>& attempts) {
  Summarizer summarizer;
  for (const db::Attempt& attempt : attempts) summarizer.add(attempt);
  return summarizer.summary();
}

TEST(Summary, OfNothingHasNoRatios) {
  const Summary summary = summarize({});
  EXPECT_EQ(summary.units, 0U);
  EXPECT_EQ(summary.yield(), std::nullopt);
  EXPECT_EQ(summary.first_pass_yield(), std::nullopt);
  EXPECT_EQ(summary.attempts_per_unit(), std::nullopt);
  EXPECT_EQ(summary.first, std::nullopt);
}

TEST(Summary, CountsAUnitByItsLastAttempt) {
  const Summary summary = summarize({sample::attempt(2, 1, sample::failed(2)),  //
                                     sample::attempt(3, 1, sample::passed(3), 2)});
  EXPECT_EQ(summary.attempts, 2U);
  EXPECT_EQ(summary.units, 1U);
  EXPECT_EQ(summary.of(db::Outcome::passed), 1U);
  EXPECT_EQ(summary.of(db::Outcome::failed), 0U);
  EXPECT_EQ(summary.yield(), 1.0);
  EXPECT_EQ(summary.first_pass_yield(), 0.0);
  EXPECT_EQ(summary.attempts_per_unit(), 2.0);
}

TEST(Summary, UnitsThatShowTheSameSerialAreTwo) {
  const Summary summary =
      summarize({sample::attempt(2, 1, sample::failed(2)), sample::attempt(4, 3, sample::failed(4))});
  EXPECT_EQ(summary.units, 2U);
}

TEST(Summary, OneIdInTwoVisitsIsOneUnit) {
  const Summary summary =
      summarize({sample::attempt(2, 1, sample::passed(2)), sample::attempt(4, 3, sample::passed(4))});
  EXPECT_EQ(summary.units, 1U);
  EXPECT_EQ(summary.attempts, 2U);
}

TEST(Summary, ARetryThatReadsTheIdJoinsTheUnitThatWasHereBefore) {
  const db::Attempt before = with_unit(sample::attempt(2, 1, sample::failed(2)), "X");
  const db::Attempt unknown = sample::attempt(4, 3, sample::failed(4));
  const db::Attempt known = with_unit(sample::attempt(5, 3, sample::passed(5), 2), "X");
  const db::Attempt again = sample::attempt(6, 3, sample::failed(6), 3);
  EXPECT_EQ(summarize({before, unknown}).units, 2U);
  EXPECT_EQ(summarize({before, unknown, known}).units, 1U);
  EXPECT_EQ(summarize({before, unknown, known}).of(db::Outcome::passed), 1U);
  EXPECT_EQ(summarize({before, unknown, known, again}).units, 1U);
  EXPECT_EQ(summarize({before, unknown, known, again}).of(db::Outcome::failed), 1U);
}

TEST(Summary, AlreadyIsGoodAndRunningIsNotCountedYet) {
  db::AttemptFinished already = sample::passed(2);
  already.outcome = db::Outcome::already;
  const Summary summary = summarize({sample::attempt(2, 1, already), sample::attempt(4, 3, sample::failed(4)),
                                     sample::open_attempt(6, 5, db::Outcome::running),
                                     sample::open_attempt(8, 7, db::Outcome::interrupted)});
  EXPECT_EQ(summary.units, 4U);
  EXPECT_EQ(summary.with_verdict(), 3U);
  EXPECT_DOUBLE_EQ(*summary.yield(), 1.0 / 3);
  EXPECT_DOUBLE_EQ(*summary.first_pass_yield(), 1.0 / 3);
}

TEST(Summary, SpansFromTheFirstStartToTheLastEnd) {
  const Summary summary =
      summarize({sample::attempt(2, 1, sample::passed(2)), sample::attempt(4, 3, sample::failed(4))});
  EXPECT_EQ(summary.first, sample::at(20));
  EXPECT_EQ(summary.last, sample::at(9210));
}

}  // namespace
}  // namespace reports
