// A log for events that any client can cause. A client that reaches the board can make it refuse thousands of requests
// in a second; the log gets a line for the first of each cause, then from time to time one with the count and an
// example.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <spdlog/logger.h>

namespace station::board {

// Pure. Not for sharing between threads.
class Tally {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // What is to be logged now; nothing: it is counted. `cause` is one of a few that the program has; `example` must be
  // short and printable.
  std::optional<std::string> note(const std::string& cause, const std::string& example, Time now);
  // What was counted and is to be logged now.
  std::vector<std::string> due(Time now);

 private:
  struct Cause {
    std::uint64_t count = 0;  // not logged yet
    std::string example{};    // the last one
    std::chrono::seconds pause{};
    Time next{};
  };
  static std::string logged(const std::string& name, Cause& cause, Time now);

  std::map<std::string, Cause> causes_;
};

// Any thread. The logger must outlive it.
class CountedLog {
 public:
  explicit CountedLog(spdlog::logger& logger) : logger_(logger) {}

  void note(const std::string& cause, const std::string& example);
  // To be called about once a second.
  void flush();

 private:
  void log(const std::string& text) { logger_.info("board: {}", text); }

  spdlog::logger& logger_;
  std::mutex mutex_;
  Tally tally_;  // guarded by mutex_
};

}  // namespace station::board
