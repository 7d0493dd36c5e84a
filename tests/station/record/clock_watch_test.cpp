#include "station/record/clock_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace station {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const db::Time begin{std::chrono::milliseconds(1795327200000)};  // 2026-11-22T06:00:00Z

ClockReading after(std::chrono::milliseconds real, std::chrono::milliseconds wall) {
  return {begin + wall, 100s + real};
}

TEST(ClockWatch, ClocksThatGoTogetherAreNoStepHoweverLongNobodyLooks) {
  ClockWatch watch(after(0s, 0s));
  EXPECT_FALSE(watch.look(after(10s, 10s)));
  EXPECT_FALSE(watch.look(after(20s, 21999ms)));
  EXPECT_FALSE(watch.look(after(30s, 28001ms)));
  EXPECT_FALSE(watch.look(after(100h, 100h))) << "the machine slept";
}

TEST(ClockWatch, AStepIsToldOnceWithItsSizeEitherWay) {
  for (const std::chrono::milliseconds by : {2001ms, -2001ms, 3600000ms, -86400000ms}) {
    ClockWatch watch(after(0s, 0s));
    const auto step = watch.look(after(10s, 10s + by));
    ASSERT_TRUE(step) << by.count();
    EXPECT_EQ(step->by, by);
    EXPECT_EQ(step->from, begin + 10s);
    EXPECT_FALSE(watch.look(after(20s, 20s + by)));
    const auto back = watch.look(after(30s, 30s));
    ASSERT_TRUE(back) << "and put right again";
    EXPECT_EQ(back->by, -by);
  }
}

TEST(ClockWatch, ManySmallCorrectionsAreOneStepInTheEnd) {
  ClockWatch watch(after(0s, 0s));
  int told = 0;
  for (int i = 1; i <= 10; ++i) told += watch.look(after(10s * i, 10s * i + 500ms * i)).has_value();
  EXPECT_EQ(told, 2) << "5 s in all, told whenever it is more than 2 s";
}

TEST(ClockWatch, ARecordThatEndsInTheFutureShowsThatTheClockWasSetBack) {
  EXPECT_FALSE(step_back_since(std::nullopt, begin));
  EXPECT_FALSE(step_back_since(begin - 1h, begin)) << "time went by";
  EXPECT_FALSE(step_back_since(begin + 2s, begin));
  const auto step = step_back_since(begin + 1h, begin);
  ASSERT_TRUE(step);
  EXPECT_EQ(step->by, -1h);
}

TEST(ClockWatch, TheEventSaysHowFarAndFromWhere) {
  const db::Event event = event_of({begin, -90500ms});
  EXPECT_EQ(event.kind, "clock-step");
  EXPECT_THAT(event.text, HasSubstr("set back by 90.5 s"));
  EXPECT_EQ(event.facts, R"({"seconds":-90.500,"from":"2026-11-22T06:00:00.000Z"})");
  EXPECT_THAT(event_of({begin, 2500ms}).text, HasSubstr("set ahead by 2.5 s"));
}

TEST(ClockWatch, TheClocksOfThisMachineGoForward) {
  const ClockReading one = read_clocks(), two = read_clocks();
  EXPECT_GT(one.since_boot.count(), 0);
  EXPECT_GE(two.since_boot, one.since_boot);
}

}  // namespace
}  // namespace station
