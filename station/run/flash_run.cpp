#include "station/run/flash_run.h"

#include <QCoreApplication>
#include <QJsonObject>
#include <QMetaObject>
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "station/record/anchor_text.h"
#include "station/record/image_json.h"
#include "station/text.h"

namespace station {

namespace {

constexpr dfu::Duration worth_telling = std::chrono::seconds(1);  // of a computer that stands still
constexpr std::chrono::seconds between_looks(10);  // a step is reported with the time at which it was found
// A unit takes seconds; with all its attempts, or on a slowed hub, a minute or two. The service's TimeoutStopSec is
// longer.
constexpr std::chrono::minutes time_to_finish(3);
constexpr std::chrono::minutes end_of_order(30);  // is announced so long before: time to bring the next one

scheduler::RemarkValues values_of(const db::JobOpened& order) {
  return {{"order", order.order}, {"until", utc(*order.until)}};
}

db::Event end_of_run(const RunEnd& end) {
  const scheduler::Totals& totals = end.totals;
  db::Event event;
  event.kind = "run-ended";
  event.text = fmt::format("The run ended{}: {}, {} passed, {} already.", end.stopped ? ", stopped by a person" : "",
                           counted(static_cast<std::uint64_t>(totals.units), "unit"), totals.passed, totals.already);
  event.facts = compact(QJsonObject{{"stopped", end.stopped},
                                    {"units", totals.units},
                                    {"passed", totals.passed},
                                    {"already", totals.already},
                                    {"failed", totals.failed},
                                    {"error", totals.error},
                                    {"cancelled", totals.cancelled},
                                    {"attempts", totals.attempts}});
  return event;
}

std::vector<scheduler::Observer*> all_of(std::vector<scheduler::Observer*> first,
                                         const std::vector<scheduler::Observer*>& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

}  // namespace

FlashRun::FlashRun(RunParts parts)
    : parts_(std::move(parts)),
      log_observer_(parts_.log.logger()),
      observers_(all_of({&log_observer_, &parts_.live, &parts_.output}, parts_.watchers)),
      pool_(std::make_unique<scheduler::WorkerPool>()),
      watch_(*parts_.line.hubs, parts_.topology, when_topology_changes()) {
  if (parts_.store) {
    recorder_ = std::make_unique<StoreRecorder>(*parts_.store, parts_.context, parts_.log.logger());
  }
  scheduler::Recorder& recorder = recorder_ ? static_cast<scheduler::Recorder&>(*recorder_) : no_recorder_;
  scheduler::EngineOptions options;
  options.settings = parts_.settings;
  options.stay = parts_.stay;
  if (parts_.job) options.quota = parts_.job->quota;
  options.wait_for_jobs = parts_.wait_for_jobs;
  options.partial_flashes = parts_.partial_flashes;
  options.topology = parts_.topology;
  options.hubs = parts_.line.hubs;
  options.only_ports = parts_.only_ports;
  options.dry_run = parts_.store == nullptr;
  options.wall = [] { return db::now(); };
  options.new_id = [&uuids = parts_.uuids] { return db::to_string(uuids.next()); };
  engine_ = std::make_unique<scheduler::Engine>(*parts_.line.bus, *parts_.line.clock, *pool_, recorder, observers_,
                                                std::move(options));
}

FlashRun::~FlashRun() = default;

// ---- the slots, and where they are

// `flash` visits each port once and ends before a hub is moved.
std::function<void(const dfu::Topology&)> FlashRun::when_topology_changes() {
  if (!parts_.stay) return {};
  return [this](const dfu::Topology&) {
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [this] {
          parts_.live.see(watch_.latest());
          compare_slots();
        },
        Qt::QueuedConnection);
  };
}

// A change is reported once, and so is the return to the places of the station file.
void FlashRun::compare_slots() {
  std::vector<ChangedSlot> now = station::changed_slots(*parts_.settings.station, watch_.latest());
  {
    const std::lock_guard lock(changed_mutex_);
    if (now == changed_) return;
    changed_ = now;
  }
  engine_->tell(remark_about(now));
}

std::vector<ChangedSlot> FlashRun::changed_slots() const {
  const std::lock_guard lock(changed_mutex_);
  return changed_;
}

// What the row of the run does not say: where it works, and for what.
void FlashRun::begin_record() {
  QJsonObject facts{{"line", QString::fromStdString(parts_.line.description)}};
  if (parts_.job) facts["job"] = QString::fromStdString(parts_.job->opened.order);
  put_down({{},
            "run-started",
            {},
            parts_.context.station,
            "A run begins. Line: " + parts_.line.description + ".",
            compact(facts)});
  clocks_.emplace(read_clocks());
  if (parts_.store) latest_known_ = parts_.store->latest();
  // A larger step is on record with the run.
  const bool known = !parts_.store || parts_.store->clock_doubt();
  const auto step = step_back_since(known ? std::nullopt : parts_.store->latest(), db::now());
  if (step) put_down(event_of(*step));
  QObject::connect(&clock_timer_, &QTimer::timeout, [this] { look_at_clocks(); });
  clock_timer_.start(between_looks);
  order_timer_.setSingleShot(true);
  QObject::connect(&order_timer_, &QTimer::timeout, [this] { look_at_order(); });
  order_timer_.start(0);  // not before the engine runs
}

void FlashRun::look_at_clocks() {
  if (const auto step = clocks_->look(read_clocks())) put_down(event_of(*step));
  look_at_clock_in_doubt();
  look_at_record();
  look_at_host();
}

// Not for a virtual line that runs faster than real time: delays of the computer are expected there.
void FlashRun::look_at_host() {
  const dfu::Duration late = parts_.line.clock->late() - told_late_;
  told_late_ += late;
  if (parts_.line.speed > 1 || late < worth_telling) return;
  engine_->tell(scheduler::make_remark(scheduler::RemarkCode::host_late, {}, {},
                                       {{"seconds", std::int64_t{std::llround(dfu::seconds(late))}}}));
}

// The next unit would show it; the person who is about to plug it in should know before.
void FlashRun::look_at_record() {
  const std::string problem = recorder_ ? recorder_->problem() : "";
  if (!problem.empty() && !std::exchange(told_of_loss_, true))
    tell("record-lost", {}, "No further unit is started. " + problem);
}

// ---- a clock in doubt

void FlashRun::wait_for_clock() {
  if (!parts_.wait_for_clock || !parts_.store || !parts_.store->clock_doubt()) return;
  waits_for_clock_ = true;
  pause(true);
  tell("clock-in-doubt", {},
       db::sentence_of(*parts_.store->clock_doubt()) +
           " The line waits. Set the clock, or end the pause if the clock is right.");
}

// A time server may have set it meanwhile.
void FlashRun::look_at_clock_in_doubt() {
  if (!waits_for_clock_ || db::doubt_of(parts_.store->latest(), db::now(), parts_.clock.gap)) return;
  waits_for_clock_ = false;
  tell("clock-agrees", {}, "The clock was set and agrees with the record. The line goes on.");
  pause(false);
}

void FlashRun::confirm_clock() {
  if (!std::exchange(waits_for_clock_, false)) return;
  const db::Time now = db::now();
  if (const auto doubt = db::doubt_of(parts_.store->latest(), now, parts_.clock.gap)) {
    put_down(db::event_of(*doubt, true));
  }
  latest_known_ = now;
  parts_.live.note({});
}

// Orders count by the later of clock and record, also when the clock is set back while they are worked on.
db::Time FlashRun::order_time() {
  latest_known_ = db::later_of(latest_known_, db::now());
  return *latest_known_;
}

void FlashRun::work_for(const std::optional<JobOrder>& job, std::function<void()> done) {
  parts_.job = job;
  told_of_end_ = false;
  engine_->work_for(job ? job->quota : scheduler::Quota{}, std::move(done));
  look_at_order();
}

void FlashRun::work_without_order(const std::string& operator_name, std::function<void()> done) {
  parts_.job.reset();
  const auto job = std::make_shared<const scheduler::WorkOrder>(scheduler::WorkOrder{{}, {}, operator_name});
  engine_->work_for({.job = job, .without_order = true}, std::move(done));
  look_at_order();
}

// An order is valid until a time of the wall clock, which may be set meanwhile.
void FlashRun::look_at_order() {
  order_timer_.stop();
  if (!parts_.job || !parts_.job->opened.until) return;
  const db::JobOpened& order = parts_.job->opened;
  const std::chrono::milliseconds left = *order.until - order_time();
  if (left <= std::chrono::milliseconds(0)) return end_order();
  if (left <= end_of_order && !std::exchange(told_of_end_, true)) {
    tell("order-ends", values_of(order),
         "Order " + order.order + " is valid until " + utc(*order.until) + ": no unit is started after that.");
  }
  order_timer_.start(std::min<std::chrono::milliseconds>(left, between_looks));
}

// Units in work are finished. A line that somebody can give another order waits for it, any other one ends.
void FlashRun::end_order() {
  const db::JobOpened order = parts_.job->opened;
  const std::string text =
      "Order " + order.order + " was valid until " + utc(*order.until) + ": no more units are started for it.";
  put_down({{}, "order-ended", {}, order.order, text, {}});
  if (parts_.wait_for_jobs) {
    work_for(std::nullopt, [] {});
  } else if (!stopping_) {
    parts_.live.enter(RunState::stopping);
    engine_->stop(scheduler::StopKind::drain);
  }
  tell("order-over", values_of(order), text);
}

// To the people who look at the line, and to the log.
void FlashRun::tell(const char* code, scheduler::RemarkValues values, const std::string& text) {
  parts_.live.note({code, std::move(values), {}, {}, text});
  parts_.log.logger().warn("{}", text);
}

void FlashRun::put_down(db::Event event) {
  if (!recorder_) return;
  parts_.log.logger().info("{}: {}", event.kind, event.text);
  recorder_->enter(EventEntry{std::move(event)}, [](const EntryResult&) {});  // a refusal is in the log
}

void FlashRun::execute() {
  begin_record();
  wait_for_clock();
  if (parts_.stay) compare_slots();
  const dfu::Duration begin = parts_.line.clock->now();
  engine_->start([this](scheduler::Totals totals) {
    const auto finish = [this, totals] {
      end_.totals = totals;
      QCoreApplication::quit();
    };
    QMetaObject::invokeMethod(QCoreApplication::instance(), finish, Qt::QueuedConnection);
  });
  QCoreApplication::exec();
  end_.seconds = dfu::seconds(parts_.line.clock->now() - begin);
  end_.stopped = stopping_.has_value();
}

// Stops first what makes events (bus, clock), then the recorder after its last entries, then the pool after its last
// tasks. A stopped clock still gives the time, which all of them ask for.
RunEnd FlashRun::close() {
  for (const std::string& problem : parts_.line.save()) {
    parts_.log.logger().error("{}", problem);
    end_.flash_problem = problem;
  }
  watch_.stop();
  parts_.line.control.reset();
  parts_.line.bus.reset();
  parts_.line.clock->stop();
  for (QTimer* timer : {&clock_timer_, &order_timer_, &finish_timer_}) timer->stop();
  look_at_clocks();
  put_down(end_of_run(end_));
  if (recorder_) {
    recorder_->close();
    end_.records_problem = recorder_->problem();
  }
  pool_.reset();
  return end_;
}

void FlashRun::reload(scheduler::LineSettings settings) {
  parts_.log.logger().info("recipe and station file were read again; they hold for units plugged in from now on");
  parts_.settings = settings;
  parts_.live.reload(settings);
  engine_->reload(std::move(settings));
  compare_slots();
}

void FlashRun::pause(bool paused) {
  if (paused == paused_) return;
  if (!paused) confirm_clock();
  paused_ = paused;
  halted_ = false;
  parts_.log.logger().warn(paused_ ? "paused: units that are plugged in wait" : "the pause is over");
  show_state();
  engine_->pause(paused_);
}

void FlashRun::halt(scheduler::StopKind kind) {
  if (stopping_) return;
  paused_ = halted_ = true;
  parts_.log.logger().warn("all work is stopped {} until a person continues",
                           kind == scheduler::StopKind::at_once ? "at once" : "at a safe point");
  show_state();  // first: attempts that end now wait, and no other one comes at once
  engine_->halt(kind);
}

void FlashRun::show_state() {
  if (stopping_) return;
  const RunState at_rest = halted_ ? RunState::halted : RunState::paused;
  parts_.live.enter(commissioning_ ? RunState::commissioning : paused_ ? at_rest : RunState::running);
}

// Ports that are not sockets are no longer shown once it is over.
void FlashRun::commission(bool on, std::function<void()> done) {
  commissioning_ = on;
  parts_.log.logger().warn(on ? "commissioning: no unit is flashed" : "the commissioning is over");
  show_state();
  if (!on) parts_.live.reload(parts_.settings);
  engine_->commission(on, std::move(done));
}

void FlashRun::skip(const dfu::PortPath& port, const std::optional<std::string>& reason) {
  parts_.log.logger().warn("port {} is {}", port.text, reason ? "out of use: " + *reason : "used again");
  parts_.live.skip(port, reason);
  engine_->skip(port, reason.has_value());
}

void FlashRun::finish_units() {
  if (stopping_) return;
  if (halted_) return stop();
  stopping_ = scheduler::StopKind::drain;
  parts_.log.logger().info("no new visit, units in work are finished");
  parts_.live.enter(RunState::stopping);
  parts_.output.stopping(scheduler::StopKind::drain);
  engine_->stop(scheduler::StopKind::drain);
  finish_timer_.setSingleShot(true);
  QObject::connect(&finish_timer_, &QTimer::timeout, [this] { stop(); });
  finish_timer_.start(time_to_finish);
}

void FlashRun::stop(scheduler::StopKind kind) {
  const bool at_once = kind == scheduler::StopKind::at_once;
  stopping_ = kind;
  parts_.log.logger().info(at_once ? "stopping at once" : "no new visit, running ones stop at a safe point");
  parts_.live.enter(at_once ? RunState::stopping_at_once : RunState::stopping);
  parts_.output.stopping(kind);
  engine_->stop(kind);
}

}  // namespace station
