#include "scheduler/visit.h"

#include <algorithm>
#include <utility>

#include "dfu/fit.h"
#include "scheduler/outcome.h"
#include "scheduler/retry.h"

namespace scheduler {

namespace {

// A unit that keeps resetting itself and shows no id looks like units that are exchanged within `insert_after`. It must
// not be flashed without end: after so many returns that made no unit (a failed visit counts twice), and after so many
// at all, the port must be empty for `insert_after` once. 50: flash memory is rated for 10,000 erase cycles.
constexpr int most_idle_returns = 3;
constexpr int most_quick_returns = 50;

}  // namespace

Visit::Visit(VisitOptions options) : options_(std::move(options)), setting_(options_.setting) {}

std::vector<VisitEffect> Visit::on(const VisitInput& input, dfu::Duration now) {
  now_ = now;
  std::visit([this](const auto& what) { hear(what); }, input);
  // An attempt does not know what comes after it: a halt is a stop to it.
  const auto* halt = std::get_if<visit_input::Halt>(&input);
  const std::optional<VisitInput> as_stop =
      halt ? std::optional<VisitInput>(visit_input::Stop{halt->kind}) : std::nullopt;
  const VisitInput& passed_on = as_stop ? *as_stop : input;
  if (phase_ == Phase::attempting) {
    attempt(attempt_->on(passed_on, now));
  } else if (phase_ == Phase::rescuing) {
    rescue(rescue_->on(passed_on, now));
  }
  return std::exchange(wants_, {});
}

bool Visit::ours(const dfu::UnitInfo& unit) const {
  if (!setting_.recipe) return false;
  const dfu::Fit fit = dfu::fit(unit, recipe().profile);
  return fit == dfu::Fit::ready || (setting_.enter_dfu && fit == dfu::Fit::can_enter);
}

UnitArrived Visit::arrival(const dfu::UnitInfo& unit) const {
  UnitArrived event{unit, setting_.slot, ours(unit)};
  if (event.ours || !setting_.recipe) return event;
  event.fit = dfu::fit(unit, recipe().profile);
  const std::string why = dfu::unfit_because(unit, recipe().profile);
  if (!why.empty()) event.unfit = why + ". " + dfu::unfit_remedy(unit, recipe().profile) + ".";
  return event;
}

bool Visit::workable(const dfu::UnitInfo& unit) const {
  return ours(unit) || owes_proof(unit) || (climbed_.power && can_enter_dfu(unit, recipe().profile));
}

bool Visit::owes_proof(const dfu::UnitInfo& unit) const {
  if (!pending_proof_ || in_dfu_mode(unit, recipe().profile)) return false;
  return unit.id == recipe().profile.application.value_or(unit.id);
}

// ---- what the bus says

void Visit::hear(const visit_input::Arrived& arrived) {
  present_ = arrived.unit;
  gap_.back(now_, arrived.queued, arrived.late);
  if (phase_ == Phase::verdict) arrived_after_verdict();
  want(visit_effect::Tell{arrival(arrived.unit)});
  switch (phase_) {
    case Phase::empty:
      begin_if_ours(arrived.pending_proof);
      break;
    case Phase::awaiting:
      go_on_with_what_is_here();
      break;
    case Phase::verdict:
    case Phase::queued:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
    case Phase::rescuing:
      break;  // looked at when the phase ends, or by the attempt
  }
}

void Visit::begin_if_ours(const std::shared_ptr<const AttemptFinished>& pending_proof) {
  if (held_ && now_ - empty_since_ >= setting_.insert_after) {
    held_ = false;
    quick_returns_ = idle_returns_ = 0;
  }
  if (draining_ || held_ || !setting_.recipe) return;
  // A unit that is brought into DFU mode is surveyed like any other: that shows what it holds now, as well.
  const bool same_recipe = pending_proof && pending_proof->started.recipe->sha256 == recipe().sha256;
  pending_proof_ = same_recipe && !setting_.enter_dfu ? pending_proof : nullptr;
  if (pending_proof_) gap_ = {.departures = 1, .handed = true};
  if (ours(*present_) || owes_proof(*present_)) begin_visit();
}

SameUnit Visit::who_is_here() const {
  if (gap_.departures == 0) return Same{Evidence::id};  // it never left
  return same_unit(known_, *present_, gap_, recipe().profile);
}

// What was taken from a unit on this port goes back to that unit and to no other. In the visit that took it any
// evidence will do; later, when it was in other hands, only its id.
bool Visit::gives_back() const {
  if (!taken_) return false;
  const bool this_visit = taken_->visit == visit_;
  if (this_visit && gap_.departures == 0) return true;
  const Gap gap = this_visit ? gap_ : Gap{.departures = 1, .handed = true};
  const SameUnit who = same_unit(taken_->unit, *present_, gap, recipe().profile);
  const auto* same = std::get_if<Same>(&who);
  return same && (this_visit || same->by == Evidence::id);
}

// Of a unit that shows no id nobody will ever know more than now.
void Visit::tell_lost() {
  if (!taken_ || given_ || taken_->unit.id() || taken_->unit.chip_serial()) return;
  const Remark lost =
      make_remark(RemarkCode::neighbours_lost, attempt_->started().attempt, options_.port.text, places(taken_->bytes));
  taken_.reset();
  want(visit_effect::SaveLater{lost});
  want(visit_effect::Tell{Remarked{lost}});
}

void Visit::remember_neighbours() {
  if (!attempt_->neighbours().empty()) {
    taken_ = Taken{attempt_->neighbours(), attempt_->known(), visit_};
  } else if (given_ && !attempt_->fault()) {
    taken_.reset();
  }
}

// A verdict stands for a unit, not for a socket. Without evidence that it is the same one, the visit is over.
void Visit::arrived_after_verdict() {
  ++timer_;
  const SameUnit who = who_is_here();
  const auto* same = std::get_if<Same>(&who);
  // A unit that shows no id in DFU mode, where its firmware should have started, may be a fresh one.
  const bool fresh = same && same->by != Evidence::id && in_dfu_mode(*present_, recipe().profile);
  if (options_.once || (same && !fresh)) {
    gap_ = {};
    return;
  }
  const bool may = may_begin_at_once(std::holds_alternative<Other>(who));
  end_visit();
  if (!may) hold();
}

// What certainly is another unit, or came after the port was empty for long enough, is no unit that resets itself.
bool Visit::may_begin_at_once(bool another) {
  if (another || gap_.absence >= setting_.insert_after) {
    quick_returns_ = idle_returns_ = 0;
    return true;
  }
  // What plain DFU holds cannot be read, so that each visit writes it again.
  const bool made = outcome_ == Outcome::passed && recipe().profile.dialect == dfu::Dialect::dfuse;
  const bool idle = is_good(outcome_);
  ++quick_returns_;
  idle_returns_ = made ? 0 : idle_returns_ + (idle ? 1 : 2);
  return quick_returns_ <= most_quick_returns && idle_returns_ <= most_idle_returns;
}

void Visit::hold() {
  held_ = true;
  const Remark remark = make_remark(
      RemarkCode::unit_keeps_coming, {}, options_.port.text,
      {{"port", options_.port.text}, {"times", quick_returns_}, {"seconds", tenths(setting_.insert_after)}});
  if (!options_.dry_run) want(visit_effect::SaveLater{remark});
  want(visit_effect::Tell{Remarked{remark}});
}

void Visit::hear(const visit_input::Left& left) {
  if (!present_ || present_->handle != left.handle) return;
  present_.reset();
  empty_since_ = now_;
  gap_.left(now_, left.ahead);
  const bool own_departure = own_departure_until_ && now_ <= *own_departure_until_;
  own_departure_until_.reset();
  if (phase_ == Phase::verdict) gap_.told_to_go = own_departure;
  want(visit_effect::Tell{UnitLeft{options_.port, setting_.slot}});
  switch (phase_) {
    case Phase::queued:
      want(visit_effect::ReleasePlace{});
      attempts_ == 0 ? end_visit(true) : reach_verdict(outcome_);
      break;
    case Phase::verdict:
      watch_for_removal(own_departure ? recipe().profile.return_limit + gap_.ahead
                        : asked_      ? dfu::Duration{}  // however quick the person was
                                      : setting_.insert_after);
      break;
    case Phase::empty:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
    case Phase::rescuing:
    case Phase::awaiting:
      break;
  }
}

// ---- the way into an attempt

// A port that stays empty for long enough ends the visit: what is plugged in next is another unit.
void Visit::watch_for_removal(dfu::Duration limit) {
  if (!options_.once) start_timer(until_empty_for(limit));
}

// From now; counted from the departure, however long an attempt took to end after it.
dfu::Duration Visit::until_empty_for(dfu::Duration limit) const {
  return std::max(empty_since_ + limit - now_, dfu::Duration{});
}

void Visit::end_visit(bool never_begun) {
  phase_ = Phase::empty;
  want(visit_effect::Tell{VisitOver{options_.port, setting_.slot, visit_, never_begun}});
  setting_ = options_.setting;
  if (!options_.dry_run) want(visit_effect::SaveLater{VisitEnded{visit_}});
}

void Visit::hear(const visit_input::Setting& setting) {
  options_.setting = setting.setting;
  setting_.job = options_.setting.job;
  if (phase_ == Phase::empty) setting_ = options_.setting;
}

void Visit::begin_visit() {
  visit_ = options_.new_id();
  attempts_ = 0;
  halted_ = false;
  halts_ = 0;
  fault_.reset();
  climbed_ = {};
  known_ = {};
  if (pending_proof_) known_.note(*present_, recipe().profile);  // it was found by the id that it shows
  if (!pending_proof_) gap_ = {};
  if (!options_.dry_run) want(visit_effect::SaveLater{VisitStarted{visit_, options_.port, setting_.slot}});
  want(visit_effect::Tell{VisitBegan{options_.port, setting_.slot, visit_}});
  queue();
}

// The next attempt of this visit is about the unit that is here, if it is the unit of this visit. Else it is the first
// one of a visit of its own; `flash` has one visit a port, and there whatever is surveyed is flashed.
void Visit::go_on_with_what_is_here() {
  const SameUnit who = who_is_here();
  if (std::holds_alternative<Other>(who)) return supersede();
  const bool pending = owes_proof(*present_);
  const bool ours_made_it_go = gap_.told_to_go || climbed_.reset || climbed_.power;
  if (std::holds_alternative<Unknown>(who) && !options_.once && !ours_made_it_go && !pending) return supersede();
  if (!workable(*present_)) return reach_verdict(outcome_);
  queue();
}

// The verdict is about the unit that was here; what is here now gets its own.
void Visit::supersede() {
  reach_verdict(outcome_);
  look_at_the_port();
}

// After a verdict: what came while it was reached is looked at like what comes afterwards.
void Visit::look_at_the_port() {
  if (!present_ || gap_.departures == 0) return;
  arrived_after_verdict();
  if (phase_ == Phase::empty) begin_if_ours(nullptr);
}

// Another unit was found in the place of this visit's. It is flashed like any other, unless it was running, the line
// leaves running units alone, and it is in DFU mode only because it had to be read.
void Visit::begin_with_the_other() {
  const bool was_running = attempt_->brought_into_dfu() && !setting_.enter_dfu;
  if (!present_ || options_.once || was_running) return;
  // By its id, or by other bytes than the verified ones: those could be a unit that forgets what is written to it.
  const bool by_id = std::holds_alternative<Other>(same_unit(known_, *present_, {.departures = 1}, recipe().profile));
  const bool may = by_id ? may_begin_at_once(true) : ++quick_returns_ <= most_quick_returns;
  end_visit();
  may ? begin_if_ours(nullptr) : hold();
}

void Visit::queue() {
  ++timer_;  // whatever was waited for until now must not pass for a pause of the next attempt
  phase_ = Phase::queued;
  halted_ = false;
  want(visit_effect::RequestPlace{});
}

void Visit::hear(const visit_input::Admitted&) {
  if (phase_ != Phase::queued) return;  // given up meanwhile: the place was released with it
  AttemptStarted started{options_.new_id(), visit_,    ++attempts_,     options_.port,
                         setting_.slot,     *present_, setting_.recipe, setting_.job};
  AttemptOptions options{setting_.insert_after, options_.dry_run, {}, {}, {}, timer_};
  given_ = gives_back();
  if (given_) options.neighbours = taken_->bytes;
  if (owes_proof(*present_)) {
    options.pending_proof = pending_proof_;
    options.known = known_;
  } else {
    gap_ = {};
  }
  attempt_.emplace(std::move(started), std::move(options), now_);
  phase_ = Phase::saving_start;
  if (options_.dry_run) return hear(visit_input::Recorded{true});
  want(visit_effect::Save{attempt_->started()});
  tell_lost();
}

void Visit::hear(const visit_input::Recorded& recorded) {
  if (phase_ == Phase::saving_end) return ended(recorded);
  began_ = recorded.at;
  if (!recorded.committed) {
    attempt_->refuse({dfu::FaultCode::records_unavailable,
                      {},
                      dfu::OperationKind::open,
                      {},
                      {},
                      "The attempt could not be recorded, so the unit was not touched."});
    return ended(recorded);
  }
  if (!options_.dry_run) want(visit_effect::Tell{AttemptBegan{attempt_->started(), began_}});
  if (!setting_.quarantine.empty()) {
    attempt_->refuse({dfu::FaultCode::port_quarantined,
                      {},
                      dfu::OperationKind::open,
                      {},
                      {},
                      "This port is out of use: " + setting_.quarantine +
                          ". Use another one; look at socket, cable and supply of this one, then release it."});
    return conclude();
  }
  if (halted_ || (stop_ && *stop_ != StopKind::drain)) {
    attempt_->refuse(
        {dfu::FaultCode::cancelled, {}, dfu::OperationKind::open, {}, {}, "Stopped before the unit was touched."});
    return conclude();
  }
  phase_ = Phase::attempting;
  attempt(attempt_->begin(present_, gap_, now_));
}

void Visit::attempt(std::vector<VisitEffect> wanted) {
  std::ranges::move(wanted, std::back_inserter(wants_));
  if (attempt_->over()) conclude();
}

// ---- the end of an attempt

void Visit::conclude() {
  timer_ = attempt_->last_timer();
  known_ = attempt_->known();
  gap_ = attempt_->gap();
  // A request that had no effect explains no later departure.
  if (gap_.departures == 0 && !attempt_->left_unwatched()) gap_ = {};
  if (attempt_->left_unwatched()) own_departure_until_ = now_ + recipe().profile.depart_limit;
  if (options_.dry_run) return conclude_dry_run();
  remember_neighbours();
  phase_ = Phase::saving_end;
  want(visit_effect::Save{attempt_->finished()});
}

void Visit::conclude_dry_run() {
  const auto& refusal = attempt_->fault();
  Judged judged{attempt_->started().unit, setting_.slot, refusal, 0, dfu::seconds(attempt_->planned())};
  if (!refusal) judged.bytes_to_write = attempt_->bytes_to_write();
  want(visit_effect::ReleasePlace{});
  want(visit_effect::Tell{std::move(judged)});
  reach_verdict(refusal ? outcome_of(*refusal) : Outcome::passed);
}

void Visit::ended(const visit_input::Recorded& recorded) {
  AttemptFinished end = attempt_->finished();
  if (!recorded.committed) {
    // No green light without a record.
    end.outcome = Outcome::error;
    const bool untouched = end.fault && end.fault->code == dfu::FaultCode::records_unavailable;
    if (!untouched) {
      end.fault = dfu::Fault{dfu::FaultCode::records_unavailable,
                             {},
                             dfu::OperationKind::proof,
                             {},
                             {},
                             "The result could not be recorded; what the unit holds is not proven."};
    }
  }
  outcome_ = end.outcome;
  const std::optional<dfu::Fault> before = std::exchange(fault_, end.fault);
  const bool halted_proof = halted_ && end.verified == true && fault_ && fault_->code == dfu::FaultCode::cancelled;
  const bool owes = recorded.committed && (halted_proof || owes_proof_after(end));
  pending_proof_ = owes ? std::make_shared<const AttemptFinished>(end) : nullptr;
  // First: the unit that is admitted in its place must not exceed a quota.
  want(visit_effect::Tell{AttemptEnded{std::move(end), began_, recorded.at}});
  want(visit_effect::ReleasePlace{});
  // A proof alone is one more attempt, also after the last one that may write.
  // What a halt cut short is begun once more when the line goes on.
  const bool cut_short = halted_ && fault_ && fault_->code == dfu::FaultCode::cancelled;
  if (cut_short) ++halts_;
  const int attempts = recipe().policy.attempts + (pending_proof_ ? 1 : 0) + halts_;
  const bool retry = cut_short || (fault_ && worth_retrying(*fault_, before) && attempts_ < attempts);
  if (!retry) {
    reach_verdict(outcome_, fault_ && hangs(fault_->code) ? std::string(unplug_it) : "");
    return fault_ && fault_->code == dfu::FaultCode::unit_swapped ? begin_with_the_other() : look_at_the_port();
  }
  if (draining_) return reach_verdict(outcome_);
  if (halted_) return wait_after_halt();
  go_on_after(*fault_);
}

// Nothing is begun now, the recovery of the unit neither. A unit that had a leave request will return.
void Visit::wait_after_halt() {
  if (pending_proof_ && (!present_ || in_dfu_mode(*present_, recipe().profile))) {
    phase_ = Phase::awaiting;
    return start_timer(recipe().profile.depart_limit + recipe().profile.return_limit + gap_.ahead);
  }
  const bool stays = present_ && workable(*present_);
  stays ? queue() : reach_verdict(outcome_);
}

// There will be a further attempt, if the unit can be brought to answer and is there.
void Visit::go_on_after(const dfu::Fault& fault) {
  const bool came_back = present_ && gap_.departures > 0 && !attempt_->lost_by_reset() && !attempt_->in_doubt();
  if (came_back) return go_on_with_what_is_here();
  if (present_ && !workable(*present_)) return reach_verdict(outcome_);
  const bool climbs = (present_ || attempt_->lost_by_reset()) && next_rung(fault.code, {}, {});
  if (climbs) return rescue(fault);
  present_ ? go_on_with_what_is_here() : await_return();
}

void Visit::await_return() {
  phase_ = Phase::awaiting;
  start_timer(until_empty_for(setting_.insert_after));
}

void Visit::rescue(const dfu::Fault& fault) {
  phase_ = Phase::rescuing;
  RescueOptions options{fault, attempt_->started().attempt, options_.port, climbed_, setting_.power};
  options.own_reset = attempt_->lost_by_reset();
  options.known = known_;
  options.first_timer = timer_;
  rescue_.emplace(recipe().profile, std::move(options));
  rescue(rescue_->begin(present_, now_));
}

void Visit::rescue(std::vector<VisitEffect> wanted) {
  std::ranges::move(wanted, std::back_inserter(wants_));
  if (!rescue_->result()) return;
  timer_ = rescue_->last_timer();
  climbed_ = rescue_->climbed();
  switch (*rescue_->result()) {
    case Rescue::Result::ready:
      if (!present_) return await_return();  // gone between the last answer and the close
      // What was verified before it hung is started now: the proof is all that is left.
      if (attempt_->finished().verified == true && !in_dfu_mode(*present_, recipe().profile)) {
        pending_proof_ = std::make_shared<const AttemptFinished>(attempt_->finished());
      }
      return go_on_with_what_is_here();
    case Rescue::Result::another:
      return supersede();
    case Rescue::Result::gone:
      return await_return();
    case Rescue::Result::ask:
      return reach_verdict(outcome_, rescue_->advice());
    case Rescue::Result::stopped:
      return halted_ ? wait_after_halt() : reach_verdict(outcome_);
  }
}

void Visit::reach_verdict(Outcome outcome, std::string advice) {
  phase_ = Phase::verdict;
  halted_ = false;
  asked_ = !advice.empty();
  want(visit_effect::Tell{VerdictReached{options_.port, setting_.slot, outcome, attempts_, std::move(advice)}});
  if (!present_) watch_for_removal(setting_.insert_after);
}

void Visit::hear(const visit_input::TimeOver& over) {
  if (over.timer != timer_) return;
  switch (phase_) {
    case Phase::awaiting:
      // A halt ended the proof before the leave request.
      return present_ ? go_on_with_what_is_here() : reach_verdict(outcome_);
    case Phase::verdict:
      quick_returns_ = idle_returns_ = 0;
      return end_visit();
    case Phase::empty:
    case Phase::queued:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
    case Phase::rescuing:
      break;
  }
}

void Visit::hear(const visit_input::Halt&) {
  switch (phase_) {
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
    case Phase::rescuing:
      halted_ = true;
      break;
    case Phase::awaiting:
      reach_verdict(outcome_);
      break;
    case Phase::empty:
    case Phase::queued:
    case Phase::verdict:
      break;
  }
}

void Visit::hear(const visit_input::Stop& stop) {
  draining_ = true;
  if (!stop_ || *stop_ < stop.kind) stop_ = stop.kind;
  switch (phase_) {
    case Phase::queued:
      want(visit_effect::ReleasePlace{});
      reach_verdict(attempts_ == 0 ? Outcome::cancelled : outcome_);
      break;
    case Phase::awaiting:
      reach_verdict(outcome_);
      break;
    case Phase::empty:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
    case Phase::rescuing:
    case Phase::verdict:
      break;
  }
}

}  // namespace scheduler
