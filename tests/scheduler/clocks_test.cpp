#include "scheduler/clocks.h"

#include <atomic>
#include <future>
#include <latch>
#include <vector>

#include <gtest/gtest.h>

#include "scheduler/pool.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;

TEST(VirtualClock, TasksRunInTheOrderOfTheirTimesAndThenOfTheirAsking) {
  VirtualClock clock;
  std::vector<int> ran;
  clock.at(2s, [&] { ran.push_back(3); });
  clock.at(1s, [&] { ran.push_back(1); });
  clock.at(1s, [&] { ran.push_back(2); });
  clock.run();
  EXPECT_EQ(ran, (std::vector{1, 2, 3}));
  EXPECT_EQ(clock.now(), 2s);
}

TEST(VirtualClock, RunningToALimitLeavesLaterTasksAndStandsAtTheLimit) {
  VirtualClock clock;
  bool late = false;
  clock.at(10s, [&] { late = true; });
  clock.run(5s);
  EXPECT_FALSE(late);
  EXPECT_EQ(clock.now(), 5s);
  clock.run();
  EXPECT_TRUE(late);
}

TEST(VirtualClock, TimeNeverGoesBack) {
  VirtualClock clock;
  dfu::Duration seen{};
  clock.at(3s, [&] { clock.at(1s, [&] { seen = clock.now(); }); });
  clock.run();
  EXPECT_EQ(seen, 3s);
}

TEST(RealClock, TasksRunInOrderAndNotBeforeTheirTime) {
  RealClock clock(100);
  std::vector<dfu::Duration> ran;
  std::promise<void> all;
  // Both are asked for long before the first is due, on a busy machine too.
  clock.at(40s, [&] {
    ran.push_back(clock.now());
    all.set_value();
  });
  clock.at(30s, [&] { ran.push_back(clock.now()); });
  all.get_future().wait();
  ASSERT_EQ(ran.size(), 2u);
  EXPECT_GE(ran[0], 30s);
  EXPECT_GE(ran[1], 40s);
}

// Ten seconds of this clock pass while its thread does nothing.
TEST(RealClock, WhatWaitsIsPutOffByTheTimeThatTheClockIsLate) {
  RealClock clock(100);
  std::promise<dfu::Duration> ran;
  clock.at(1s, [] { std::this_thread::sleep_for(100ms); });
  clock.at(3s, [&] { ran.set_value(clock.now()); });
  const dfu::Duration when = ran.get_future().get();
  EXPECT_GE(clock.late(), 8s);
  EXPECT_GE(when, 3s + 8s);
}

TEST(RealClock, TasksThatAreNotDueAreDroppedWithTheClock) {
  bool ran = false;
  {
    RealClock clock;
    clock.after(1h, [&] { ran = true; });
  }
  EXPECT_FALSE(ran);
}

TEST(WorkerPool, EveryPostedTaskRunsOnceAndNeverInThePostersThread) {
  std::atomic<int> ran = 0;
  std::atomic<bool> in_poster = false;
  const auto poster = std::this_thread::get_id();
  {
    WorkerPool pool;
    std::latch all(1000);
    for (int i = 0; i < 1000; ++i) {
      pool.post([&] {
        ++ran;
        if (std::this_thread::get_id() == poster) in_poster = true;
        all.count_down();
      });
    }
    all.wait();
  }
  EXPECT_EQ(ran, 1000);
  EXPECT_FALSE(in_poster);
}

}  // namespace
}  // namespace scheduler
