// Reads rows on a separate thread and connection, at most a few thousand rows before the caller asks for them. A report
// reads each table this way, so it takes as long as its slowest table and not as the sum. Inside db only; call next()
// on one thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

namespace db {

// `Rows`: made of a database and what else it needs; its next() gives one Item after the other, then nothing.
template <typename Rows>
class ReadAhead {
 public:
  using Item = typename Rows::Item;

  // `database` sees the state of the record that the caller sees.
  template <typename... Question>
  explicit ReadAhead(SQLite::Database database, const Question&... question)
      : database_(std::move(database)), rows_(database_, question...) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  // Nothing after the last. Throws what the thread ran into, once all that it had read before is taken.
  std::optional<Item> next() {
    if (taken_ == batch_.size()) {
      batch_ = take();
      taken_ = 0;
      if (batch_.empty()) return std::nullopt;
    }
    return std::move(batch_[taken_++]);
  }

 private:
  static constexpr std::size_t rows_a_batch = 512, most_batches = 4;

  void run(const std::stop_token& stop) {
    std::exception_ptr problem;
    try {
      while (!stop.stop_requested()) {
        std::vector<Item> batch = read_batch();
        if (batch.empty()) break;
        std::unique_lock lock(mutex_);
        room_.wait(lock, stop, [this] { return full_.size() < most_batches; });
        full_.push_back(std::move(batch));
        filled_.notify_one();
      }
    } catch (...) {
      problem = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    problem_ = problem;
    at_end_ = true;
    filled_.notify_one();
  }

  std::vector<Item> read_batch() {
    std::vector<Item> batch;
    batch.reserve(rows_a_batch);
    while (batch.size() < rows_a_batch) {
      std::optional<Item> item = rows_.next();
      if (!item) break;
      batch.push_back(std::move(*item));
    }
    return batch;
  }

  // Empty: that was all.
  std::vector<Item> take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return at_end_ || !full_.empty(); });
    if (full_.empty()) {
      if (problem_) std::rethrow_exception(problem_);
      return {};
    }
    std::vector<Item> batch = std::move(full_.front());
    full_.pop_front();
    room_.notify_one();
    return batch;
  }

  SQLite::Database database_;
  Rows rows_;
  std::vector<Item> batch_;  // of the one who takes
  std::size_t taken_ = 0;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable_any room_;
  std::deque<std::vector<Item>> full_;
  bool at_end_ = false;
  std::exception_ptr problem_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace db
