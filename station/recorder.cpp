#include "station/recorder.h"

#include <exception>
#include <utility>

namespace station {

StoreRecorder::StoreRecorder(db::Store& store, RecordContext context, spdlog::logger& logger)
    : store_(store), rows_(std::move(context)), logger_(logger), thread_([this](std::stop_token stop) { run(stop); }) {}

StoreRecorder::~StoreRecorder() {
  close();
}

void StoreRecorder::close() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void StoreRecorder::record(scheduler::Record record, std::function<void(bool committed)> done) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      waiting_.push_back({std::move(record), db::now(), std::move(done)});
      changed_.notify_one();
      return;
    }
  }
  done(false);
}

std::string StoreRecorder::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void StoreRecorder::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) {
    const std::vector<Waiting> batch = std::exchange(waiting_, {});
    const bool lost_before = !problem_.empty();
    lock.unlock();
    const bool committed = !lost_before && commit(batch);
    for (const Waiting& each : batch) each.done(committed);
    lock.lock();
  }
  closed_ = true;
}

// The one place where the exceptions of the record are caught while a line runs.
bool StoreRecorder::commit(const std::vector<Waiting>& batch) {
  try {
    std::vector<db::Record> rows;
    rows.reserve(batch.size());
    for (const Waiting& each : batch) rows.push_back(rows_.row(each.record, each.at));
    store_.append(rows);
    return true;
  } catch (const std::exception& error) {
    logger_.error("records are lost from here on: {}", error.what());
    const std::lock_guard lock(mutex_);
    problem_ = error.what();
    return false;
  }
}

}  // namespace station
