#include "scheduler/engine.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dfu/particle/identity.h"
#include "scheduler/admission.h"
#include "scheduler/enumerations.h"
#include "scheduler/hub_care.h"
#include "scheduler/hub_power.h"
#include "scheduler/identities.h"
#include "scheduler/mailbox.h"
#include "scheduler/quarantine.h"
#include "scheduler/retry.h"
#include "scheduler/suspicion.h"
#include "scheduler/talk.h"
#include "scheduler/visit.h"

namespace scheduler {

namespace {

// A handful that was pulled too early comes back within minutes. One that comes back after so many others is surveyed
// like any unit and found to hold everything; and each of them keeps a recipe alive.
constexpr std::size_t most_owed = 32;

// One port of the line: its visit and the mailbox that serialises it.
struct Port {
  Port(Pool& pool, VisitOptions options) : mailbox(std::make_shared<Mailbox>(pool)), visit(std::move(options)) {}

  std::shared_ptr<Mailbox> mailbox;
  Visit visit;                 // touched in `mailbox` only
  std::shared_ptr<Talk> talk;  // that runs, or ran last; touched in `mailbox` only
  bool in_work = false;        // as last reported to the line; touched in `mailbox` only
};

}  // namespace

struct Engine::Impl {
  Impl(dfu::Bus& bus_, dfu::Clock& clock_, Pool& pool_, Recorder& recorder_, Observer& observer_,
       EngineOptions options_)
      : bus(bus_),
        clock(clock_),
        pool(pool_),
        recorder(recorder_),
        observer(observer_),
        options(std::move(options_)),
        line(std::make_shared<Mailbox>(pool_)),
        settings(options.settings),
        admission(limits()),
        quota(options.quota),
        quarantine(quarantine_after()) {
    if (quota) admission.set_left(quota->left);
  }

  // Everything below runs in the line's mailbox, except where it says so.
  void on_bus(const dfu::BusEvent& event);
  bool allowed(const dfu::PortPath& port) const;
  Admission::Limits limits() const;
  VisitSetting setting_for(const dfu::PortPath& port) const;
  int quarantine_after() const;
  void reload(LineSettings fresh);
  void release(const dfu::PortPath& port);
  void skip(const dfu::PortPath& port, bool skip);
  void set_anew(const dfu::PortPath& port);
  void set_anew();
  void commission(bool on, std::function<void()> done);
  void work_for(Quota fresh, std::function<void()> done);
  void after_each_port(std::function<void()> call);
  std::shared_ptr<Port> port_for(const dfu::PortPath& path);
  void tell(const std::shared_ptr<Port>& port, Told told);  // any thread
  void hear(const Event& event);
  void note_access(const dfu::PortPath& port, const std::optional<dfu::Fault>& fault);
  void count(const VerdictReached& verdict);
  void count_made(const AttemptFinished& finished);
  void note_unit(const AttemptFinished& finished);
  void tell_half_written();
  void note_yield(const AttemptFinished& last, const VerdictReached& verdict);
  void note_port(const AttemptFinished& last, const VerdictReached& verdict, bool good);
  void note_hub(const AttemptFinished& finished);
  int width_of(const dfu::PortPath& hub) const;
  void care_for(const dfu::PortPath& hub, HubCare::State state, const std::string& attempt, HubChange change);
  std::shared_ptr<const AttemptFinished> owed_by(const dfu::UnitInfo& unit) const;
  void remark(Remark remark);
  void switch_power(const std::shared_ptr<Port>& port, bool on);
  void switched_power(const std::shared_ptr<Port>& port, bool on, bool switched);
  void admit();
  void count_work(bool begun);
  void all_listed();
  void stop(StopKind kind);
  void finish_if_done();

  // In the port's mailbox.
  void carry_out(const std::shared_ptr<Port>& port, const Told& told);
  void do_want(const std::shared_ptr<Port>& port, wants::RequestPlace);
  void do_want(const std::shared_ptr<Port>& port, wants::ReleasePlace);
  void do_want(const std::shared_ptr<Port>& port, wants::Save& save);
  void do_want(const std::shared_ptr<Port>& port, wants::Note& note);
  void do_want(const std::shared_ptr<Port>& port, const wants::Open& open);
  void do_want(const std::shared_ptr<Port>& port, const wants::Talk& talk);
  void do_want(const std::shared_ptr<Port>& port, const wants::StopTalk& stop);
  void do_want(const std::shared_ptr<Port>& port, const wants::Close& close);
  void do_want(const std::shared_ptr<Port>& port, const wants::Power& power);
  void do_want(const std::shared_ptr<Port>& port, const wants::Timer& timer);
  void do_want(const std::shared_ptr<Port>& port, wants::Tell& tell);

