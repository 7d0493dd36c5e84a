// Where pure work runs. TbbPool is the station's; InlinePool runs in the test thread, in virtual time.
#pragma once

#include <functional>
#include <memory>

#include "dfu/clock.h"

namespace scheduler {

class Pool {
 public:
  virtual ~Pool() = default;
  // Runs `task` once, soon, never from inside `post`. Tasks must not block. Any thread.
  virtual void post(std::function<void()> task) = 0;
};

// A oneTBB arena of one worker per core; `post` never runs a task on the caller's thread.
class TbbPool : public Pool {
 public:
  TbbPool();
  ~TbbPool() override;  // waits for tasks that are running or queued
  void post(std::function<void()> task) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
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
