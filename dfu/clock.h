// Time is an interface: code that waits asks this clock, so that the same code runs in real time, in scaled time and,
// in a test, in virtual time where an hour takes a second.
//
// The interface stands in dfu (not in scheduler, which implements the real one) because the virtual line behind `Bus`
// needs it as much as the engine does.
#pragma once

#include <chrono>
#include <functional>

namespace dfu {

using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;

  // Monotonic time since the clock was made. Any thread.
  virtual Duration now() const = 0;

  // Calls `task` once, not before `when`, never from inside `at` itself. Tasks for the same time run in the order in
  // which they were asked for. Tasks must not block. There is no cancel: a task checks whether it is still wanted.
  // Any thread.
  virtual void at(Duration when, std::function<void()> task) = 0;

  // For how long, in all, the computer did not let this clock run when it should have: an overloaded, paused or stopped
  // host. Time went on meanwhile, and answers could be missed. Any thread.
  virtual Duration late() const { return {}; }

  void after(Duration delay, std::function<void()> task) { at(now() + delay, std::move(task)); }
};

inline double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace dfu
