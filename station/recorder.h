// The recording thread: takes the scheduler's records, writes whatever is waiting in one transaction, and acknowledges
// after the commit. Owns nothing but its thread; store and logger must outlive it, and from now on only this thread
// uses the store. When the store fails once, that record and all after it are refused: what follows a lost record
// could claim what nobody can prove.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <spdlog/logger.h>

#include "db/store.h"
#include "scheduler/record.h"
#include "station/record_rows.h"

namespace station {

class StoreRecorder : public scheduler::Recorder {
 public:
  StoreRecorder(db::Store& store, RecordContext context, spdlog::logger& logger);
  ~StoreRecorder() override;

  void record(scheduler::Record record, std::function<void(bool committed)> done) override;
  // Writes and acknowledges what is waiting, then ends the thread. Records that come later are refused.
  void close();
  // Why records were lost; empty as long as none was.
  std::string problem() const;

 private:
  struct Waiting {
    scheduler::Record record;
    db::Time at;
    std::function<void(bool committed)> done;
  };

  void run(std::stop_token stop);
  bool commit(const std::vector<Waiting>& batch);

  db::Store& store_;  // recorder thread only
  RecordRows rows_;   // recorder thread only
  spdlog::logger& logger_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Waiting> waiting_;  // guarded by mutex_; at most a few records per port, which wait for their commit
  std::string problem_;           // guarded by mutex_
  bool closed_ = false;           // guarded by mutex_
  std::jthread thread_;
};

// For a dry run, which records nothing and must not wait for anything.
class NoRecorder : public scheduler::Recorder {
 public:
  void record(scheduler::Record, std::function<void(bool committed)> done) override { done(true); }
};

}  // namespace station
