#include "scheduler/mailbox.h"

#include <utility>

namespace scheduler {

void Mailbox::post(std::function<void()> message) {
  {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    if (std::exchange(draining_, true)) return;
  }
  pool_.post([self = shared_from_this()] { self->drain(); });
}

void Mailbox::drain() {
  for (;;) {
    std::function<void()> message;
    {
      const std::lock_guard lock(mutex_);
      if (messages_.empty()) {
        draining_ = false;
        return;
      }
      message = std::move(messages_.front());
      messages_.pop_front();
    }
    message();
  }
}

}  // namespace scheduler
