// The engine: events in, effects out. Each port's visit is a mailbox drained on the pool, one event of a visit at a
// time, all ports in parallel; admission and the live state are one more mailbox, the line's.
// It carries out what the pure parts decide (visit, retry, admission) and decides nothing itself.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/recipe.h"
#include "config/station_config.h"
#include "dfu/bus.h"
#include "dfu/clock.h"
#include "dfu/hubs.h"
#include "scheduler/half_written.h"
#include "scheduler/messages.h"
#include "scheduler/observer.h"
#include "scheduler/pool.h"
#include "scheduler/record.h"

namespace scheduler {

// What the line works by. May be replaced while it runs; a visit that has begun keeps what it began with.
struct LineSettings {
  std::shared_ptr<const config::Recipe> recipe;  // null: only slots with a recipe of their own are worked on
  std::map<dfu::PortPath, std::shared_ptr<const config::Recipe>> own_recipes;  // by port
  std::shared_ptr<const config::StationConfig> station;
};

// How many units a job still wants. No more are begun than could be used; when they are made the line stops, or waits.
struct Quota {
  int left = 0;
  bool count_already = false;  // a unit that held everything counts as made
  std::shared_ptr<const Job> job{};
  bool without_order = false;  // any number, and `left` means nothing; `job` then only names the operator
};

struct EngineOptions {
  LineSettings settings;
  dfu::Topology topology;
  dfu::Hubs* hubs = nullptr;  // null: no port's power is ever switched; else it outlives the engine as the bus does
  std::vector<dfu::PortPath> only_ports;  // empty: every port
  bool stay = false;                      // `run`: go on with units that are plugged in later
  std::optional<Quota> quota;
  bool wait_for_jobs = false;             // when the quota is made, for the next one
  std::vector<HalfWritten> half_written;  // by runs before this one
  bool dry_run = false;                   // surveys and judges, writes nothing, records nothing
  std::function<std::string()> new_id;    // UUIDv7s; called from any thread
};

// Units counted by their last attempt.
struct Totals {
  int units = 0;  // matching units that were seen
  int passed = 0;
  int already = 0;
  int failed = 0;
  int error = 0;
  int cancelled = 0;
  int not_begun = 0;  // of `cancelled`: stopped before the first attempt
  int attempts = 0;
  int access_denied = 0;  // of `error`: units that could not be opened for lack of permission
  bool records_lost = false;
  bool quota_made = false;  // the quota was reached, and the line stopped for that
};

class Engine {
 public:
  // Bus, clock, pool, recorder and observer must outlive the engine, and be quiet before it is destroyed.
  Engine(dfu::Bus& bus, dfu::Clock& clock, Pool& pool, Recorder& recorder, Observer& observer, EngineOptions options);
  ~Engine();

  // `done` is called once, from a pool thread: when every unit has its verdict (or, with `stay`, after stop) and all
  // is recorded.
  void start(std::function<void(Totals)> done);

  // No new visit; those that run end as `kind` says and are recorded. Any thread; may be called again with more force.
  void stop(StopKind kind);
  // Paused: units that are plugged in wait, those in work are finished. Any thread.
  void pause(bool paused);
  // Paused, and the attempts that run end as `kind` says; their units wait with the others. `pause(false)` goes on. Any
  // thread.
  void halt(StopKind kind);
  // A port that is not used any more lets one more unit in, as a probe; a hub that was stopped or slowed goes on more
  // freely. Nothing happens to others. Any thread.
  void release(dfu::PortPath port);
  // Units that are plugged in there from now on are left alone, until `skip` is false again; one that is there already
  // is finished. Holds over a reload. Any thread.
  void skip(dfu::PortPath port, bool skip);
  // Commissioning: somebody plugs units in to show which socket is which, and none of them is worked on; units that
  // wait for their turn go on waiting. `done` is called once, from a pool thread, when that holds for every port. Any
  // thread.
  void commission(bool on, std::function<void()> done);
  // Something that people should know, seen by somebody else. On record and told as the engine's own. Any thread.
  void tell(Remark remark);
  // Attempts that begin from now on are made for this job; those that run keep theirs. `done` is called once, from a
  // pool thread, when none can begin for another one any more. Any thread.
  void work_for(Quota quota, std::function<void()> done);
  // For visits that have not begun. Any thread.
  void reload(LineSettings settings);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scheduler
