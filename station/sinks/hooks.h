// Runs the station file's [[hook]] programs at each verdict of a unit (once per verdict, not per attempt): the facts in
// the environment, the last attempt's JSON line on stdin; both empty where a unit was stopped before its first attempt.
//
// Called by the engine, like every observer, and never waits there: a verdict puts calls into a queue of 64, of
// which the oldest is dropped when it is full. Four threads of low priority carry them out, one program each; they are
// there only when there are hooks. Whatever goes wrong is a warning in the log and nothing else.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <spdlog/logger.h>

#include "station/record/record_rows.h"
#include "station/sinks/hook_facts.h"

namespace station {

class Hooks : public scheduler::Observer {
 public:
  Hooks(const RecordContext& record, std::string database, std::vector<config::HookConfig> hooks,
        spdlog::logger& logger);
  ~Hooks() override;  // as close(), and waits until all is over

  void on(const scheduler::Event& event, scheduler::WallTime at) override;
  // For verdicts from now on. Main thread.
  void reload(std::vector<config::HookConfig> hooks);
  // No more verdicts. What runs or waits is given the longest time limit of the hooks, once, for all of it.
  void close();
  // Waits until nothing runs or waits, but no longer than `patience`.
  bool over(std::chrono::milliseconds patience);

 private:
  using Wall = std::chrono::steady_clock;

  struct Visit {
    std::string id;
    std::optional<scheduler::AttemptEnded> last;
  };
  struct Call {
    config::HookConfig hook;
    std::vector<std::string> environment;
    std::string input;
    std::string unit;  // for people
  };

  void follow(const scheduler::VerdictReached& verdict);
  void post(Call call);
  void work(std::stop_token stop);
  void carry_out(const Call& call, std::optional<Wall::time_point> closing);

  const HookContext context_;
  spdlog::logger& logger_;
  // Of the engine's calls alone.
  RecordRows rows_;
  std::map<std::string, Visit> visits_;  // by port, while they have no verdict

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<config::HookConfig> hooks_;      // guarded by mutex_
  std::deque<Call> waiting_;                   // guarded by mutex_
  int running_ = 0;                            // guarded by mutex_
  std::optional<Wall::time_point> closing_{};  // guarded by mutex_; all must be over then
  std::vector<std::jthread> threads_;
};

}  // namespace station
