// Where the handling of events runs. WorkerPool is the station's; ClockPool runs in the test thread, in virtual time.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "dfu/clock.h"

namespace scheduler {

class Pool {
 public:
  virtual ~Pool() = default;
  // Runs `task` once, soon, never from inside `post`. Tasks must not block. Any thread.
  virtual void post(std::function<void()> task) = 0;
};

// One worker per core, which sleeps while there is nothing to do. Events are short and come one at a time: a scheduler
// for parallel work, such as oneTBB's, keeps idle workers awake for further work, which took half of the program's CPU
// time at 32 units.
class WorkerPool : public Pool {
 public:
  WorkerPool();
  ~WorkerPool() override;  // waits for tasks that are running or queued
  void post(std::function<void()> task) override;

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> tasks_;
  int asleep_ = 0;
  bool ending_ = false;

  std::vector<std::thread> workers_;  // last: they use the rest
};

// Posts to a clock, at its present time: with a virtual clock everything happens in the thread that turns it.
class ClockPool : public Pool {
 public:
  explicit ClockPool(dfu::Clock& clock) : clock_(clock) {}
  void post(std::function<void()> task) override { clock_.after({}, std::move(task)); }

 private:
  dfu::Clock& clock_;
};

}  // namespace scheduler
