// The recording thread: takes the scheduler's records, writes whatever is waiting in one transaction, and acknowledges
// after the commit. Owns nothing but its thread; store and logger must outlive it, and from now on only this thread
// uses the store. When the store fails once, that record and all after it are refused: what follows a lost record
// could claim what nobody can prove. The same when the file is no longer the file of its name, which is also looked at
// while nothing is recorded. Entries of people come in between, each in a transaction of its own, so that one
// that is refused takes no record with it.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <spdlog/logger.h>

#include "db/store.h"
#include "scheduler/record.h"
#include "station/record/commit_times.h"
#include "station/record/entry.h"
#include "station/record/record_rows.h"

namespace station {

class StoreRecorder : public scheduler::Recorder, public RecordService {
 public:
  StoreRecorder(db::Store& store, RecordContext context, spdlog::logger& logger);
  ~StoreRecorder() override;

  void record(scheduler::Record record, db::Time at, std::function<void(bool committed)> done) override;
  // An order is not closed while an attempt for it runs.
  void enter(Entry entry, std::function<void(EntryResult)> done) override;
  // Writes and acknowledges what is waiting, then ends the thread. What comes later is refused.
  void close();
  // Why records were lost; empty as long as none was.
  std::string problem() const;
  CommitTimes commit_times() const;

 private:
  struct WaitingRecord {
    scheduler::Record record;
    db::Time at;
    std::function<void(bool committed)> done;
  };
  struct WaitingEntry {
    Entry entry;
    std::function<void(EntryResult)> done;
  };
  using Waiting = std::variant<WaitingRecord, WaitingEntry>;

  void run(std::stop_token stop);
  bool queue(Waiting waiting);
  void write_all(std::vector<Waiting>& batch);
  void write_records(std::span<const WaitingRecord> records);
  bool commit(std::span<const WaitingRecord> records);
  void lose(const std::string& problem);
  void look_at_files();
  void note_orders(std::span<const WaitingRecord> records);
  EntryResult write_entry(const Entry& entry);

  db::Store& store_;                            // recorder thread only
  RecordRows rows_;                             // recorder thread only
  std::map<std::string, std::string> in_work_;  // recorder thread only: attempts that have not ended, and their orders
  spdlog::logger& logger_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Waiting> waiting_;  // guarded by mutex_; at most a few per port and person, who wait for their commit
  std::string problem_;           // guarded by mutex_
  bool closed_ = false;           // guarded by mutex_
  CommitTimes commit_times_;      // guarded by mutex_
  std::jthread thread_;
};

// For a dry run, which records nothing and must not wait for anything.
class NoRecorder : public scheduler::Recorder {
 public:
  void record(scheduler::Record, db::Time, std::function<void(bool committed)> done) override { done(true); }
};

}  // namespace station
