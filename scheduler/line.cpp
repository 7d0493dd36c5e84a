#include "scheduler/line.h"

#include <algorithm>
#include <utility>

#include "scheduler/hub_power.h"

namespace scheduler {

namespace {

Admission::Limits limits_of(const config::StationConfig& station, const dfu::Topology& topology) {
  return {station.cap, station.stagger, pools_of(station, topology.controllers)};
}

// A line that flashes each port once has no second unit to judge a port by.
int close_after(const LineOptions& options, const config::StationConfig& station) {
  return options.stay && !options.dry_run ? station.quarantine_after : 0;
}

std::optional<int> units_left(const std::optional<Quota>& quota) {
  return quota && !quota->without_order ? std::optional(quota->left) : std::nullopt;
}

std::string order_of(const std::shared_ptr<const WorkOrder>& job) {
  return job ? job->order : "";
}

}  // namespace

Line::Line(LineOptions options, bool power)
    : options_(std::move(options)),
      power_(power),
      settings_(options_.settings),
      admission_(limits_of(*settings_.station, options_.topology)),
      quota_(options_.quota),
      trust_(close_after(options_, *settings_.station), options_.stay) {
  admission_.set_left(units_left(quota_));
}

std::vector<Effect> Line::on(Input input, dfu::Duration now) {
  now_ = now;
  std::visit([this](auto& what) { hear(what); }, input);
  return std::exchange(effects_, {});
}

// ---- the bus

void Line::hear(input::Begin&) {
  for (const PartialFlash& unit : options_.partial_flashes) {
    units_.left_partial(unit);
    if (unit.last_run && !options_.dry_run) remark(PartialFlashUnits::news(unit));
  }
}

bool Line::allowed(const dfu::PortPath& port) const {
  const auto& only = options_.only_ports;
  return only.empty() || std::ranges::find(only, port) != only.end();
}

void Line::hear(input::Arrived& arrived) {
  const dfu::PortPath port = arrived.unit.port;
  occupied_[port] = arrived.unit.handle;
  // A unit that is plugged in after the start of `flash`, or after a stop, is none of its business.
  const bool late = (stopping_ || (listed_ && !options_.stay)) && !ports_.contains(port);
  if (!allowed(port) || late) return;
  use(port);
  auto pending_proof = units_.pending_proof_of(arrived.unit);
  const Enumerations::Return back = enumerations_.arrived(port, {now_, arrived.late});
  tell(port, visit_input::Arrived{std::move(arrived.unit), std::move(pending_proof), back.queued, back.late});
}

void Line::hear(input::Left& left) {
  const auto unit = occupied_.find(left.port);
  if (unit != occupied_.end() && unit->second == left.handle) occupied_.erase(unit);
  const dfu::Duration ahead = enumerations_.left(left.port, {now_, left.late});
  if (ports_.contains(left.port)) tell(left.port, visit_input::Left{left.handle, ahead});
}

// Every arrival was sent to its port. The listing itself is work until these have said what they do about them.
void Line::hear(input::Listed&) {
  listed_ = true;
  ++in_work_;
  want(effect::Settle{});
}

void Line::hear(input::Settled&) {
  --in_work_;
  finish_if_done();
}

// ---- what a port works by

VisitSetting Line::setting_for(const dfu::PortPath& port) const {
  const config::StationConfig& station = *settings_.station;
  const auto& controllers = options_.topology.controllers;
  VisitSetting setting;
  setting.slot = station.label_of(port, controllers);
  const auto own = settings_.own_recipes.find(port);
  setting.recipe = own == settings_.own_recipes.end() ? settings_.recipe : own->second;
  const bool left_alone = commissioning_ || skipped_.contains(port) || station.skips(port, controllers);
  if (left_alone) setting.recipe = nullptr;
  // A dry run changes nothing, the unit's mode neither.
  setting.enter_dfu = setting.recipe && setting.recipe->enter_dfu.value_or(options_.stay) && !options_.dry_run;
  setting.insert_after = station.insert_after;
  setting.quarantine = trust_.closed(port);
  if (quota_) setting.job = quota_->job;
  setting.power = power_ && may_ever_switch(port, station, options_.topology);
  return setting;
}

void Line::use(const dfu::PortPath& port) {
  if (ports_.insert(port).second) want(effect::UsePort{port, setting_for(port)});
}

void Line::set_again(const dfu::PortPath& port) {
  if (ports_.contains(port)) tell(port, visit_input::Setting{setting_for(port)});
}

void Line::set_all_again() {
  for (const dfu::PortPath& port : ports_) set_again(port);
}

void Line::tell_all(const VisitInput& input) {
  for (const dfu::PortPath& port : ports_) tell(port, input);
}

void Line::hear(input::Reload& reload) {
  settings_ = std::move(reload.settings);
  trust_.change(close_after(options_, *settings_.station));
  admission_.change(limits_of(*settings_.station, options_.topology));
  set_all_again();
  admit();
}

void Line::hear(input::Skip& skip) {
  skip.skip ? static_cast<void>(skipped_.insert(skip.port)) : static_cast<void>(skipped_.erase(skip.port));
  set_again(skip.port);
}

// ---- who may work

void Line::hear(input::PlaceWanted& wanted) {
  admission_.request(wanted.port);
  admit();
}

void Line::hear(input::PlaceReleased& released) {
  admission_.release(released.port);
  admit();
}

void Line::admit() {
  for (const dfu::PortPath& port : admission_.admit(now_)) tell(port, visit_input::Admitted{});
  show_waits();
  const auto next = admission_.next_time(now_);
  if (!next || wake_at_ == next) return;
  wake_at_ = next;
  want(effect::WakeAt{*next});
}

void Line::show_waits() {
  const auto& controllers = options_.topology.controllers;
  for (Admission::Change& change : admission_.changes()) {
    show(UnitWaits{change.port, settings_.station->label_of(change.port, controllers), std::move(change.wait)});
  }
}

void Line::open_or_close() {
  const auto closed = commissioning_ ? std::optional(WaitFor::commissioning)
                      : paused_      ? std::optional(WaitFor::pause)
                                     : std::nullopt;
  admission_.close(closed);
  admit();
}

void Line::hear(input::Pause& pause) {
  paused_ = pause.paused;
  open_or_close();
}

void Line::hear(input::Halt& halt) {
  paused_ = true;
  open_or_close();
  tell_all(visit_input::Halt{halt.kind});
}

void Line::hear(input::Commission& commission) {
  commissioning_ = commission.on;
  set_all_again();
  open_or_close();
}

void Line::hear(input::WorkFor& work) {
  Quota& fresh = work.quota;
  // Another operator takes over: what the record has not counted yet, the line has.
  const bool same = quota_ && quota_->job && fresh.job && quota_->job->order == fresh.job->order;
  if (same && !fresh.without_order && !quota_->without_order) fresh.left = quota_->left;
  quota_ = std::move(fresh);
  admission_.set_left(units_left(quota_));
  show(JobTaken{quota_->job, quota_->left, quota_->without_order});
  set_all_again();
  admit();
}

// ---- the end

void Line::hear(input::WorkChanged& work) {
  in_work_ += work.begun ? 1 : -1;
  finish_if_done();
}

void Line::finish_if_done() {
  if (in_work_ > 0 || !listed_ || finished_ || (options_.stay && !stopping_)) return;
  finished_ = true;
  want(effect::Finish{totals_});
}

void Line::hear(input::Stop& stop) {
  this->stop(stop.kind);
}

void Line::stop(StopKind kind) {
  if (stopping_ && *stopping_ >= kind) return;
  stopping_ = kind;
  tell_all(visit_input::Stop{kind});
  finish_if_done();
}

// ---- what happens to units

void Line::hear(input::Happened& happened) {
  std::visit([this](auto& event) { on_event(event); }, happened.event);
}

void Line::remark(Remark remark) {
  want(effect::Note{remark});
  show(Remarked{std::move(remark)});
}

void Line::on_event(UnitArrived& event) {
  units_.hear(event);
  show(std::move(event));
}

void Line::on_event(UnitLeft& event) {
  units_.hear(event);
  show(std::move(event));
}

void Line::on_event(AttemptBegan& event) {
  if (auto said = units_.hear(event)) remark(std::move(*said));
  show(std::move(event));
}

void Line::on_event(AttemptEnded& event) {
  const AttemptFinished& finished = event.finished;
  const dfu::PortPath& port = finished.started.port;
  ++totals_.attempts;
  if (finished.fault && finished.fault->code == dfu::FaultCode::records_unavailable) {
    totals_.records_lost = true;
    stop(StopKind::safe_point);  // when records cannot be written, no further unit is touched
  }
  note_access(port, finished.fault);
  show(event);
  if (auto said = units_.hear(event)) remark(std::move(*said));
  last_ended_[port] = finished;
  if (const auto state = trust_.ended(finished)) {
    change_hub(port.hub(), *state, {HubChange::By::attempts, finished.started.attempt});
  }
  count_made(finished);
}

void Line::on_event(Judged& event) {
  note_access(event.unit.port, event.refusal);
  show(std::move(event));
}

void Line::on_event(VerdictReached& event) {
  count(event);
  show(event);
  const auto last = last_ended_.extract(event.port);
  if (!last) return;
  Trust::Judgement judgement = trust_.judged(last.mapped(), event);
  for (Remark& said : judgement.remarks) remark(std::move(said));
  if (judgement.port_changed) set_again(event.port);
}

void Line::note_access(const dfu::PortPath& port, const std::optional<dfu::Fault>& fault) {
  denied_.erase(port);
  if (fault && fault->code == dfu::FaultCode::access_denied) denied_.insert(port);
  totals_.access_denied = static_cast<int>(denied_.size());
}

void Line::count(const VerdictReached& verdict) {
  ++totals_.units;
  switch (verdict.outcome) {
    case Outcome::passed:
      ++totals_.passed;
      break;
    case Outcome::already:
      ++totals_.already;
      break;
    case Outcome::failed:
      ++totals_.failed;
      break;
    case Outcome::error:
      ++totals_.error;
      break;
    case Outcome::cancelled:
    case Outcome::interrupted:
      ++totals_.cancelled;
      if (verdict.attempts == 0) ++totals_.not_begun;
      break;
  }
}

void Line::count_made(const AttemptFinished& finished) {
  const AttemptStarted& started = finished.started;
  const bool wrote = std::ranges::any_of(finished.steps, [](const StepDone& step) { return step.written_bytes > 0; });
  if (wrote) writers_[started.port] = started.visit;
  // An attempt that only had to prove what an earlier one of this visit wrote has made the unit, too.
  const bool written_here = writers_[started.port] == started.visit;
  const bool made = finished.outcome == Outcome::passed ||
                    (finished.outcome == Outcome::already && quota_ && (quota_->count_already || written_here));
  if (!quota_ || quota_->without_order || !made || quota_->left == 0) return;
  if (order_of(started.job) != order_of(quota_->job)) return;
  admission_.set_left(--quota_->left);
  show(UnitMade{quota_->left});
  if (quota_->left > 0 || options_.wait_for_jobs) return;
  totals_.quota_made = true;
  stop(StopKind::drain);
}

// ---- ports and hubs that were closed, slowed or stopped

// What the hub takes by the station file, else one unit for each of its ports.
int Line::width_of(const dfu::PortPath& hub) const {
  for (const Admission::Pool& limits : pools_of(*settings_.station, options_.topology.controllers)) {
    if (limits.hub == hub) return limits.width;
  }
  const auto known = std::ranges::find(options_.topology.hubs, hub, &dfu::HubInfo::port);
  return known == options_.topology.hubs.end() ? settings_.station->cap : known->ports;
}

// Half of what it takes, or nothing, or all again.
void Line::change_hub(const dfu::PortPath& hub, HubThrottle::State state, const HubChange& change) {
  const int half = std::max(1, width_of(hub) / 2);
  switch (state) {
    case HubThrottle::State::as_before:
      admission_.narrow(hub, {});
      break;
    case HubThrottle::State::slowed:
      admission_.narrow(hub, half);
      break;
    case HubThrottle::State::stopped:
      admission_.narrow(hub, 0);
      break;
  }
  remark(hub_changed(hub, state, change, half, trust_.evidence(hub)));
  admit();
}

void Line::hear(input::Release& release) {
  const Decision& decision = release.decision;
  if (trust_.release_port(release.place)) {
    remark(make_remark(RemarkCode::port_released, {}, release.place.text, values_of(decision)));
    set_again(release.place);
  }
  if (const auto state = trust_.release_hub(release.place)) {
    change_hub(release.place, *state, {HubChange::By::person, {}, decision});
  }
}

// ---- power

// While a whole hub is off, nothing is begun there.
void Line::hear(input::PowerWanted& wanted) {
  const dfu::PortPath hub = wanted.port.hub();
  const dfu::PortPower power = power_of(hub, *settings_.station, options_.topology);
  std::set<dfu::PortPath> holding;
  for (const auto& [place, unit] : occupied_) holding.insert(place);
  if (!wanted.on && !may_switch_off(wanted.port, power, holding)) return tell(wanted.port, visit_input::Powered{false});
  if (!wanted.on && power == dfu::PortPower::ganged) admission_.hold(hub);
  want(effect::SwitchPower{wanted.port, wanted.on});
}

void Line::hear(input::PowerSwitched& power) {
  if (power.on || !power.switched) {
    admission_.unhold(power.port.hub());
    admit();
  }
  tell(power.port, visit_input::Powered{power.switched});
}

}  // namespace scheduler
