#include "reports/contents.h"

#include <gtest/gtest.h>

#include "tests/reports/attempt.h"

namespace reports {
namespace {

std::string told(const std::vector<db::Attempt>& attempts) {
  Contents contents;
  for (const db::Attempt& attempt : attempts) contents.add(attempt);
  std::string out = contents.lost() ? "lost " : "";
  for (const Held& held : contents.now()) {
    out += held.image->name + " by " + std::to_string(held.attempt.bytes[15]) + "; ";
  }
  return out;
}

db::Attempt with(db::Attempt attempt, std::vector<db::Step> steps) {
  attempt.finished.steps = std::move(steps);
  return attempt;
}

db::Step step(const std::string& image, std::int64_t address, bool read_back = true) {
  db::Step step = sample::step(image, sample::image(9, image), address);
  if (!read_back) step.readback.reset();
  return step;
}

TEST(Contents, OfAUnitThatPassedAreItsSteps) {
  EXPECT_EQ(told({sample::attempt(2, 1, sample::passed(2))}), "part1.bin by 2; part2.bin by 2; ");
}

TEST(Contents, OfNoAttemptAreNothing) {
  EXPECT_EQ(told({}), "");
}

TEST(Contents, AnAttemptThatFailedKeepsWhatWasReadBackAndLosesWhatWasWrittenOnly) {
  const db::Attempt first = sample::attempt(2, 1, sample::passed(2));
  const db::Attempt failed = with(sample::attempt(4, 3, sample::failed(4)),
                                  {step("new1.bin", 0x08020000), step("new2.bin", 0x08060000, false)});
  EXPECT_EQ(told({first, failed}), "new1.bin by 4; ");
}

TEST(Contents, AStepThatNothingWasDoneForLeavesWhatWasThere) {
  db::Step untouched = step("new2.bin", 0x08060000, false);
  untouched.written_bytes = untouched.erased_sectors = 0;
  const db::Attempt failed = with(sample::attempt(4, 3, sample::failed(4)), {untouched});
  EXPECT_EQ(told({sample::attempt(2, 1, sample::passed(2)), failed}), "part1.bin by 2; part2.bin by 2; ");
}

TEST(Contents, WhatOverlapsIsNoLongerWhatItWas) {
  db::Step wide = step("wide.bin", 0x08050000);
  wide.bytes = 0x40000;
  EXPECT_EQ(told({sample::attempt(2, 1, sample::passed(2)), with(sample::attempt(4, 3, sample::passed(4)), {wide})}),
            "wide.bin by 4; ");
}

TEST(Contents, AfterAnAttemptThatBrokeOffNothingIsKnownUntilTheNextProof) {
  const db::Attempt first = sample::attempt(2, 1, sample::passed(2));
  const db::Attempt broken = sample::open_attempt(4, 3, db::Outcome::interrupted);
  EXPECT_EQ(told({first, broken}), "lost ");
  EXPECT_EQ(told({first, broken, sample::attempt(6, 5, sample::passed(6))}), "part1.bin by 6; part2.bin by 6; ");
}

}  // namespace
}  // namespace reports
