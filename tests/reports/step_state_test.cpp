#include "reports/step_state.h"

#include <gtest/gtest.h>

#include "tests/reports/attempt.h"

namespace reports {
namespace {

TEST(StepState, AStepThatNeverRanIsNotReached) {
  EXPECT_EQ(state_of(StepEnd{.bytes = 1000}), StepState::not_reached);
  EXPECT_EQ(state_of(StepEnd{.bytes = 1000, .unchanged_bytes = 400}), StepState::not_reached) << "compared in part";
}

TEST(StepState, WhatWasComparedAndHeldIsThereAlreadyAlsoWhenTheAttemptFails) {
  EXPECT_EQ(state_of(StepEnd{.bytes = 1000, .unchanged_bytes = 1000}), StepState::already);
  EXPECT_EQ(state_of(StepEnd{.bytes = 1000, .unchanged_bytes = 1000, .read_back = true, .good = true}),
            StepState::already);
}

TEST(StepState, OnlyWhatWasReadBackOrWaivedIsDone) {
  const StepEnd written{.bytes = 1000, .written_bytes = 900, .unchanged_bytes = 100, .erased_sectors = 1};
  EXPECT_EQ(state_of(written), StepState::written);
  StepEnd proved = written, waived = written, begun = written, failed = written;
  proved.read_back = true;
  EXPECT_EQ(state_of(proved), StepState::done);
  waived.good = true;
  EXPECT_EQ(state_of(waived), StepState::done);
  begun.written_bytes = 500;
  EXPECT_EQ(state_of(begun), StepState::stopped);
  failed.faulted = true;
  EXPECT_EQ(state_of(failed), StepState::failed);
}

TEST(StepState, ASectorThatWasOnlyErasedIsStopped) {
  EXPECT_EQ(state_of(StepEnd{.bytes = 1000, .erased_sectors = 1}), StepState::stopped);
}

TEST(StepState, OfARowItIsTheStepOfTheFaultThatFailed) {
  db::AttemptFinished end = sample::failed(3);
  ASSERT_TRUE(end.fault);
  ASSERT_FALSE(end.steps.empty());
  db::Step step = end.steps.front();
  step.name = end.fault->step;
  EXPECT_EQ(state_of(step, end), StepState::failed);
  step = {};
  step.name = "later";
  step.bytes = 5;
  EXPECT_EQ(state_of(step, end), StepState::not_reached);
  EXPECT_EQ(words_of(state_of(step, end)), "not reached");
}

}  // namespace
}  // namespace reports
