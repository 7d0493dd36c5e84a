#include "station/board/workers.h"

namespace station::board {

Workers::Workers(std::size_t threads, std::size_t most_waiting) : most_waiting_(most_waiting) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this](std::stop_token stop) { run(stop); });
  }
}

Workers::~Workers() {
  close();
}

void Workers::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

bool Workers::post(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (closed_ || waiting_.size() >= most_waiting_) return false;
  waiting_.push_back(std::move(task));
  changed_.notify_one();
  return true;
}

void Workers::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  // True as long as something waits, even when the thread has been asked to end.
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const std::function<void()> task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace station::board
