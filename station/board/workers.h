// Threads for what takes a while, such as reading the record, so that the thread that serves everybody does not.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace station::board {

class Workers {
 public:
  Workers(std::size_t threads, std::size_t most_waiting);
  ~Workers();

  // False: too many wait, or it is closed; the task is not run. Any thread.
  bool post(std::function<void()> task);
  // What waits is done first.
  void close();

 private:
  void run(std::stop_token stop);

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool closed_ = false;                        // guarded by mutex_
  std::vector<std::jthread> threads_;
};

}  // namespace station::board
