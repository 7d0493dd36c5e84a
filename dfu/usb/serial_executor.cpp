#include "dfu/usb/serial_executor.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "dfu/usb/run_delay.h"

namespace dfu::usb {

namespace {

using Steady = std::chrono::steady_clock;

// How long a thread waits for the next job: longer than a unit thinks between two transfers.
constexpr auto linger = std::chrono::seconds(1);
// A shorter delay does not extend a limit.
constexpr Duration least_put_off = std::chrono::milliseconds(100);
constexpr Duration lately = std::chrono::seconds(10);
constexpr Duration most_for_others = std::chrono::minutes(1);
// A watchdog with nothing to watch; any wait that the system's clocks can count would do.
constexpr auto forever = std::chrono::hours(1);

}  // namespace

// What executors and their threads share with the watchdog. Outlives `SerialExecutors` while a thread hangs.
class ExecutorRegister {
 public:
  ExecutorRegister(int max_threads, std::function<Duration()> late)
      : max_threads_(max_threads), late_(std::move(late)) {}

  Duration late() {
    const std::lock_guard lock(mutex_);
    return late_ ? late_() : Duration();
  }

  void add(const std::shared_ptr<SerialExecutor>& executor) {
    const std::lock_guard lock(mutex_);
    std::erase_if(executors_, [](const auto& one) { return one.expired(); });
    executors_.push_back(executor);
  }

  std::vector<std::shared_ptr<SerialExecutor>> executors() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<SerialExecutor>> alive;
    for (const auto& one : executors_) {
      if (auto executor = one.lock()) alive.push_back(std::move(executor));
    }
    return alive;
  }

  // A call of one executor came back after so long.
  void took(Duration time, SerialExecutor::Time now) {
    const std::lock_guard lock(mutex_);
    if (time < longest_ && now - longest_at_ < lately) return;
    longest_ = time;
    longest_at_ = now;
  }

  // What calls of other executors took lately, at most: a kernel with much to do lets all of them wait.
  Duration taken_lately(SerialExecutor::Time now) {
    const std::lock_guard lock(mutex_);
    return now - longest_at_ < lately ? std::min(longest_, most_for_others) : Duration();
  }

  bool may_start_thread() {
    const std::lock_guard lock(mutex_);
    if (threads_ >= max_threads_) return false;
    ++threads_;
    return true;
  }

  void thread_ended() {
    const std::lock_guard lock(mutex_);
    --threads_;
    changed_.notify_all();
  }

  bool wait_for_threads(Duration limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return threads_ == 0; });
  }

  // A job has begun that must be looked at then.
  void notice(SerialExecutor::Time deadline) {
    const std::lock_guard lock(mutex_);
    if (deadline >= look_at_) return;
    stirred_ = true;
    changed_.notify_all();
  }

  void end_watch() {
    const std::lock_guard lock(mutex_);
    ending_ = stirred_ = true;
    late_ = nullptr;  // a thread that hangs outlives the counter
    changed_.notify_all();
  }

  // From here on every `notice` counts, so that none is lost while the watchdog looks.
  bool begin_look() {
    const std::lock_guard lock(mutex_);
    stirred_ = ending_;
    look_at_ = SerialExecutor::Time::max();
    return !ending_;
  }

  void wait_until(SerialExecutor::Time time) {
    std::unique_lock lock(mutex_);
    look_at_ = std::min(time, Steady::now() + forever);
    changed_.wait_until(lock, look_at_, [this] { return stirred_; });
  }

 private:
  const int max_threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::function<Duration()> late_;
  std::vector<std::weak_ptr<SerialExecutor>> executors_;
  int threads_ = 0;
  Duration longest_{};
  SerialExecutor::Time longest_at_{};
  SerialExecutor::Time look_at_ = SerialExecutor::Time::max();
  bool stirred_ = false;
  bool ending_ = false;
};

