// The engine: events in, effects out. Each port's visit is a mailbox drained on the pool, one event of a visit at a
// time, all ports in parallel; the `Line` is one more mailbox.
// It carries out what these values decide, and decides nothing itself.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dfu/bus.h"
#include "dfu/clock.h"
#include "dfu/hubs.h"
#include "scheduler/line_messages.h"
#include "scheduler/observer.h"
#include "scheduler/pool.h"
#include "scheduler/record.h"

namespace scheduler {

struct EngineOptions : LineOptions {
  dfu::Hubs* hubs = nullptr;  // null: no port's power is ever switched; else it outlives the engine as the bus does
  std::function<std::string()> new_id;  // UUIDv7s; called from any thread
  // The time of events; called from any thread.
  std::function<WallTime()> wall = [] {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  };
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
  // A port that was closed admits one more unit, as a test; a hub that was stopped is slowed, one that was slowed is
  // as before. Nothing happens to others. On record with the decision. Any thread.
  void release(dfu::PortPath place, Decision decision = {});
  // Units that are plugged in there from now on are left alone, until `skip` is false again; one that is there already
  // is finished. Holds over a reload. Any thread.
  void skip(dfu::PortPath port, bool skip);
  // Commissioning: a person plugs units in to show which socket is which, and none of them is worked on; units that
  // wait for their turn go on waiting. `done` is called once, from a pool thread, when that holds for every port. Any
  // thread.
  void commission(bool on, std::function<void()> done);
  // Something that people should know, seen by another part. Recorded and sent as the engine's own. Any thread.
  void tell(Remark remark);
  // Attempts that begin from now on are made for this job; those that run keep theirs. `done` is called once, from a
  // pool thread, when none can begin for another one. Any thread.
  void work_for(Quota quota, std::function<void()> done);
  // For visits that have not begun. Any thread.
  void reload(LineSettings settings);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scheduler
