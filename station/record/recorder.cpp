#include "station/record/recorder.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "db/error.h"

namespace station {

namespace {

// Often enough that an operator learns it before the next unit is plugged in; costs three calls of stat().
constexpr std::chrono::seconds between_looks(5);

}  // namespace

StoreRecorder::StoreRecorder(db::Store& store, RecordContext context, spdlog::logger& logger)
    : store_(store), rows_(std::move(context)), logger_(logger), thread_([this](std::stop_token stop) { run(stop); }) {}

StoreRecorder::~StoreRecorder() {
  close();
}

void StoreRecorder::close() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void StoreRecorder::record(scheduler::Record record, db::Time at, std::function<void(bool committed)> done) {
  if (!queue(WaitingRecord{std::move(record), at, done})) done(false);
}

void StoreRecorder::enter(Entry entry, std::function<void(EntryResult)> done) {
  if (!queue(WaitingEntry{std::move(entry), done})) done(Refused{"the run has ended; nothing was written."});
}

bool StoreRecorder::queue(Waiting waiting) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  waiting_.push_back(std::move(waiting));
  changed_.notify_one();
  return true;
}

std::string StoreRecorder::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

CommitTimes StoreRecorder::commit_times() const {
  const std::lock_guard lock(mutex_);
  return commit_times_;
}

void StoreRecorder::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool work = changed_.wait_for(lock, stop, between_looks, [this] { return !waiting_.empty(); });
    if (!work && stop.stop_requested()) break;
    if (!work) {
      lock.unlock();
      look_at_files();
      lock.lock();
      continue;
    }
    std::vector<Waiting> batch = std::exchange(waiting_, {});
    lock.unlock();
    write_all(batch);
    lock.lock();
  }
  closed_ = true;
}

// In the order in which they came: records that stand together in one transaction, each entry by itself.
void StoreRecorder::write_all(std::vector<Waiting>& batch) {
  std::vector<WaitingRecord> records;
  for (Waiting& waiting : batch) {
    if (auto* record = std::get_if<WaitingRecord>(&waiting)) {
      records.push_back(std::move(*record));
      continue;
    }
    write_records(std::exchange(records, {}));
    const WaitingEntry& entry = std::get<WaitingEntry>(waiting);
    entry.done(write_entry(entry.entry));
  }
  write_records(records);
}

void StoreRecorder::write_records(std::span<const WaitingRecord> records) {
  if (records.empty()) return;
  const bool committed = problem().empty() && commit(records);
  for (const WaitingRecord& each : records) each.done(committed);
}

// Here and in write_entry, the exceptions of the record are caught while a line runs.
bool StoreRecorder::commit(std::span<const WaitingRecord> records) {
  try {
    std::vector<db::Record> rows;
    rows.reserve(records.size());
    for (const WaitingRecord& each : records) rows.push_back(rows_.row(each.record, each.at));
    const auto begin = std::chrono::steady_clock::now();
    store_.append(rows);
    note_orders(records);
    const std::lock_guard lock(mutex_);
    commit_times_.seconds.add(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    return true;
  } catch (const std::exception& error) {
    lose(error.what());
    return false;
  }
}

void StoreRecorder::lose(const std::string& problem) {
  logger_.error("records are lost from here on: {}", problem);
  const std::lock_guard lock(mutex_);
  problem_ = problem;
}

// Also while nothing is recorded: nobody should begin a unit to learn that the file is gone.
void StoreRecorder::look_at_files() {
  if (!problem().empty()) return;
  try {
    store_.check_in_place();
  } catch (const std::exception& error) {
    lose(error.what());
  }
}

void StoreRecorder::note_orders(std::span<const WaitingRecord> records) {
  for (const WaitingRecord& each : records) {
    const auto* started = std::get_if<scheduler::AttemptStarted>(&each.record);
    if (started && started->job) in_work_[started->attempt] = started->job->order;
    if (const auto* ended = std::get_if<scheduler::AttemptFinished>(&each.record))
      in_work_.erase(ended->started.attempt);
  }
}

EntryResult StoreRecorder::write_entry(const Entry& entry) {
  if (const std::string lost = problem(); !lost.empty()) return Refused{"records cannot be written: " + lost};
  const auto* close = std::get_if<CloseOrder>(&entry);
  const auto works_for = [&](const auto& attempt) { return attempt.second == close->order; };
  if (close && std::ranges::any_of(in_work_, works_for)) {
    return Refused{"units are in work for order " + close->order + ". Wait for their verdicts, then close it."};
  }
  try {
    store_.check_in_place();  // an entry is compared with what the file of that name says
    return put_on_record(entry, store_);
  } catch (const db::Error& error) {
    if (error.trouble() == db::Trouble::moved) lose(error.what());
    logger_.error("an entry was not recorded: {}", error.what());
    return Refused{error.what()};
  } catch (const std::exception& error) {
    logger_.error("an entry was not recorded: {}", error.what());
    return Refused{error.what()};
  }
}

}  // namespace station
