// What a run of the line is, and how it ended: what the screen and the JSON lines both show.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/recipe.h"
#include "scheduler/engine.h"

namespace station {

struct RunFacts {
  std::shared_ptr<const config::Recipe> recipe;  // null: each slot has its own
  std::string station;                           // name
  std::string line;                              // "virtual line, 8 units behind 2 hubs"
  std::string job{};                             // order number; empty: none
  std::optional<scheduler::Quota> quota{};       // of the job
  std::string database;                          // empty: nothing is recorded
  std::string log;
  std::optional<std::string> board{};  // its URL; empty: nobody asked for one; nothing: the command has none
  bool dry_run = false;
};

struct RunEnd {
  scheduler::Totals totals{};
  double seconds = 0;             // on the line's clock, as every duration of the record
  bool stopped = false;           // by a signal
  std::string records_problem{};  // empty: every record was written
  std::string flash_problem{};    // empty: the flash of every virtual unit that has a file is in it
};

// What a run shows to its reader. Events come as Observer says; the rest from the main thread, `ended` after all of
// them.
class RunOutput : public scheduler::Observer {
 public:
  virtual void started(const RunFacts& facts) = 0;
  virtual void stopping(scheduler::StopKind kind) = 0;
  virtual void ended(const RunEnd& end) = 0;
};

}  // namespace station
