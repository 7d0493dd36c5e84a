// Calls that may block, kept off every thread that others wait for.
//
// An executor does its jobs one after the other on a thread of its own, which the first job starts and a while without
// jobs ends. A job that overruns its limit is given up: its `given_up` is called, and those of the jobs behind it and
// of all that are posted until the call returns, if ever. What was given up still runs then, in order; a job that must
// not come late looks whether its answer was given (dfu/usb/answer.h). The limit counts what the kernel takes for this
// job: not the time in which the computer does not let the thread run, nor what the kernel takes for calls of other
// executors just now. A wedged call costs the thread that is stuck in it and no other; how many threads there may be is
// the limit of `SerialExecutors`, and a job beyond it is given up.
//
// Any thread may post; nothing is called from inside `post`. Jobs and `given_up` must not throw; `given_up` must not
// block.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "dfu/clock.h"

namespace dfu::usb {

struct BlockingCall {
  std::function<void()> work;
  Duration limit;  // from the moment it begins
  std::function<void()> given_up;
  bool short_one = false;  // one of hundreds: the thread's schedstat is not read for it
};

class ExecutorRegister;

class SerialExecutor : public std::enable_shared_from_this<SerialExecutor> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit SerialExecutor(std::shared_ptr<ExecutorRegister> executors) : executors_(std::move(executors)) {}

  using Number = std::uint64_t;

  Number post(BlockingCall job);
  // True: jobs were given up because no thread is available.
  bool lacks_thread() const { return lacks_thread_; }
  // This job has no more than `limit` left, if it runs.
  void hurry(Number job, Duration limit);

 private:
  friend class SerialExecutors;

  void run();
  std::optional<BlockingCall> next(std::unique_lock<std::mutex>& lock);
  void end();
  // Gives up what is overdue; says when to look again.
  Time check(Time now);
  bool is_overdue(Time now);

  const std::shared_ptr<ExecutorRegister> executors_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<BlockingCall> jobs_;
  Number begun_ = 0, posted_ = 0;                         // jobs are numbered from 1
  std::optional<Time> deadline_;                          // of the job that runs
  pid_t thread_ = 0;                                      // that runs it
  Duration waited_before_{}, late_before_{}, put_off_{};  // what the computer took before it, and of its time
  std::function<void()> running_given_up_;                // its
  bool has_thread_ = false;
  std::atomic<bool> lacks_thread_ = false;
  bool hangs_ = false;  // the job that runs is overdue, or no thread may be had
  bool ending_ = false;
};

// Makes executors and watches over their limits, with a thread of its own.
class SerialExecutors {
 public:
  // `late`: for how long the computer stood still so far (dfu/clock.h); called while the executors live. Null: never.
  explicit SerialExecutors(int max_threads, std::function<Duration()> late = {});
  // Ends the executors: waits until all jobs are done, but for no longer than `ending`. What hangs after that is left
  // behind; its thread ends when the call returns.
  ~SerialExecutors();

  std::shared_ptr<SerialExecutor> make();

  static constexpr Duration ending = std::chrono::seconds(3);

 private:
  void watch();

  std::shared_ptr<ExecutorRegister> register_;
  std::thread watchdog_;
};

}  // namespace dfu::usb
