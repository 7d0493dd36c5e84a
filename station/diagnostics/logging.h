// The log: one file per program run, and warnings on stderr. Every line about an attempt carries the attempt's id, so
// that a search for the id finds all of it. Writing happens on the logger's own thread; a slow disk loses the oldest
// log lines and never holds up the line. How much is written is bounded, by each cause and in all: log_limits.h,
// log_file.h. A message is one line, and steers no terminal, whatever stands in it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <spdlog/logger.h>

#include "scheduler/observer.h"

namespace station {

class Log {
 public:
  // The file is `folder`/flashline-<UTC>-<process id>.log; the folder is created. Throws std::exception with a
  // sentence if it cannot. An empty folder: stderr only. `verbosity` 0: warnings on stderr, 1: information, 2: all.
  Log(const std::string& folder, int verbosity);
  ~Log();  // all is written

  spdlog::logger& logger() { return *logger_; }
  const std::string& file() const { return file_; }  // empty: none

 private:
  std::string file_;  // of the present part
  struct Thread;
  std::unique_ptr<Thread> thread_;
  std::shared_ptr<spdlog::logger> logger_;
};

// Writes what happens to units into the log.
class LogObserver : public scheduler::Observer {
 public:
  explicit LogObserver(spdlog::logger& logger) : logger_(logger) {}
  void on(const scheduler::Event& event, scheduler::WallTime at) override;

 private:
  void on_event(const scheduler::UnitArrived& event);
  void on_event(const scheduler::UnitLeft& event);
  void on_event(const scheduler::VisitBegan& event);
  void on_event(const scheduler::VisitOver& event);
  void on_event(const scheduler::UnitWaits& event);
  void on_event(const scheduler::AttemptBegan& event);
  void on_event(const scheduler::Progress& event);
  void on_event(const scheduler::AttemptEnded& event);
  void on_event(const scheduler::Judged& event);
  void on_event(const scheduler::VerdictReached& event);
  void on_event(const scheduler::UnitMade& event);
  void on_event(const scheduler::JobTaken& event);
  void on_event(const scheduler::Remarked& event);

  spdlog::logger& logger_;
  // What each attempt was doing when last heard of: only changes are worth a line.
  std::map<std::string, std::string> doing_;
};

}  // namespace station
