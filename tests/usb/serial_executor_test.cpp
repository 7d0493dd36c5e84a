// SerialExecutors: jobs in order, and what becomes of them when one hangs.
#include "dfu/usb/serial_executor.h"

#include <atomic>
#include <future>
#include <string>

#include <gtest/gtest.h>

#include "dfu/usb/answer.h"

namespace dfu::usb {
namespace {

using namespace std::chrono_literals;

constexpr Duration soon = 20ms, never = 1h;

// What happened, in order; any thread.
class Diary {
 public:
  std::function<void()> note(const std::string& text) {
    return [this, text] {
      const std::lock_guard lock(mutex_);
      text_ += text + " ";
      changed_.notify_all();
    };
  }
  // What is written once `last` is in it.
  std::string until(const std::string& last) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return (" " + text_).find(" " + last + " ") != std::string::npos; });
    return text_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

// A job that hangs until it is released.
class Hanging {
 public:
  std::function<void()> job(std::function<void()> after) {
    return [this, after = std::move(after)] {
      began_.set_value();
      released_.get_future().wait();
      after();
    };
  }
  void wait_for_begin() { began_.get_future().wait(); }
  void release() { released_.set_value(); }

 private:
  std::promise<void> began_, released_;
};

TEST(SerialExecutor, JobsAreDoneInTheOrderInWhichTheyWerePosted) {
  SerialExecutors executors(8);
  Diary diary;
  const auto executor = executors.make();
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    executor->post({diary.note(std::to_string(i)), never, diary.note("given-up")});
    expected += std::to_string(i) + " ";
  }
  EXPECT_EQ(diary.until("49"), expected);
}

TEST(SerialExecutor, WhatHangsIsGivenUpWithAllBehindItAndRunsAfterItsReturn) {
  Diary diary;
  Hanging hanging;
  SerialExecutors executors(8);
  const auto executor = executors.make();
  executor->post({hanging.job(diary.note("a")), soon, diary.note("no-a")});
  executor->post({diary.note("b"), never, diary.note("no-b")});
  EXPECT_EQ(diary.until("no-b"), "no-a no-b ");
  executor->post({diary.note("c"), never, diary.note("no-c")});
  EXPECT_EQ(diary.until("no-c"), "no-a no-b no-c ");
  hanging.release();
  EXPECT_EQ(diary.until("c"), "no-a no-b no-c a b c ");
  executor->post({diary.note("d"), never, diary.note("no-d")});
  EXPECT_EQ(diary.until("d"), "no-a no-b no-c a b c d ");
}

TEST(SerialExecutor, OneThatHangsDelaysNoOther) {
  Diary diary;
  Hanging hanging;
  SerialExecutors executors(8);
  executors.make()->post({hanging.job([] {}), never, {}});
  hanging.wait_for_begin();
  for (const char* name : {"x", "y", "z"}) executors.make()->post({diary.note(name), never, {}});
  diary.until("x");
  diary.until("y");
  EXPECT_EQ(diary.until("z").size(), 6u);
  hanging.release();
}

TEST(SerialExecutor, BeyondTheLimitOfThreadsAJobIsGivenUpUntilAThreadIsFree) {
  Diary diary;
  Hanging hanging;
  SerialExecutors executors(1);
  executors.make()->post({hanging.job([] {}), never, {}});
  hanging.wait_for_begin();
  const auto executor = executors.make();
  executor->post({diary.note("a"), never, diary.note("no-a")});
  EXPECT_EQ(diary.until("no-a"), "no-a ");
  hanging.release();
  // The free thread lingers for a while.
  std::string text;
  for (int i = 0; i < 300 && text.find(" b ") == std::string::npos; ++i) {
    executor->post({diary.note("b"), never, {}});
    std::this_thread::sleep_for(10ms);
    text = diary.until("no-a");
  }
  EXPECT_EQ(text.substr(0, 9), "no-a a b ");
}

// It stood still for half a second in all, as it is asked again and again.
TEST(SerialExecutor, WhileTheComputerStandsStillTheLimitOfAJobDoesNotRun) {
  Diary diary;
  Hanging hanging;
  std::atomic<int> asked = 0;
  SerialExecutors executors(8, [&asked] { return 100ms * std::min(asked++, 5); });
  executors.make()->post({hanging.job([] {}), soon, diary.note("no-a")});
  EXPECT_EQ(diary.until("no-a"), "no-a ");
  EXPECT_GE(asked, 6);
  hanging.release();
}

TEST(SerialExecutor, AKernelThatIsSlowForAllIsNoHang) {
  Diary diary;
  Hanging hanging;
  SerialExecutors executors(8);
  const auto other = executors.make();
  other->post({[] { std::this_thread::sleep_for(400ms); }, never, {}});
  other->post({diary.note("other"), never, {}});
  EXPECT_EQ(diary.until("other"), "other ");
  const auto begun = std::chrono::steady_clock::now();
  executors.make()->post({hanging.job([] {}), 500ms, diary.note("no-a")});
  EXPECT_EQ(diary.until("no-a"), "other no-a ");
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 850ms);
  hanging.release();
}

TEST(SerialExecutor, OnlyTheJobThatIsMeantIsHurried) {
  Diary diary;
  Hanging first, second;
  SerialExecutors executors(8);
  const auto executor = executors.make();
  const auto a = executor->post({first.job(diary.note("a")), never, diary.note("no-a")});
  const auto b = executor->post({second.job(diary.note("b")), never, diary.note("no-b")});
  first.wait_for_begin();
  executor->hurry(b, soon);  // it has not begun
  first.release();
  second.wait_for_begin();
  executor->hurry(a, soon);  // it is over
  std::this_thread::sleep_for(3 * soon);
  EXPECT_EQ(diary.until("a"), "a ");
  executor->hurry(b, soon);
  EXPECT_EQ(diary.until("no-b"), "a no-b ");
  second.release();
}

TEST(SerialExecutor, WhatOverrunsWhileItEndsIsAnsweredOnce) {
  const auto gate = std::make_shared<Gate>();
  std::atomic<int> answers = 0;
  constexpr int rounds = 400;
  {
    SerialExecutors executors(8);
    const auto executor = executors.make();
    for (int i = 0; i < rounds; ++i) {
      const auto answer = std::make_shared<OnceCallback<int>>(gate, [&answers](int) { ++answers; });
      const auto work = [answer, i] {
        std::this_thread::sleep_for(std::chrono::microseconds(900 + i % 200));
        answer->give(1);
      };
      executor->post({work, 1ms, [answer] { answer->give(2); }});
    }
  }
  EXPECT_EQ(answers, rounds);
}

TEST(Gate, NobodyPassesOnceItIsShutAndShuttingWaitsForThoseInside) {
  Gate gate;
  std::atomic<bool> inside = false, out = false, late = false;
  std::thread passer([&] {
    gate.pass([&] {
      inside = true;
      std::this_thread::sleep_for(50ms);
      out = true;
    });
  });
  while (!inside) std::this_thread::yield();
  gate.shut();
  EXPECT_TRUE(out);
  gate.pass([&] { late = true; });
  EXPECT_FALSE(late);
  passer.join();
}

}  // namespace
}  // namespace dfu::usb