  dfu::Bus& bus;
  dfu::Clock& clock;
  Pool& pool;
  Recorder& recorder;
  Observer& observer;
  const EngineOptions options;
  const std::shared_ptr<Mailbox> line;

  // Line mailbox only.
  LineSettings settings;
  Admission admission;
  std::optional<Quota> quota;
  bool paused = false;
  std::optional<dfu::Duration> next_admission;
  std::map<dfu::PortPath, std::shared_ptr<Port>> ports;
  std::map<dfu::PortPath, dfu::UnitHandle> occupied;  // what the bus says, whoever's unit it is
  std::set<dfu::PortPath> denied;
  std::set<dfu::PortPath> skipped;  // by somebody, while the line runs
  bool commissioning = false;
  Enumerations enumerations;
  Identities identities;
  std::map<dfu::PortPath, AttemptFinished> last_ended;
  std::map<dfu::PortPath, std::string> writers;  // the visit that wrote there last
  Suspicion slots, hubs;
  Quarantine quarantine;
  HubCare care;
  std::map<std::string, std::shared_ptr<const AttemptFinished>> owed;  // by unit id: what is left to prove
  HalfWrittenUnits half_written;
  Totals totals;
  int in_work = 0;
  bool listed = false;
  std::optional<StopKind> stopping;
  std::function<void(Totals)> done;
};

Engine::Engine(dfu::Bus& bus, dfu::Clock& clock, Pool& pool, Recorder& recorder, Observer& observer,
               EngineOptions options)
    : impl_(std::make_unique<Impl>(bus, clock, pool, recorder, observer, std::move(options))) {}

// A conversation that was cut off with the engine knows its port, as the port knows it.
Engine::~Engine() {
  for (const auto& [path, port] : impl_->ports) port->talk.reset();
}

void Engine::start(std::function<void(Totals)> done) {
  impl_->done = std::move(done);
  impl_->line->post([impl = impl_.get()] { impl->tell_half_written(); });
  impl_->bus.start(
      [impl = impl_.get()](const dfu::BusEvent& event) { impl->line->post([impl, event] { impl->on_bus(event); }); });
}

void Engine::stop(StopKind kind) {
  impl_->line->post([impl = impl_.get(), kind] { impl->stop(kind); });
}

void Engine::pause(bool paused) {
  impl_->line->post([impl = impl_.get(), paused] {
    impl->paused = paused;
    impl->admit();
  });
}

void Engine::halt(StopKind kind) {
  impl_->line->post([impl = impl_.get(), kind] {
    impl->paused = true;
    for (const auto& [path, port] : impl->ports) impl->tell(port, told::Halt{kind});
  });
}

void Engine::release(dfu::PortPath port) {
  impl_->line->post([impl = impl_.get(), port = std::move(port)] { impl->release(port); });
}

void Engine::skip(dfu::PortPath port, bool skip) {
  impl_->line->post([impl = impl_.get(), port = std::move(port), skip] { impl->skip(port, skip); });
}

void Engine::commission(bool on, std::function<void()> done) {
  impl_->line->post(
      [impl = impl_.get(), on, done = std::move(done)]() mutable { impl->commission(on, std::move(done)); });
}

void Engine::tell(Remark remark) {
  impl_->line->post([impl = impl_.get(), remark = std::move(remark)] { impl->remark(remark); });
}

void Engine::work_for(Quota quota, std::function<void()> done) {
  impl_->line->post([impl = impl_.get(), quota = std::move(quota), done = std::move(done)]() mutable {
    impl->work_for(std::move(quota), std::move(done));
  });
}

void Engine::reload(LineSettings settings) {
  impl_->line->post(
      [impl = impl_.get(), settings = std::move(settings)]() mutable { impl->reload(std::move(settings)); });
}

// ---- the line's mailbox

bool Engine::Impl::allowed(const dfu::PortPath& port) const {
  const auto& only = options.only_ports;
  return only.empty() || std::find(only.begin(), only.end(), port) != only.end();
}

Admission::Limits Engine::Impl::limits() const {
  const config::StationConfig& station = *settings.station;
  return {station.cap, station.stagger, pools_of(station, options.topology.controllers)};
}

VisitSetting Engine::Impl::setting_for(const dfu::PortPath& port) const {
  VisitSetting setting;
  setting.slot = settings.station->label_of(port, options.topology.controllers);
  const auto own = settings.own_recipes.find(port);
  setting.recipe = own == settings.own_recipes.end() ? settings.recipe : own->second;
  const bool left_alone = commissioning || skipped.contains(port);
  if (left_alone || settings.station->skips(port, options.topology.controllers)) setting.recipe = nullptr;
  // A dry run changes nothing, the unit's mode neither.
  setting.enter_dfu = setting.recipe && setting.recipe->enter_dfu.value_or(options.stay) && !options.dry_run;
  setting.insert_after = settings.station->insert_after;
  setting.quarantine = quarantine.reason(port);
  if (quota) setting.job = quota->job;
  setting.power = options.hubs && may_ever_switch(port, *settings.station, options.topology);
  return setting;
}

// Who flashes each port once has no second unit to judge a port by.
int Engine::Impl::quarantine_after() const {
  return options.stay && !options.dry_run ? settings.station->quarantine_after : 0;
}

void Engine::Impl::reload(LineSettings fresh) {
  settings = std::move(fresh);
  quarantine.change(quarantine_after());
  admission.change(limits());
  set_anew();
  admit();
}

std::shared_ptr<Port> Engine::Impl::port_for(const dfu::PortPath& path) {
  auto& port = ports[path];
  if (!port) {
    VisitOptions visit;
    visit.port = path;
    visit.setting = setting_for(path);
    visit.once = !options.stay;
    visit.dry_run = options.dry_run;
    visit.new_id = options.new_id;
    port = std::make_shared<Port>(pool, std::move(visit));
  }
  return port;
}

void Engine::Impl::on_bus(const dfu::BusEvent& event) {
  if (const auto* arrived = std::get_if<dfu::Arrived>(&event)) {
    const dfu::PortPath& path = arrived->unit.port;
    occupied[path] = arrived->unit.handle;
    // A unit that is plugged in after the start of `flash`, or after a stop, is none of its business.
    const bool late = (stopping || (listed && !options.stay)) && !ports.contains(path);
    if (allowed(path) && !late) {
      tell(port_for(path),
           told::Arrived{arrived->unit, owed_by(arrived->unit), enumerations.arrived(path, clock.now())});
    }
  } else if (const auto* left = std::get_if<dfu::Left>(&event)) {
    if (const auto unit = occupied.find(left->port); unit != occupied.end() && unit->second == left->handle) {
      occupied.erase(unit);
    }
    if (const auto port = ports.find(left->port); port != ports.end()) tell(port->second, told::Left{left->handle});
  } else {
    listed = true;
    all_listed();
  }
}

// `listed` says that all arrivals were posted to their ports.
void Engine::Impl::all_listed() {
  ++in_work;  // the listing itself
  after_each_port([this] { count_work(false); });
}

// When each port has handled what it was told until now.
void Engine::Impl::after_each_port(std::function<void()> call) {
  if (ports.empty()) return call();
  auto waiting = std::make_shared<std::size_t>(ports.size());
  for (const auto& [path, port] : ports) {
    port->mailbox->post([this, waiting, call] {
      line->post([waiting, call] {
        if (--*waiting == 0) call();
      });
    });
  }
}

void Engine::Impl::work_for(Quota fresh, std::function<void()> taken) {
  // Another operator takes over: what the record has not counted yet, the line has.
  const bool same = quota && quota->job && fresh.job && quota->job->order == fresh.job->order;
  if (same && !fresh.without_order && !quota->without_order) fresh.left = quota->left;
  quota = std::move(fresh);
  admission.set_left(quota->without_order ? std::nullopt : std::optional(quota->left));
  observer.on(JobTaken{quota->job, quota->left, quota->without_order});
  set_anew();
  after_each_port(std::move(taken));
  admit();
}

void Engine::Impl::tell(const std::shared_ptr<Port>& port, Told told) {
  port->mailbox->post([this, port, told = std::move(told)] { carry_out(port, told); });
}

void Engine::Impl::count_work(bool begun) {
  in_work += begun ? 1 : -1;
  finish_if_done();
}

void Engine::Impl::finish_if_done() {
  if (in_work > 0 || !listed || !done || (options.stay && !stopping)) return;
  std::exchange(done, nullptr)(totals);
}

void Engine::Impl::admit() {
  if (paused || commissioning) return;
  for (const dfu::PortPath& port : admission.admit(clock.now())) tell(ports.at(port), told::Admitted{});
  const auto next = admission.next_time(clock.now());
  if (!next || next_admission == next) return;
  next_admission = next;
  clock.at(*next, [this] { line->post([this] { admit(); }); });
}

void Engine::Impl::hear(const Event& event) {
  if (const auto* ended = std::get_if<AttemptEnded>(&event)) {
    ++totals.attempts;
    const auto& fault = ended->finished.fault;
    if (fault && fault->code == dfu::FaultCode::records_unavailable) {
      totals.records_lost = true;
      stop(StopKind::safe_point);  // when records cannot be written, no further unit is touched
    }
    note_access(ended->finished.started.port, fault);
    observer.on(event);
    note_unit(ended->finished);
    last_ended[ended->finished.started.port] = ended->finished;
    note_hub(ended->finished);
    return count_made(ended->finished);
  }
  if (const auto* arrived = std::get_if<UnitArrived>(&event)) identities.arrived(arrived->unit.port);
  if (const auto* left = std::get_if<UnitLeft>(&event)) identities.left(left->port);
  if (const auto* began = std::get_if<AttemptBegan>(&event)) {
    if (auto said = half_written.began(began->started)) remark(std::move(*said));
  }
  if (const auto* judged = std::get_if<Judged>(&event)) note_access(judged->unit.port, judged->refusal);
  if (const auto* verdict = std::get_if<VerdictReached>(&event)) count(*verdict);
  observer.on(event);
  if (const auto* verdict = std::get_if<VerdictReached>(&event)) {
    const auto last = last_ended.extract(verdict->port);
    if (last) note_yield(last.mapped(), *verdict);
  }
}

void Engine::Impl::note_access(const dfu::PortPath& port, const std::optional<dfu::Fault>& fault) {
  denied.erase(port);
  if (fault && fault->code == dfu::FaultCode::access_denied) denied.insert(port);
  totals.access_denied = static_cast<int>(denied.size());
}

void Engine::Impl::count_made(const AttemptFinished& finished) {
  const AttemptStarted& started = finished.started;
  const bool wrote = std::ranges::any_of(finished.steps, [](const StepDone& step) { return step.written_bytes > 0; });
  if (wrote) writers[started.port] = started.visit;
  // An attempt that only had to prove what an earlier one of this visit wrote has made the unit, too.
  const bool written_here = writers[started.port] == started.visit;
  const bool made = finished.outcome == Outcome::passed ||
                    (finished.outcome == Outcome::already && quota && (quota->count_already || written_here));
  const auto order_of = [](const std::shared_ptr<const Job>& job) { return job ? job->order : std::string(); };
  if (!quota || quota->without_order || !made || quota->left == 0) return;
  if (order_of(started.job) != order_of(quota->job)) return;
  admission.set_left(--quota->left);
  observer.on(UnitMade{quota->left});
  if (quota->left > 0 || options.wait_for_jobs) return;
  totals.quota_made = true;
  stop(StopKind::drain);
}

// ---- who the units are

void Engine::Impl::remark(Remark remark) {
  recorder.record(remark, [](bool) {});
  observer.on(Remarked{std::move(remark)});
}

std::shared_ptr<const AttemptFinished> Engine::Impl::owed_by(const dfu::UnitInfo& unit) const {
  const auto id = dfu::particle::device_id(unit);
  const auto found = id ? owed.find(*id) : owed.end();
  return found == owed.end() ? nullptr : found->second;
}

void Engine::Impl::note_unit(const AttemptFinished& finished) {
  const AttemptStarted& started = finished.started;
  half_written.ended(finished);
  if (!finished.unit) return;
  if (owes_proof_after(finished)) {
    owed[*finished.unit] = std::make_shared<const AttemptFinished>(finished);
    if (owed.size() > most_owed) {
      owed.erase(std::ranges::min_element(owed, {}, [](const auto& one) { return one.second->started.attempt; }));
    }
  } else {
    owed.erase(*finished.unit);
  }
  if (auto alarm = identities.saw(*finished.unit, {started.port, started.slot, started.visit, started.attempt})) {
    remark(std::move(*alarm));
  }
}

void Engine::Impl::tell_half_written() {
  for (const HalfWritten& unit : options.half_written) {
    half_written.add(unit);
    if (unit.last_run && !options.dry_run) remark(HalfWrittenUnits::news(unit));
  }
}

// A unit counts for its slot and its hub when its verdict speaks about a unit, a cable or a port: images and the
// station itself are the same for all.
void Engine::Impl::note_yield(const AttemptFinished& last, const VerdictReached& verdict) {
  const bool good = verdict.outcome == Outcome::passed || verdict.outcome == Outcome::already;
  const dfu::About about = last.fault ? dfu::about(last.fault->code) : dfu::About::unit;
  const bool counts = about != dfu::About::image && about != dfu::About::station;
  if (!good && (verdict.outcome != Outcome::failed || !counts)) return;
  note_port(last, verdict, good);
  const std::string hub = verdict.port.hub().text;
  const auto say = [&](RemarkCode code, const std::string& name, const Suspicion::Finding& found) {
    remark(suspected(code, last.started.attempt, name, found));
  };
  const bool labelled = !verdict.slot.empty();
  const std::string slot = labelled ? verdict.slot : verdict.port.text;
  if (const auto found = slots.judged(slot, !good)) {
    say(labelled ? RemarkCode::suspect_slot : RemarkCode::suspect_port, slot, *found);
  }
  if (const auto found = hubs.judged(hub, !good)) say(RemarkCode::suspect_hub, hub, *found);
}

// ---- ports and hubs that are not trusted any more

void Engine::Impl::note_port(const AttemptFinished& last, const VerdictReached& verdict, bool good) {
  const dfu::PortPath& port = verdict.port;
  const std::string fault(last.fault ? dfu::to_string(last.fault->code) : std::string_view());
  const auto change = quarantine.judged(port, good, last.unit, fault);
  if (!change) return;
  switch (*change) {
    case Quarantine::Change::closed:
      remark(port_closed(port, last.started.attempt, *quarantine.cause(port)));
      break;
    case Quarantine::Change::lifted:
      remark(make_remark(RemarkCode::port_good, last.started.attempt, port.text));
      break;
  }
  tell(ports.at(port), told::Setting{setting_for(port)});
}

void Engine::Impl::note_hub(const AttemptFinished& finished) {
  const auto& fault = finished.fault;
  const bool speaks = !fault || outcome_of(*fault) == Outcome::failed;
  if (!options.stay || !speaks) return;
  const dfu::PortPath hub = finished.started.port.hub();
  const auto state = care.ended(finished.started.port, fault && on_the_wire(fault->code));
  if (!state) return;
  care_for(hub, *state, finished.started.attempt, HubChange::judged);
}

// What the hub takes by the station file, else one unit for each of its ports.
int Engine::Impl::width_of(const dfu::PortPath& hub) const {
  for (const Admission::Pool& limits : pools_of(*settings.station, options.topology.controllers)) {
    if (limits.hub == hub) return limits.width;
  }
  const auto known = std::ranges::find(options.topology.hubs, hub, &dfu::HubInfo::port);
  return known == options.topology.hubs.end() ? settings.station->cap : known->ports;
}

// Half of what it takes, or nothing, or all again.
void Engine::Impl::care_for(const dfu::PortPath& hub, HubCare::State state, const std::string& attempt,
                            HubChange change) {
  const int half = std::max(1, width_of(hub) / 2);
  switch (state) {
    case HubCare::State::as_before:
      admission.narrow(hub, {});
      break;
    case HubCare::State::slowed:
      admission.narrow(hub, half);
      break;
    case HubCare::State::stopped:
      admission.narrow(hub, 0);
      break;
  }
  remark(hub_changed(hub, attempt, state, change, half, care.evidence(hub)));
  admit();
}

void Engine::Impl::release(const dfu::PortPath& port) {
  if (quarantine.release(port)) {
    remark(make_remark(RemarkCode::port_released, {}, port.text));
    set_anew(port);
  }
  if (const auto state = care.release(port)) care_for(port, *state, {}, HubChange::released);
}

void Engine::Impl::skip(const dfu::PortPath& port, bool skip) {
  skip ? static_cast<void>(skipped.insert(port)) : static_cast<void>(skipped.erase(port));
  set_anew(port);
}

void Engine::Impl::commission(bool on, std::function<void()> taken) {
  commissioning = on;
  set_anew();
  after_each_port(std::move(taken));
  admit();
}

void Engine::Impl::set_anew() {
  for (const auto& [path, port] : ports) tell(port, told::Setting{setting_for(path)});
}

void Engine::Impl::set_anew(const dfu::PortPath& port) {
  if (const auto known = ports.find(port); known != ports.end()) tell(known->second, told::Setting{setting_for(port)});
}

// ---- power

// While a whole hub is off, nothing is begun there.
void Engine::Impl::switch_power(const std::shared_ptr<Port>& port, bool on) {
  const dfu::PortPath& path = port->visit.port();
  const dfu::PortPower power = power_of(path.hub(), *settings.station, options.topology);
  std::set<dfu::PortPath> holding;
  for (const auto& [place, unit] : occupied) holding.insert(place);
  if (!on && !may_switch_off(path, power, holding)) return tell(port, told::Powered{false});
  if (!on && power == dfu::PortPower::ganged) admission.hold(path.hub());
  options.hubs->set_power(path, on, [this, port, on](bool switched) {
    line->post([this, port, on, switched] { switched_power(port, on, switched); });
  });
}

void Engine::Impl::switched_power(const std::shared_ptr<Port>& port, bool on, bool switched) {
  if (on || !switched) {
    admission.unhold(port->visit.port().hub());
    admit();
  }
  tell(port, told::Powered{switched});
}

void Engine::Impl::count(const VerdictReached& verdict) {
  ++totals.units;
  switch (verdict.outcome) {
    case Outcome::passed:
      ++totals.passed;
      break;
    case Outcome::already:
      ++totals.already;
      break;
    case Outcome::failed:
      ++totals.failed;
      break;
    case Outcome::error:
      ++totals.error;
      break;
    case Outcome::cancelled:
    case Outcome::interrupted:
      ++totals.cancelled;
      if (verdict.attempts == 0) ++totals.not_begun;
      break;
  }
}

void Engine::Impl::stop(StopKind kind) {
  if (stopping && *stopping >= kind) return;
  stopping = kind;
  for (const auto& [path, port] : ports) tell(port, told::Stop{kind});
  finish_if_done();
}

// ---- the ports' mailboxes

void Engine::Impl::carry_out(const std::shared_ptr<Port>& port, const Told& told) {
  // Its watchers hold the port.
  if (std::holds_alternative<told::Talked>(told)) port->talk.reset();
  for (Want& one : port->visit.on(told, clock.now())) {
    std::visit([&](auto& want) { do_want(port, want); }, one);
  }
  const bool now_in_work = port->visit.in_work();
  if (std::exchange(port->in_work, now_in_work) == now_in_work) return;
  line->post([this, now_in_work] { count_work(now_in_work); });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, wants::RequestPlace) {
  line->post([this, path = port->visit.port()] {
    admission.request(path);
    admit();
  });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, wants::ReleasePlace) {
  line->post([this, path = port->visit.port()] {
    admission.release(path);
    admit();
  });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, wants::Save& save) {
  recorder.record(std::move(save.record), [this, port](bool committed) { tell(port, told::Recorded{committed}); });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>&, wants::Note& note) {
  recorder.record(std::move(note.record), [](bool) {});
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, const wants::Open& open) {
  bus.open(open.handle, open.claims,
           [this, port](dfu::OpenResult result) { tell(port, told::Opened{std::move(result)}); });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, const wants::Talk& talk) {
  port->talk = std::make_shared<Talk>(
      bus, clock, talk.handle, talk.task,
      Talk::Watchers{.news = [this](Progress news) { line->post([this, news = std::move(news)] { hear(news); }); },
                     .over = [this, port] { tell(port, told::Talked{}); }});
  port->talk->begin();
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, const wants::StopTalk& stop) {
  if (!port->talk) return;
  stop.at_once ? port->talk->hurry() : port->talk->stop();
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, const wants::Close& close) {
  bus.close(close.handle, [this, port] { tell(port, told::Closed{}); });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, const wants::Power& power) {
  line->post([this, port, on = power.on] { switch_power(port, on); });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>& port, const wants::Timer& timer) {
  clock.after(timer.delay, [this, port, id = timer.timer] { tell(port, told::TimeOver{id}); });
}

void Engine::Impl::do_want(const std::shared_ptr<Port>&, wants::Tell& tell) {
  line->post([this, event = std::move(tell.event)] { hear(event); });
}

}  // namespace scheduler
