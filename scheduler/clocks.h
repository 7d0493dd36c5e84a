// The two clocks: a thread that keeps (scaled) real time, and virtual time, advanced by a test.
#pragma once

#include <memory>

#include "dfu/clock.h"

namespace scheduler {

// Real time times `speed`: at 20, one second on the wall is twenty on this clock. Owns one thread.
//
// On a computer that is overloaded, paused or suspended this thread runs late. Every task that waits then is delayed by
// as much, once: what it waits for was late too, and a limit must not end before its unit had the time for it.
class RealClock : public dfu::Clock {
 public:
  explicit RealClock(double speed = 1.0);
  ~RealClock() override;  // stops
  // Waits for the task that runs; those that are not due yet are dropped. Time itself goes on: a caller that still asks
  // for it gets an answer. Not from a task.
  void stop();
  dfu::Duration now() const override;
  void at(dfu::Duration when, std::function<void()> task) override;
  dfu::Duration late() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Time stands still until `run` turns it. One thread only.
class VirtualClock : public dfu::Clock {
 public:
  VirtualClock();
  ~VirtualClock() override;
  dfu::Duration now() const override;
  void at(dfu::Duration when, std::function<void()> task) override;

  dfu::Duration late() const override;
  // Time goes on for so long, and nothing runs: what a busy or paused computer does to a RealClock.
  void stand_still(dfu::Duration time);

  // Runs the next task, jumping to its time; false when there is none.
  bool step();
  // Steps until there is nothing left, or nothing before `limit`.
  void run(dfu::Duration limit = dfu::Duration::max());

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scheduler
