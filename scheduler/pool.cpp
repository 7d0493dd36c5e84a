#include "scheduler/pool.h"

#include <algorithm>
#include <utility>

namespace scheduler {

WorkerPool::WorkerPool() {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < cores; ++i) workers_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void WorkerPool::post(std::function<void()> task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake = asleep_ > 0;
  }
  if (wake) changed_.notify_one();
}

// Tasks may post further ones, also while the pool ends.
void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (tasks_.empty()) {
      if (ending_) return;
      ++asleep_;
      changed_.wait(lock);
      --asleep_;
      continue;
    }
    {
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }  // what it held may post when it goes
    lock.lock();
  }
}

}  // namespace scheduler
