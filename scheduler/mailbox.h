// Messages handled one at a time, in order, on a pool: what makes a visit a value although its events come from many
// threads. Keep it in a shared_ptr: a drain that is under way holds one.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "scheduler/pool.h"

namespace scheduler {

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(Pool& pool) : pool_(pool) {}

  // Handles `message` after all that were posted before it. Never inside `post`. Any thread.
  void post(std::function<void()> message);

 private:
  void drain();

  Pool& pool_;
  std::mutex mutex_;
  std::deque<std::function<void()>> messages_;  // guarded by mutex_
  bool draining_ = false;                       // guarded by mutex_
};

}  // namespace scheduler