SerialExecutor::Number SerialExecutor::post(BlockingCall job) {
  bool start = false;
  Number number = 0;
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    number = ++posted_;
    if (!has_thread_) {
      has_thread_ = start = executors_->may_start_thread();
      hangs_ = lacks_thread_ = !start;
    }
    changed_.notify_one();
    if (!start && !hangs_) return number;
  }
  if (start) {
    try {
      std::thread([self = shared_from_this()] { self->run(); }).detach();
      return number;
    } catch (const std::system_error&) {  // the system has no more threads
      executors_->thread_ended();
      const std::lock_guard lock(mutex_);
      has_thread_ = false;
      hangs_ = lacks_thread_ = true;
    }
  }
  executors_->notice(Time::min());
  return number;
}

void SerialExecutor::hurry(Number job, Duration limit) {
  const Time latest = Steady::now() + limit;
  {
    const std::lock_guard lock(mutex_);
    if (job != begun_ || !deadline_ || *deadline_ <= latest) return;
    deadline_ = latest;
  }
  executors_->notice(latest);
}

std::optional<BlockingCall> SerialExecutor::next(std::unique_lock<std::mutex>& lock) {
  changed_.wait_for(lock, linger, [this] { return !jobs_.empty() || ending_; });
  if (jobs_.empty()) return {};
  BlockingCall job = std::move(jobs_.front());
  jobs_.pop_front();
  ++begun_;
  return job;
}

void SerialExecutor::run() {
  std::unique_lock lock(mutex_);
  thread_ = gettid();
  while (std::optional<BlockingCall> job = next(lock)) {
    const Time begun = Steady::now(), deadline = begun + job->limit;
    const bool short_one = job->short_one;
    deadline_ = deadline;
    waited_before_ = job->short_one ? Duration::max() : run_delay(thread_);
    late_before_ = executors_->late();
    put_off_ = {};
    running_given_up_ = std::move(job->given_up);
    lock.unlock();
    executors_->notice(deadline);
    job->work();
    job.reset();  // what it holds goes before the next one begins
    lock.lock();
    if (!hangs_ && !short_one) executors_->took(Steady::now() - begun, Steady::now());
    deadline_.reset();
    running_given_up_ = nullptr;
    hangs_ = false;
  }
  has_thread_ = false;
  lock.unlock();
  executors_->thread_ended();
}

void SerialExecutor::end() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  changed_.notify_one();
}

// Extends the limit by the time in which the computer did not run the job, or by what other calls took.
bool SerialExecutor::is_overdue(Time now) {
  if (!deadline_ || *deadline_ > now) return false;
  const Duration waited = waited_before_ == Duration::max() ? Duration() : run_delay(thread_) - waited_before_;
  const Duration late = std::max({waited, executors_->late() - late_before_, executors_->taken_lately(now)});
  if (late < put_off_ + least_put_off) return true;
  *deadline_ += late - std::exchange(put_off_, late);
  return *deadline_ <= now;
}

SerialExecutor::Time SerialExecutor::check(Time now) {
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard lock(mutex_);
    if (is_overdue(now)) hangs_ = true;
    if (!hangs_) return deadline_.value_or(Time::max());
    calls.push_back(std::exchange(running_given_up_, nullptr));
    for (BlockingCall& job : jobs_) calls.push_back(std::exchange(job.given_up, nullptr));
  }
  for (const auto& call : calls) {
    if (call) call();
  }
  return Time::max();
}

SerialExecutors::SerialExecutors(int max_threads, std::function<Duration()> late)
    : register_(std::make_shared<ExecutorRegister>(max_threads, std::move(late))), watchdog_([this] { watch(); }) {}

SerialExecutors::~SerialExecutors() {
  for (const auto& executor : register_->executors()) executor->end();
  register_->wait_for_threads(ending);
  register_->end_watch();
  watchdog_.join();
}

std::shared_ptr<SerialExecutor> SerialExecutors::make() {
  auto executor = std::make_shared<SerialExecutor>(register_);
  register_->add(executor);
  return executor;
}

void SerialExecutors::watch() {
  while (register_->begin_look()) {
    const SerialExecutor::Time now = Steady::now();
    SerialExecutor::Time next = SerialExecutor::Time::max();
    for (const auto& executor : register_->executors()) next = std::min(next, executor->check(now));
    register_->wait_until(next);
  }
}

}  // namespace dfu::usb
