#include "station/live/live_line.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <utility>

#include "dfu/profile.h"
#include "scheduler/fault_policy.h"
#include "scheduler/outcome.h"

namespace station {

namespace {

using dfu::OperationKind;

using namespace std::chrono_literals;

constexpr dfu::Duration rate_window = 1s;
// Long enough for some hundred blocks of each unit, short enough to be "now".
constexpr dfu::Duration bus_window = 2s;
constexpr dfu::Duration hour_window = 10min;
constexpr dfu::Duration shortest_hour_window = 1min;

// Far more than the hint needs: a port where all fail, and that nobody looks at, must not fill the memory.
constexpr std::size_t most_known_in_a_row = 64;

// Seconds of work after which its pace says something about what is left.
constexpr double shortest_for_pace = 0.5;

// A shared bus bounds its units if they are slower than alone, and it is at least half full of payload: a unit that
// answers NAK to each packet makes the same payload take twice its time (docs/devices.md, "Wire time"). Slower alone
// proves nothing, because flash memory may be slow; full alone harms nobody.
constexpr double bus_full = 0.5;
constexpr double noticeably_slower = 1.1;

double wire_seconds(double bytes) {
  constexpr std::uint32_t block = 4096;
  static const double per_byte = dfu::seconds(dfu::wire_time(block)) / block;
  return bytes * per_byte;
}

bool moves_data(OperationKind phase) {
  return phase == OperationKind::survey || phase == OperationKind::write || phase == OperationKind::read;
}

void count(Counts& counts, scheduler::Outcome outcome) {
  ++counts.units;
  switch (outcome) {
    case scheduler::Outcome::passed:
      ++counts.passed;
      break;
    case scheduler::Outcome::already:
      ++counts.already;
      break;
    case scheduler::Outcome::failed:
      ++counts.failed;
      break;
    case scheduler::Outcome::error:
      ++counts.error;
      break;
    case scheduler::Outcome::cancelled:
    case scheduler::Outcome::interrupted:
      ++counts.cancelled;
      break;
  }
}

}  // namespace

LineState::LineState(LineSetup setup, dfu::Duration now) : setup_(std::move(setup)), begin_(now), now_(now) {
  see(setup_.topology);
}

void LineState::see(const dfu::Topology& topology) {
  hubs_there_.clear();
  for (const dfu::HubInfo& hub : topology.hubs) {
    hubs_there_.insert(hub.port);
    const auto known = std::ranges::find(setup_.topology.hubs, hub.port, &dfu::HubInfo::port);
    if (known == setup_.topology.hubs.end()) {
      setup_.topology.hubs.push_back(hub);
    } else {
      *known = hub;
    }
  }
  name_slots();
}

bool LineState::is_missing(const dfu::PortPath& hub) const {
  return !hubs_there_.empty() && !hub.is_root() && !hubs_there_.contains(hub);
}

// No unit is started on this port before somebody releases the hub.
bool LineState::is_stopped(const dfu::PortPath& port) const {
  return std::ranges::any_of(troubled_,
                             [&](const auto& hub) { return hub.second.stopped && port.is_behind(hub.first); });
}

std::string LineState::name_of_hub(const dfu::PortPath& hub) const {
  const auto known = hubs_.find(hub);
  return known == hubs_.end() || known->second.label.empty() ? hub.text : known->second.label;
}

void LineState::reload(scheduler::LineSettings settings) {
  setup_.settings = std::move(settings);
  std::erase_if(setup_.topology.hubs, [this](const dfu::HubInfo& hub) { return is_missing(hub.port); });
  name_slots();
  // A port that is no longer a slot is removed once nothing is to be said about a unit in it.
  const std::vector<dfu::PortPath> known = known_ports();
  std::erase_if(slots_, [&](const auto& one) {
    return std::ranges::find(known, one.first) == known.end() && is_at_rest(one.second);
  });
}

bool LineState::is_at_rest(const Slot& slot) const {
  return slot.now.state == SlotState::empty || slot.now.state == SlotState::foreign ||
         (slot.now.state == SlotState::verdict && !slot.now.present);
}

void LineState::name_slots() {
  const config::StationConfig& station = *setup_.settings.station;
  const auto& controllers = setup_.topology.controllers;
  for (const dfu::HubInfo& hub : setup_.topology.hubs) hubs_[hub.port].tt = hub.tt;
  for (const config::HubLimits& hub : station.hubs) {
    if (const auto port = station.port_of(hub.port, controllers)) hubs_[*port].label = hub.label;
  }
  for (const dfu::PortPath& port : known_ports()) show(port);
  for (auto& [port, slot] : slots_) slot.now.label = station.label_of(port, controllers);
}

std::vector<dfu::PortPath> LineState::known_ports() const {
  if (!setup_.only_ports.empty()) return setup_.only_ports;
  const config::StationConfig& station = *setup_.settings.station;
  std::vector<dfu::PortPath> ports;
  for (const config::SlotConfig& slot : station.slots) {
    if (const auto port = station.port_of(slot.port, setup_.topology.controllers)) ports.push_back(*port);
  }
  if (!ports.empty()) return ports;
  std::set<dfu::PortPath> hubs;
  for (const dfu::HubInfo& hub : setup_.topology.hubs) hubs.insert(hub.port);
  for (const dfu::HubInfo& hub : setup_.topology.hubs) {
    for (int number = 1; number <= hub.ports && !hub.port.is_root(); ++number) {
      const dfu::PortPath port{hub.port.text + "." + std::to_string(number)};
      if (!hubs.contains(port)) ports.push_back(port);
    }
  }
  return ports;
}

std::vector<std::shared_ptr<const config::Recipe>> LineState::recipes() const {
  std::vector<std::shared_ptr<const config::Recipe>> all;
  if (setup_.settings.recipe) all.push_back(setup_.settings.recipe);
  for (const auto& [port, recipe] : setup_.settings.own_recipes) all.push_back(recipe);
  return all;
}

LineState::Slot& LineState::show(const dfu::PortPath& port) {
  Slot& slot = slots_[port];
  slot.now.port = port;
  return slot;
}

LineState::Slot& LineState::slot(const dfu::PortPath& port, const std::string& label) {
  Slot& slot = show(port);
  slot.now.label = label;
  return slot;
}

void LineState::skip(const dfu::PortPath& port, const std::optional<std::string>& reason) {
  if (reason) {
    skipped_[port] = *reason;
  } else {
    skipped_.erase(port);
  }
}

// What somebody said here and now goes before what stands in a file.
std::optional<Skip> LineState::skip_of(const dfu::PortPath& port) const {
  if (const auto skip = skipped_.find(port); skip != skipped_.end()) return Skip{Skip::By::somebody, skip->second};
  const scheduler::LineSettings& settings = setup_.settings;
  if (settings.station->skips(port, setup_.topology.controllers)) {
    return Skip{Skip::By::file, "the station file says: skip"};
  }
  if (settings.recipe || settings.own_recipes.contains(port)) return std::nullopt;
  return Skip{Skip::By::no_recipe, "there is no recipe for this slot"};
}

// ---- events

void LineState::fold(const scheduler::Event& event, dfu::Duration now) {
  now_ = now;
  std::visit([this](const auto& each) { hear(each); }, event);
}

void LineState::hear(const scheduler::UnitArrived& event) {
  // While sockets are named, each one that a unit was plugged into is shown.
  const bool shown = slots_.contains(event.unit.port) || state_ == RunState::commissioning;
  if (!event.ours && !shown) return;
  Slot& slot = this->slot(event.unit.port, event.slot);
  slot.now.present = true;
  // Not the unit that the verdict was about. If it is ours, its visit begins in a moment.
  if (slot.over || slot.now.state == SlotState::empty) {
    slot = {.now = {.port = slot.now.port, .label = slot.now.label, .state = SlotState::foreign, .present = true}};
    slot.now.missed = !event.ours && (state_ == RunState::commissioning || skip_of(event.unit.port));
  }
  if (slot.now.state == SlotState::between && event.ours) slot.now.state = SlotState::queued;
}

void LineState::hear(const scheduler::UnitLeft& event) {
  if (!slots_.contains(event.port)) return;
  Slot& slot = this->slot(event.port, event.slot);
  slot.now.present = false;
  slot.now.taken_out = slot.now.state == SlotState::verdict;
  if (slot.now.state == SlotState::foreign) slot.now.state = SlotState::empty;
  if (slot.now.state != SlotState::working || slot.now.phase != OperationKind::leave) return;
  slot.now.phase = OperationKind::proof;
  slot.got_on = now_;
}

void LineState::hear(const scheduler::VisitBegan& event) {
  Slot& slot = this->slot(event.port, event.slot);
  slot = {
      .now = {
          .port = event.port, .label = event.slot, .state = SlotState::queued, .present = true, .visit = event.visit}};
}

void LineState::hear(const scheduler::VisitOver& event) {
  Slot& slot = this->slot(event.port, event.slot);
  slot.over = true;
  // It has no verdict, so none is shown.
  if (event.never_begun) slot.now.state = SlotState::empty;
}

void LineState::hear(const scheduler::UnitWaits& event) {
  if (slots_.contains(event.port)) slot(event.port, event.slot).now.wait = event.wait;
}

void LineState::hear(const scheduler::AttemptBegan& event) {
  if (!first_attempt_) first_attempt_ = now_;
  Slot& slot = this->slot(event.started.port, event.started.slot);
  slot.now.state = SlotState::working;
  slot.now.attempt = event.started.number;
  slot.now.serial = event.started.unit.serial;
  slot.now.phase = OperationKind::open;
  slot.now.step.clear();
  slot.now.fraction = 0;
  slot.got_on = now_;
  slot.last = slot.planned = {};
  slot.moved.clear();
}

void LineState::hear(const scheduler::Progress& event) {
  Slot& slot = this->slot(event.port, event.slot);
  // A unit that only says that it is still busy does not get on.
  if (event.phase == slot.last.phase && event.floor_seconds <= slot.last.floor_seconds) return;
  note_stretch(slot, event);
  if (event.phase != slot.now.phase) slot.moved.clear();
  slot.now.phase = event.phase;
  slot.now.step = event.step;
  slot.now.fraction = event.fraction;
  slot.got_on = now_;
  if (slot.last.phase == OperationKind::survey || slot.last.phase == OperationKind::open) slot.planned = event;
  slot.last = event;
  slot.moved.push_back({now_, event.bytes});
  while (slot.moved.size() > 2 && slot.moved[1].at <= now_ - rate_window) slot.moved.pop_front();
}

// What was finished since the last event was work of the phase of that event.
void LineState::note_stretch(const Slot& slot, const scheduler::Progress& event) {
  if (!moves_data(slot.last.phase)) return;
  auto& stretches = hubs_[event.port.hub()].stretches;
  stretches.push_back({event.port, now_, event.elapsed_seconds - slot.last.elapsed_seconds,
                       event.floor_seconds - slot.last.floor_seconds,
                       static_cast<double>(event.bytes - slot.last.bytes)});
  while (stretches.front().end <= now_ - bus_window) stretches.pop_front();
}

void LineState::hear(const scheduler::AttemptEnded& event) {
  const scheduler::AttemptFinished& finished = event.finished;
  ++counts_.attempts;
  Slot& slot = this->slot(finished.started.port, finished.started.slot);
  // While all is stopped, another attempt waits with the other units.
  slot.now.state = state_ == RunState::halted ? SlotState::queued : SlotState::between;
  if (finished.unit) slot.now.unit = *finished.unit;
  if (!finished.serials.empty()) slot.now.serial = finished.serials.back();
  slot.now.last = Ending{finished.outcome, finished.fault, finished.verified, finished.booted,
                         finished.flash_seconds + finished.return_seconds};
}

void LineState::hear(const scheduler::VerdictReached& event) {
  Slot& slot = this->slot(event.port, event.slot);
  slot.now.state = SlotState::verdict;
  slot.now.verdict = event.outcome;
  slot.now.attempt = event.attempts;
  slot.now.asked = !event.advice.empty();
  count_in_a_row(slot, event.outcome);
  count(counts_, event.outcome);
  if (!is_good(event.outcome)) return;
  if (event.attempts == 1) ++counts_.first_pass;
  good_.push_back(now_);
  while (good_.front() <= now_ - hour_window) good_.pop_front();
}

// A unit counts when its verdict speaks about a unit, a cable or a port: images and the station are the same for all.
void LineState::count_in_a_row(const Slot& slot, scheduler::Outcome outcome) {
  InARow& row = in_a_row_[slot.now.port];
  if (is_good(outcome)) row = {};
  if (outcome != scheduler::Outcome::failed || !slot.now.last || !slot.now.last->fault) return;
  if (!scheduler::counts_for_slot(slot.now.last->fault->code)) return;
  if (row.units.size() >= most_known_in_a_row) row.units.clear();
  if (!slot.now.unit.empty() && !row.units.insert(slot.now.unit).second) return;
  ++row.failed;
}

void LineState::hear(const scheduler::JobTaken& event) {
  order_ = event.job ? event.job->order : "";
  without_order_ = event.without_order;
  operator_name_ =
      event.job && !event.job->operator_name.empty() ? std::optional(event.job->operator_name) : std::nullopt;
  setup_.still_to_make = event.without_order ? std::nullopt : std::optional(event.left);
}

void LineState::hear(const scheduler::Remarked& event) {
  const scheduler::Remark& remark = event.remark;
  const auto slot = slots_.find({remark.about});
  const bool known = slot != slots_.end();
  note_ = {std::string(to_string(remark.code)), remark.values, remark.about, known ? slot->second.now.label : "",
           (known ? slot->second.now.name() + ": " : "") + english(remark)};
  if (remark.code == scheduler::RemarkCode::port_without_power && known) slot->second.now.without_power = true;
  note_hub(remark);
  if (remark.kind == scheduler::RemarkKind::quarantine) quarantined_.insert_or_assign({remark.about}, remark);
  if (remark.kind != scheduler::RemarkKind::release) return;
  quarantined_.erase({remark.about});
  in_a_row_.erase({remark.about});
}

void LineState::note_hub(const scheduler::Remark& remark) {
  switch (remark.kind) {
    case scheduler::RemarkKind::slowed:
      troubled_[{remark.about}] = {remark.code == scheduler::RemarkCode::hub_stopped, remark};
      break;
    case scheduler::RemarkKind::release:
      troubled_.erase({remark.about});
      break;
    case scheduler::RemarkKind::proof:
    case scheduler::RemarkKind::duplicate_id:
    case scheduler::RemarkKind::partial_flash:
    case scheduler::RemarkKind::recovery:
    case scheduler::RemarkKind::quarantine:
    case scheduler::RemarkKind::suspect:
    case scheduler::RemarkKind::topology:
    case scheduler::RemarkKind::identity:
    case scheduler::RemarkKind::host:
    case scheduler::RemarkKind::neighbours:
    case scheduler::RemarkKind::memory_map:
      break;
  }
}

// ---- the line at a time

LineNow LineState::at(dfu::Duration now) const {
  LineNow line;
  line.recipe = setup_.settings.recipe;
  line.state = state_;
  line.seconds = dfu::seconds(now - begin_);
  std::map<dfu::PortPath, std::vector<SlotNow>> by_hub;
  for (const auto& [port, slot] : slots_) by_hub[port.hub()].push_back(slot_at(slot, now));
  for (const auto& [hub, trouble] : troubled_) by_hub[hub];  // seen, also where no slot of it is shown
  for (auto& [port, slots] : by_hub) {
    HubNow& hub = line.hubs.emplace_back(HubNow{.port = port, .slots = std::move(slots), .missing = is_missing(port)});
    if (const auto trouble = troubled_.find(port); trouble != troubled_.end()) hub.trouble = trouble->second;
    const auto known = hubs_.find(port);
    if (known == hubs_.end()) continue;
    hub.label = known->second.label;
    hub.tt = known->second.tt;
    if (hub.tt == dfu::TransactionTranslator::single) hub.bus_load = traffic(known->second, now).load;
  }
  line.counts = counts_;
  line.recipes = recipes();
  line.still_to_make = setup_.still_to_make;
  line.order = order_;
  line.without_order = without_order_;
  line.operator_name = operator_name_;
  line.note = note_;
  line.units_per_hour = units_per_hour(now);
  line.bound = bound(now);
  return line;
}

SlotNow LineState::slot_at(const Slot& slot, dfu::Duration now) const {
  SlotNow out = slot.now;
  const bool gone = is_at_rest(slot);
  if (const auto closed = quarantined_.find(out.port); closed != quarantined_.end()) {
    out.quarantine = english(closed->second);
    out.closed = closed->second;
    // The unit whose verdict closed it is shown until it is taken out.
    const bool refused = out.last && out.last->fault && out.last->fault->code == dfu::FaultCode::port_quarantined;
    if (gone || (out.state == SlotState::verdict && refused)) out.state = SlotState::quarantined;
  }
  out.skip = skip_of(out.port);
  out.hub_stopped = is_stopped(out.port);
  if (out.skip && gone) out.state = SlotState::skipped;
  if (gone && !out.present && is_missing(out.port.hub())) out.state = SlotState::no_hub;
  if (const auto row = in_a_row_.find(out.port); row != in_a_row_.end()) out.failed_in_a_row = row->second.failed;
  if (out.state != SlotState::working) return out;
  out.stuck_seconds = dfu::seconds(now - slot.got_on);
  if (moves_data(out.phase) && slot.moved.size() > 1) {
    const auto& moved = slot.moved;
    // The last one before the window, so that a unit that has fallen silent comes down to nothing.
    auto from = std::ranges::find_if(moved, [&](const Moved& one) { return one.at > now - rate_window; });
    if (from != moved.begin()) --from;
    const double seconds = dfu::seconds(now - from->at);
    if (seconds > 0) out.bytes_per_second = static_cast<double>(moved.back().bytes - from->bytes) / seconds;
  }
  if (out.phase == OperationKind::erase || out.phase == OperationKind::write || out.phase == OperationKind::read) {
    const scheduler::Progress& last = slot.last;
    const double device_time = last.floor_seconds - slot.planned.floor_seconds;
    const double elapsed = last.elapsed_seconds - slot.planned.elapsed_seconds;
    const double pace = device_time > shortest_for_pace ? std::max(1.0, elapsed / device_time) : 1.0;
    // A unit that takes longer than that: nobody knows how long.
    if (const double left = last.left_seconds * pace - out.stuck_seconds; left > 0) out.left_seconds = left;
  }
  return out;
}

LineState::Traffic LineState::traffic(const Hub& hub, dfu::Duration now) const {
  std::map<dfu::PortPath, Stretch> units;
  double bytes = 0, longest = 0;
  for (const Stretch& stretch : hub.stretches) {
    if (stretch.end <= now - bus_window) continue;
    Stretch& unit = units[stretch.port];
    unit.elapsed += stretch.elapsed;
    unit.device_time += stretch.device_time;
    bytes += stretch.bytes;
    longest = std::max(longest, dfu::seconds(now - stretch.end) + stretch.elapsed);
  }
  if (units.empty()) return {};
  std::vector<double> slower;
  for (const auto& [port, unit] : units) slower.push_back(unit.device_time > 0 ? unit.elapsed / unit.device_time : 1);
  std::ranges::sort(slower);
  const double seconds = std::min(dfu::seconds(bus_window), longest);
  return {.units = static_cast<int>(units.size()),
          .load = seconds > 0 ? std::min(1.0, wire_seconds(bytes) / seconds) : 0,
          // The lower median: all wait for a bus, while one unit may be slow by itself.
          .times_slower = slower[(slower.size() - 1) / 2]};
}

std::optional<double> LineState::units_per_hour(dfu::Duration now) const {
  if (counts_.units == 0 || !first_attempt_) return std::nullopt;
  const auto good = std::ranges::count_if(good_, [&](dfu::Duration at) { return at > now - hour_window; });
  const auto window = std::clamp(now - *first_attempt_, shortest_hour_window, hour_window);
  return static_cast<double>(good) * 3600 / dfu::seconds(window);
}

int LineState::in_state(SlotState state) const {
  return static_cast<int>(
      std::ranges::count_if(slots_, [state](const auto& one) { return one.second.now.state == state; }));
}

// Slots where somebody must bring a unit or take one away.
int LineState::for_people() const {
  return static_cast<int>(std::ranges::count_if(slots_, [this](const auto& one) {
    const auto& [port, slot] = one;
    const bool in_work = slot.now.state == SlotState::working || slot.now.state == SlotState::queued ||
                         slot.now.state == SlotState::between;
    const bool used = !quarantined_.contains(port) && !skip_of(port);
    return !in_work && used && (slot.now.present || !(is_missing(port.hub()) || is_stopped(port)));
  }));
}

// No unit is started: what is plugged in waits for the next order.
bool LineState::wants_order() const {
  return setup_.still_to_make == 0 || (order_ && order_->empty() && !without_order_);
}

// ---- what bounds it

Bottleneck LineState::bound(dfu::Duration now) const {
  if (const auto waiting = waiting_bottleneck()) return *waiting;
  const int at_work = in_state(SlotState::working) + in_state(SlotState::between);
  if (wants_order() && at_work == 0) return {.by = Bottleneck::By::order, .slots = in_state(SlotState::queued)};
  const int in_work = at_work + in_state(SlotState::queued);
  if (in_work == 0) return {.by = Bottleneck::By::people, .slots = for_people()};
  if (const auto bus = bus_bottleneck(now)) return *bus;
  if (setup_.stay && for_people() > in_work) return {.by = Bottleneck::By::people, .slots = for_people()};
  return {.by = Bottleneck::By::units, .slots = in_work, .times_slower = times_slower_everywhere(now)};
}

// The line says what its units wait for; of several reasons the first one, by the order of WaitFor. One that is about
// to begin waits for nothing, and what a reset of the hub's power holds back is in work.
std::optional<Bottleneck> LineState::waiting_bottleneck() const {
  const int queued = in_state(SlotState::queued);
  if (queued == 0) return std::nullopt;
  if (state_ == RunState::paused || state_ == RunState::halted || state_ == RunState::commissioning)
    return Bottleneck{.by = Bottleneck::By::pause, .slots = queued};
  std::optional<scheduler::Wait> first;
  int slots = 0;
  for (const auto& [port, slot] : slots_) {
    const auto& wait = slot.now.wait;
    if (slot.now.state != SlotState::queued || !wait || wait->what == scheduler::WaitFor::hub_power) continue;
    if (!first || wait->what < first->what) {
      first = wait;
      slots = 0;
    }
    if (*wait == *first) ++slots;
  }
  return first ? bottleneck_of(*first, slots) : std::nullopt;
}

std::optional<Bottleneck> LineState::bottleneck_of(const scheduler::Wait& wait, int slots) const {
  using scheduler::WaitFor;
  switch (wait.what) {
    case WaitFor::pause:
    case WaitFor::commissioning:
      return Bottleneck{.by = Bottleneck::By::pause, .slots = slots};
    case WaitFor::hub_stopped:
      return Bottleneck{.by = Bottleneck::By::hub_stopped, .slots = slots, .name = name_of_hub(wait.hub)};
    case WaitFor::hub_slowed:
      return Bottleneck{.by = Bottleneck::By::hub_slowed, .slots = slots, .name = name_of_hub(wait.hub)};
    case WaitFor::cap:
    case WaitFor::hub_width:
    case WaitFor::stagger:
      return Bottleneck{.by = Bottleneck::By::limit, .slots = slots, .name = wait.name};
    case WaitFor::order:  // what is in work for it bounds the line
    case WaitFor::hub_power:
      break;
  }
  return std::nullopt;
}

// Of the hub where it is least.
double LineState::times_slower_everywhere(dfu::Duration now) const {
  std::optional<double> least;
  for (const auto& [port, hub] : hubs_) {
    const Traffic here = traffic(hub, now);
    if (here.units > 0) least = std::min(least.value_or(here.times_slower), here.times_slower);
  }
  return least.value_or(1);
}

// The worst of them, if there are several.
std::optional<Bottleneck> LineState::bus_bottleneck(dfu::Duration now) const {
  std::optional<Bottleneck> worst;
  for (const auto& [port, hub] : hubs_) {
    if (hub.tt != dfu::TransactionTranslator::single) continue;
    const Traffic here = traffic(hub, now);
    if (here.units < 2 || here.load < bus_full || here.times_slower < noticeably_slower) continue;
    if (worst && worst->times_slower >= here.times_slower) continue;
    worst = Bottleneck{
        .by = Bottleneck::By::bus, .slots = here.units, .name = name_of_hub(port), .times_slower = here.times_slower};
  }
  return worst;
}

// ---- for all threads

void LiveLine::on(const scheduler::Event& event, scheduler::WallTime) {
  const std::lock_guard lock(mutex_);
  state_.fold(event, clock_.now());
}

void LiveLine::reload(scheduler::LineSettings settings) {
  const std::lock_guard lock(mutex_);
  state_.reload(std::move(settings));
}

void LiveLine::enter(RunState state) {
  const std::lock_guard lock(mutex_);
  state_.enter(state);
}

void LiveLine::skip(const dfu::PortPath& port, const std::optional<std::string>& reason) {
  const std::lock_guard lock(mutex_);
  state_.skip(port, reason);
}

void LiveLine::note(LineNote note) {
  const std::lock_guard lock(mutex_);
  state_.note(std::move(note));
}

void LiveLine::see(const dfu::Topology& topology) {
  const std::lock_guard lock(mutex_);
  state_.see(topology);
}

LineNow LiveLine::now() const {
  const std::lock_guard lock(mutex_);
  return state_.at(clock_.now());
}

}  // namespace station
