// One run of the line: puts engine, recorder and watchers together, runs Qt's event loop until all is done, and takes
// them apart again. Belongs to the main thread. What RunParts refers to must outlive it; the line becomes its own,
// because it is ended first: after that it calls nobody.
#pragma once

#include <QTimer>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/recipe.h"
#include "config/station_config.h"
#include "db/store.h"
#include "dfu/hubs.h"
#include "scheduler/engine.h"
#include "scheduler/pool.h"
#include "station/diagnostics/logging.h"
#include "station/live/live_line.h"
#include "station/live/topology_changes.h"
#include "station/live/topology_watch.h"
#include "station/output/run_facts.h"
#include "station/record/clock_watch.h"
#include "station/record/job_order.h"
#include "station/record/recorder.h"
#include "station/run/observers.h"
#include "station/run/open_line.h"

namespace station {

struct RunParts {
  OpenedLine line;
  dfu::Topology topology;
  std::vector<dfu::PortPath> only_ports;
  scheduler::LineSettings settings;
  bool stay;
  std::optional<JobOrder> job;
  bool wait_for_jobs;                                    // the line may get another one while it runs
  std::vector<scheduler::PartialFlash> partial_flashes;  // by earlier runs
  RecordContext context;
  db::Store* store;  // null: a dry run, which records nothing
  db::UuidGenerator& uuids;
  Log& log;
  LiveLine& live;
  RunOutput& output;
  std::vector<scheduler::Observer*> watchers{};  // more of them, which outlive the run
  db::ClockRules clock{};
  bool wait_for_clock = false;  // begins paused; the end of the pause is a person's word that the clock is right
};

class FlashRun {
 public:
  explicit FlashRun(RunParts parts);
  ~FlashRun();

  // Runs the event loop until every unit has its verdict and all is recorded.
  void execute();
  // Ends bus, clock, recorder and pool. From then on no thread makes a call. REQUIRES: executed, not closed.
  RunEnd close();
  // From the event loop. No new visit begins. Running visits stop at a safe point, or at once; the latter also if they
  // have been told to stop at a safe point.
  void stop(scheduler::StopKind kind);
  // By a signal: the first stops at a safe point, the second at once.
  void stop() { stop(is_stopping() ? scheduler::StopKind::at_once : scheduler::StopKind::safe_point); }
  // Likewise, as a service is stopped: no new visit, and units in work are finished, with their proof. Those that take
  // longer than a limit stop at a safe point; so do those that a person has stopped already.
  void finish_units();
  // For units that are plugged in from now on.
  void reload(scheduler::LineSettings settings);
  void toggle_pause() { pause(!paused_); }
  void pause(bool paused);
  // Nothing: for no order, and no unit is begun. `done` as Engine::work_for says.
  void work_for(const std::optional<JobOrder>& job, std::function<void()> done);
  // Its name, as it is on record.
  const std::string& station() const { return parts_.context.station; }
  // From the event loop. Every unit that comes is started, and recorded with this operator. `done` as before.
  void work_without_order(const std::string& operator_name, std::function<void()> done);
  // From the event loop. No unit is started, and those in work end as `kind` says, until pause(false) goes on.
  void halt(scheduler::StopKind kind);
  // The order that the line works for now.
  const std::optional<JobOrder>& job() const { return parts_.job; }
  // As Engine::release says. Any thread.
  void release(const dfu::PortPath& place, const scheduler::Decision& decision) { engine_->release(place, decision); }
  // From the event loop. Units that are plugged in there from now on are left alone; without a reason they are not.
  void skip(const dfu::PortPath& port, const std::optional<std::string>& reason);
  // From the event loop. While it is on, no unit is worked on; `done` as Engine::commission says.
  void commission(bool on, std::function<void()> done);
  // As the line is now. Any thread.
  dfu::Topology topology() const { return watch_.latest(); }
  std::vector<ChangedSlot> changed_slots() const;
  // For adding to the record while the line runs; null in a dry run. Good until this run is destroyed; after
  // close() it refuses.
  RecordService* service() { return recorder_.get(); }
  CommitTimes commit_times() const { return recorder_ ? recorder_->commit_times() : CommitTimes{}; }

 private:
  // Not: its units are finished.
  bool is_stopping() const { return stopping_ && *stopping_ != scheduler::StopKind::drain; }
  void begin_record();
  void look_at_clocks();
  void look_at_record();
  void look_at_host();
  void wait_for_clock();
  void look_at_clock_in_doubt();
  void confirm_clock();
  db::Time order_time();
  void look_at_order();
  void end_order();
  void tell(const char* code, scheduler::RemarkValues values, const std::string& text);
  void put_down(db::Event event);
  std::function<void(const dfu::Topology&)> when_topology_changes();
  void compare_slots();
  void show_state();

  RunParts parts_;
  LogObserver log_observer_;
  Observers observers_;
  std::unique_ptr<scheduler::WorkerPool> pool_;
  NoRecorder no_recorder_;
  std::unique_ptr<StoreRecorder> recorder_;
  std::unique_ptr<scheduler::Engine> engine_;
  QTimer clock_timer_, order_timer_, finish_timer_;
  bool told_of_end_ = false;  // of the order, by its date
  std::optional<ClockWatch> clocks_;
  bool told_of_loss_ = false;             // of records
  dfu::Duration told_late_{};             // of the clock's, until the last look
  bool waits_for_clock_ = false;          // paused until a person confirms the clock, or it agrees with the record
  std::optional<db::Time> latest_known_;  // by clock and record, for the ends of orders
  std::optional<scheduler::StopKind> stopping_;
  bool paused_ = false;
  bool halted_ = false;  // and paused
  bool commissioning_ = false;
  mutable std::mutex changed_mutex_;
  std::vector<ChangedSlot> changed_;  // guarded by changed_mutex_
  TopologyWatch watch_;
  RunEnd end_;
};

}  // namespace station
