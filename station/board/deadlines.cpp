#include "station/board/deadlines.h"

#include <sys/socket.h>

namespace station::board {

void Deadlines::watch(int descriptor, Time deadline) {
  const std::lock_guard lock(mutex_);
  by_descriptor_[descriptor] = deadline;
}

void Deadlines::set(int descriptor, std::optional<Time> deadline) {
  const std::lock_guard lock(mutex_);
  const auto found = by_descriptor_.find(descriptor);
  if (found != by_descriptor_.end()) found->second = deadline;
}

void Deadlines::forget(int descriptor) {
  const std::lock_guard lock(mutex_);
  by_descriptor_.erase(descriptor);
}

int Deadlines::end_overdue(Time now) {
  const std::lock_guard lock(mutex_);
  int ended = 0;
  for (auto& [descriptor, deadline] : by_descriptor_) {
    if (!deadline || *deadline > now) continue;
    shutdown(descriptor, SHUT_RDWR);
    deadline.reset();
    ++ended;
  }
  return ended;
}

}  // namespace station::board
