#include "scheduler/visit.h"

#include <algorithm>
#include <utility>

#include "scheduler/retry.h"

namespace scheduler {

Visit::Visit(VisitOptions options) : options_(std::move(options)), setting_(options_.setting) {}

std::vector<Want> Visit::on(const Told& told, dfu::Duration now) {
  now_ = now;
  std::visit([this](const auto& what) { hear(what); }, told);
  if (phase_ == Phase::attempting) attempt(attempt_->on(told, now));
  return std::exchange(wants_, {});
}

bool Visit::ours(const dfu::UnitInfo& unit) const {
  if (!setting_.recipe) return false;
  return in_dfu_mode(unit, recipe().profile) || (setting_.enter_dfu && can_enter_dfu(unit, recipe().profile));
}

bool Visit::owes_proof(const dfu::UnitInfo& unit) const {
  if (!owed_ || in_dfu_mode(unit, recipe().profile)) return false;
  return unit.id == recipe().profile.application.value_or(unit.id);
}

// ---- what the bus says

void Visit::hear(const told::Arrived& arrived) {
  present_ = arrived.unit;
  want(wants::Tell{UnitArrived{arrived.unit, setting_.slot, ours(arrived.unit)}});
  switch (phase_) {
    case Phase::empty:
      if (draining_ || !setting_.recipe) break;
      owed_ = arrived.owed && arrived.owed->started.recipe->sha256 == recipe().sha256 ? arrived.owed : nullptr;
      if (ours(arrived.unit) || owes_proof(arrived.unit)) begin_visit();
      break;
    case Phase::verdict:
      ++timer_;  // it was not removed: the visit goes on, and a unit with a verdict is not touched again
      break;
    case Phase::awaiting:
      if (ours(arrived.unit) || owes_proof(arrived.unit)) queue();
      break;
    case Phase::queued:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
      break;  // looked at when the phase ends, or by the attempt
  }
}

void Visit::hear(const told::Left& left) {
  if (!present_ || present_->handle != left.handle) return;
  present_.reset();
  empty_since_ = now_;
  const bool own_departure = own_departure_until_ && now_ <= *own_departure_until_;
  own_departure_until_.reset();
  want(wants::Tell{UnitLeft{options_.port, setting_.slot}});
  switch (phase_) {
    case Phase::queued:
      want(wants::ReleasePlace{});
      reach_verdict(attempts_ == 0 ? Outcome::failed : outcome_);
      break;
    case Phase::verdict:
      watch_for_removal(own_departure ? recipe().profile.return_limit : setting_.insert_after);
      break;
    case Phase::empty:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
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

void Visit::end_visit() {
  phase_ = Phase::empty;
  want(wants::Tell{VisitOver{options_.port, setting_.slot, visit_}});
  setting_ = options_.setting;
  if (!options_.dry_run) want(wants::Note{VisitEnded{visit_}});
}

void Visit::hear(const told::Setting& setting) {
  options_.setting = setting.setting;
  if (phase_ == Phase::empty) setting_ = options_.setting;
}

void Visit::begin_visit() {
  visit_ = options_.new_id();
  attempts_ = 0;
  if (!options_.dry_run) want(wants::Note{VisitStarted{visit_, options_.port, setting_.slot}});
  want(wants::Tell{VisitBegan{options_.port, setting_.slot, visit_}});
  queue();
}

void Visit::queue() {
  ++timer_;  // whatever was waited for until now must not pass for a pause of the next attempt
  phase_ = Phase::queued;
  want(wants::RequestPlace{});
}

void Visit::hear(const told::Admitted&) {
  if (phase_ != Phase::queued) return;  // given up meanwhile: the place was released with it
  AttemptStarted started{options_.new_id(), visit_,    ++attempts_,    options_.port,
                         setting_.slot,     *present_, setting_.recipe};
  AttemptOptions options{setting_.insert_after, options_.dry_run, {}, timer_};
  if (owes_proof(*present_)) options.owed = owed_;
  attempt_.emplace(std::move(started), std::move(options), now_);
  phase_ = Phase::saving_start;
  if (options_.dry_run) return hear(told::Recorded{true});
  want(wants::Save{attempt_->started()});
}

void Visit::hear(const told::Recorded& recorded) {
  if (phase_ == Phase::saving_end) return ended(recorded.committed);
  if (!recorded.committed) {
    attempt_->refuse({dfu::FaultCode::records_unavailable,
                      {},
                      dfu::OperationKind::open,
                      {},
                      {},
                      "The attempt could not be recorded, so the unit was not touched."});
    return ended(false);
  }
  if (!options_.dry_run) want(wants::Tell{AttemptBegan{attempt_->started()}});
  if (stop_ && *stop_ != StopKind::drain) {
    attempt_->refuse(
        {dfu::FaultCode::cancelled, {}, dfu::OperationKind::open, {}, {}, "Stopped before the unit was touched."});
    return conclude();
  }
  phase_ = Phase::attempting;
  attempt(attempt_->begin(present_, now_));
}

void Visit::attempt(std::vector<Want> wanted) {
  std::ranges::move(wanted, std::back_inserter(wants_));
  if (attempt_->over()) conclude();
}

// ---- the end of an attempt

void Visit::conclude() {
  timer_ = attempt_->last_timer();
  if (attempt_->left_unwatched()) own_departure_until_ = now_ + recipe().profile.depart_limit;
  if (options_.dry_run) return conclude_dry_run();
  phase_ = Phase::saving_end;
  want(wants::Save{attempt_->finished()});
}

void Visit::conclude_dry_run() {
  const auto& refusal = attempt_->fault();
  Judged judged{attempt_->started().unit, setting_.slot, refusal, 0, dfu::seconds(attempt_->planned())};
  if (!refusal) judged.bytes_to_write = attempt_->bytes_to_write();
  want(wants::ReleasePlace{});
  want(wants::Tell{std::move(judged)});
  reach_verdict(refusal ? outcome_of(*refusal) : Outcome::passed);
}

void Visit::ended(bool committed) {
  AttemptFinished end = attempt_->finished();
  if (!committed) {
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
  const std::optional<dfu::Fault> fault = end.fault;
  owed_ = committed && owes_proof_after(end) ? std::make_shared<const AttemptFinished>(end) : nullptr;
  want(wants::Tell{AttemptEnded{std::move(end)}});  // first: whoever is admitted to its place must not exceed a quota
  want(wants::ReleasePlace{});
  // A proof alone is one more attempt, also after the last one that may write.
  const int attempts = recipe().policy.attempts + (owed_ ? 1 : 0);
  const bool retry = fault && worth_retrying(fault->code) && attempts_ < attempts;
  if (!retry || draining_) return reach_verdict(outcome_);
  if (present_ && (ours(*present_) || owes_proof(*present_))) return queue();
  if (present_) return reach_verdict(outcome_);
  phase_ = Phase::awaiting;
  start_timer(until_empty_for(setting_.insert_after));
}

void Visit::reach_verdict(Outcome outcome) {
  phase_ = Phase::verdict;
  want(wants::Tell{VerdictReached{options_.port, setting_.slot, outcome, attempts_}});
  if (!present_) watch_for_removal(setting_.insert_after);
}

void Visit::hear(const told::TimeOver& over) {
  if (over.timer != timer_) return;
  switch (phase_) {
    case Phase::awaiting:
      return reach_verdict(outcome_);
    case Phase::verdict:
      return end_visit();
    case Phase::empty:
    case Phase::queued:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
      break;
  }
}

void Visit::hear(const told::Stop& stop) {
  draining_ = true;
  if (!stop_ || *stop_ < stop.kind) stop_ = stop.kind;
  switch (phase_) {
    case Phase::queued:
      want(wants::ReleasePlace{});
      reach_verdict(attempts_ == 0 ? Outcome::cancelled : outcome_);
      break;
    case Phase::awaiting:
      reach_verdict(outcome_);
      break;
    case Phase::empty:
    case Phase::saving_start:
    case Phase::attempting:
    case Phase::saving_end:
    case Phase::verdict:
      break;
  }
}

}  // namespace scheduler
