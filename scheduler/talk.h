// Carries the conversation of one task out, transfer by transfer, on the thread that brings the bus's answer: with
// libusb that is the executor of the unit. An answer goes into the task there, and the next transfer leaves from there,
// so that no other thread is woken for it. Only progress, a few times a second, and the end leave that thread.
//
// One answer is outstanding at any time, so the task has one owner at any time. With a virtual line and a virtual clock
// the same code runs in the thread that turns the clock.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "dfu/bus.h"
#include "dfu/clock.h"
#include "scheduler/task.h"

namespace scheduler {

class Talk : public std::enable_shared_from_this<Talk> {
 public:
  struct Watchers {
    // From the thread that carries the conversation out.
    std::function<void(Progress)> news;
    // Exactly once: the task is finished, or `hurry` ended the conversation before that. Never from inside `begin`,
    // unless the task asks for nothing.
    std::function<void()> over;
  };

  // REQUIRES: the unit is open with the task's claims; bus and clock outlive the conversation.
  Talk(dfu::Bus& bus, dfu::Clock& clock, dfu::UnitHandle unit, std::shared_ptr<Task> task, Watchers watchers);

  void begin();
  // The task is asked to stop, before its next answer. Any thread.
  void stop() { stopping_ = true; }
  // Also: the transfer in flight is cancelled, a pause ends the conversation, and no further transfer begins. Any
  // thread.
  void hurry();

 private:
  void go_on(const dfu::Answer* answer);
  void carry_out(dfu::Ask ask);
  void pause(dfu::Duration duration);
  // False when something else ended this pause. True: the caller owns the task now.
  bool end_pause(int pause);
  void cut_off();

  dfu::Bus& bus_;
  dfu::Clock& clock_;
  const dfu::UnitHandle unit_;
  const std::shared_ptr<Task> task_;
  const Watchers watchers_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> hurrying_ = false;
  std::atomic<int> pause_ = 0;  // the number of the one that lasts; 0: none does
  int pauses_ = 0;              // touched by the owner of the task
};

}  // namespace scheduler
