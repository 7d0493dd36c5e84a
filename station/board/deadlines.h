// Ends connections that take too long over something: a client that sends a byte now and then holds a place for a
// limited time only. Any thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace station::board {

class Deadlines {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // From now on `descriptor` is shut down when its deadline is over.
  void watch(int descriptor, Time deadline);
  // None: it may take any time.
  void set(int descriptor, std::optional<Time> deadline);
  // Before the descriptor is closed.
  void forget(int descriptor);
  // How many were shut down. Their owner sees the connection end.
  int end_overdue(Time now);

 private:
  std::mutex mutex_;
  std::map<int, std::optional<Time>> by_descriptor_;  // guarded by mutex_
};

}  // namespace station::board
