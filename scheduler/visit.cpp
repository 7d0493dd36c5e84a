#include "scheduler/visit.h"

#include <algorithm>
#include <utility>

#include "dfu/particle/identity.h"
#include "scheduler/retry.h"

namespace scheduler {

namespace {

// How long the departure of a unit may lag behind a transfer that failed on the wire (facts/dfu.md 4.7).
constexpr dfu::Duration departure_lag = std::chrono::seconds(1);
// A stop waits this long for a unit that has been verified to prove its boot: within the 15 s of CONTRACTS.
constexpr dfu::Duration proof_at_stop = std::chrono::seconds(10);

dfu::Fault fault(dfu::FaultCode code, dfu::OperationKind operation, std::string text) {
  return {code, {}, operation, {}, {}, std::move(text)};
}

dfu::Fault open_fault(const dfu::OpenResult& result) {
  const auto with_detail = [&result](dfu::FaultCode code, const std::string& text) {
    const std::string detail = result.detail.empty() ? "." : ": " + result.detail + ".";
    return fault(code, dfu::OperationKind::open, text + detail);
  };
  switch (result.status) {
    case dfu::OpenStatus::access_denied:
      return with_detail(dfu::FaultCode::access_denied, "The station has no permission to open the unit");
    case dfu::OpenStatus::busy:
      return with_detail(dfu::FaultCode::interface_busy, "Another program holds the unit");
    case dfu::OpenStatus::gone:
      return with_detail(dfu::FaultCode::unit_gone, "The unit left before it could be opened");
    case dfu::OpenStatus::ok:
    case dfu::OpenStatus::failed:
      break;
  }
  return with_detail(dfu::FaultCode::io_error, "The unit could not be opened");
}

}  // namespace

Visit::Visit(VisitOptions options) : options_(std::move(options)), setting_(options_.setting) {}

std::vector<Want> Visit::on(const Told& told, dfu::Duration now) {
  now_ = now;
  std::visit([this](const auto& what) { hear(what); }, told);
  return std::exchange(wants_, {});
}

bool Visit::ours(const dfu::UnitInfo& unit) const {
  if (!setting_.recipe) return false;
  return dfu::in_dfu_mode(unit, recipe().profile);
}

void Visit::wait(Phase phase, dfu::Duration limit) {
  phase_ = phase;
  want(wants::Timer{++timer_, limit});
}

// ---- what the bus says

void Visit::hear(const told::Arrived& arrived) {
  present_ = arrived.unit;
  want(wants::Tell{UnitArrived{arrived.unit, setting_.slot, ours(arrived.unit)}});
  switch (phase_) {
    case Phase::empty:
      if (ours(arrived.unit) && !draining_) begin_visit();
      break;
    case Phase::verdict:
      ++timer_;  // it was not removed: the visit goes on, and a unit with a verdict is not touched again
      break;
    case Phase::awaiting:
      if (ours(arrived.unit)) queue();
      break;
    case Phase::returning:
      returned(arrived.unit);
      break;
    case Phase::queued:
    case Phase::saving_start:
    case Phase::opening:
    case Phase::surveying:
    case Phase::flashing:
    case Phase::suspecting:
    case Phase::closing:
    case Phase::departing:
    case Phase::saving_end:
      break;  // looked at when the phase ends
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
    case Phase::suspecting:
      call_it_gone();
      close();
      break;
    case Phase::departing:
      leave_or_return();
      break;
    case Phase::empty:
    case Phase::saving_start:
    case Phase::opening:
    case Phase::surveying:
    case Phase::flashing:
    case Phase::closing:
    case Phase::returning:
    case Phase::saving_end:
    case Phase::awaiting:
      break;
  }
}

// ---- the way into an attempt

// A port that stays empty for long enough ends the visit: what is plugged in next is another unit.
void Visit::watch_for_removal(dfu::Duration limit) {
  if (!options_.once) want(wants::Timer{++timer_, until_empty_for(limit)});
}

// From now; counted from the departure, however long an attempt took to end after it.
dfu::Duration Visit::until_empty_for(dfu::Duration limit) const {
  return std::max(empty_since_ + limit - now_, dfu::Duration{});
}

void Visit::end_visit() {
  phase_ = Phase::empty;
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
  queue();
}

void Visit::queue() {
  ++timer_;  // whatever was waited for until now must not pass for a pause of the next attempt
  phase_ = Phase::queued;
  want(wants::RequestPlace{});
}

void Visit::hear(const told::Admitted&) {
  if (phase_ != Phase::queued) return;  // given up meanwhile: the place was released with it
  attempt_ = Attempt{};
  attempt_.started = {options_.new_id(), visit_, ++attempts_, options_.port, setting_.slot, *present_, setting_.recipe};
  attempt_.opened = attempt_.accounted = now_;
  if (recipe().policy.confirm != config::Confirm::none) attempt_.booted = false;
  if (recipe().policy.verify != config::Verify::none) attempt_.verified = false;
  for (const dfu::Step& step : recipe().layout.steps) {
    StepDone done{step.name, step.image, step.address, step.size(), 0, 0, 0, 0, {}};
    attempt_.steps.push_back(std::move(done));
  }
  note_identity(*present_);
  if (options_.dry_run) {
    return open();
  }
  phase_ = Phase::saving_start;
  want(wants::Save{attempt_.started});
}

void Visit::hear(const told::Recorded& recorded) {
  if (phase_ == Phase::saving_end) return ended(recorded.committed);
  if (!recorded.committed) {
    attempt_.fault = fault(dfu::FaultCode::records_unavailable, dfu::OperationKind::open,
                           "The attempt could not be recorded, so the unit was not touched.");
    return ended(false);
  }
  want(wants::Tell{AttemptBegan{attempt_.started}});
  if (stopping_) {
    attempt_.fault = fault(dfu::FaultCode::cancelled, dfu::OperationKind::open, "Stopped before the unit was touched.");
    attempt_.ended = attempt_.flashed = now_;
    return conclude();
  }
  open();
}

void Visit::open() {
  phase_ = Phase::opening;
  want(wants::Open{attempt_.started.unit.handle, {{recipe().profile.interface_number, recipe().profile.alternate}}});
}

void Visit::hear(const told::Opened& opened) {
  attempt_.opened = attempt_.accounted = now_;
  if (opened.result.status != dfu::OpenStatus::ok) {
    attempt_.flashed = now_;
    attempt_.fault = open_fault(opened.result);
    attempt_.ended = now_;
    return attempt_.fault->code == dfu::FaultCode::unit_gone ? suspect_or_close() : conclude();
  }
  phase_ = Phase::surveying;
  const bool read = recipe().policy.unchanged == config::Unchanged::skip;
  attempt_.conversation.emplace<dfu::Survey>(recipe().profile, recipe().layout, attempt_.started.unit, read);
  converse(nullptr);
}

// ---- survey and session

void Visit::hear(const told::Answered& answered) {
  converse(&answered.answer);
}

// Goes on with the conversation, whichever it is: begins it, or gives it the answer.
void Visit::converse(const dfu::Answer* answer) {
  account_time();
  const auto step = [&](auto& conversation) -> dfu::Ask {
    if constexpr (std::is_same_v<std::decay_t<decltype(conversation)>, std::monostate>) {
      return dfu::Finished{};
    } else {
      return answer ? conversation.answer(*answer, now_) : conversation.begin(now_);
    }
  };
  const dfu::Ask ask = std::visit(step, attempt_.conversation);
  tell_progress();
  const dfu::UnitHandle handle = attempt_.started.unit.handle;
  if (const auto* submit = std::get_if<dfu::Submit>(&ask)) {
    if (phase_ == Phase::surveying && stopping_) {
      return fail(fault(dfu::FaultCode::cancelled, dfu::OperationKind::survey, "Stopped before anything was written."));
    }
    want(wants::Transfer{handle, submit->transfer});
  } else if (const auto* pause = std::get_if<dfu::Pause>(&ask)) {
    want(wants::Timer{++timer_, pause->duration});
  } else if (std::holds_alternative<dfu::Reset>(ask)) {
    want(wants::Reset{handle});
  } else if (phase_ == Phase::surveying) {
    surveyed();
  } else {
    flashed();
  }
}

void Visit::surveyed() {
  const auto& survey = std::get<dfu::Survey>(attempt_.conversation);
  attempt_.survey_floor = survey.result().floor;
  if (survey.fault()) return fail(*survey.fault());
  auto judgement = config::judge(recipe(), survey.result());
  if (const auto* refusal = std::get_if<dfu::Fault>(&judgement)) return fail(*refusal);
  judged(std::get<dfu::Plan>(std::move(judgement)));
}

void Visit::judged(dfu::Plan plan) {
  for (StepDone& step : attempt_.steps) step.unchanged_bytes = step.bytes;
  for (const dfu::Operation& operation : plan.operations) {
    if (operation.kind != dfu::Operation::Kind::write) continue;
    attempt_.steps[operation.step].unchanged_bytes -= operation.length;
  }
  if (options_.dry_run) {
    attempt_.session_floor = plan.floor;
    return close();
  }
  attempt_.wrote = plan.writes();
  phase_ = Phase::flashing;
  attempt_.conversation.emplace<dfu::Session>(recipe().profile, recipe().layout, std::move(plan));
  if (stopping_) std::get<dfu::Session>(attempt_.conversation).stop();
  converse(nullptr);
}

void Visit::flashed() {
  const auto& session = std::get<dfu::Session>(attempt_.conversation);
  attempt_.session_floor = session.floor();
  bool all = true;
  for (std::size_t i = 0; i < attempt_.steps.size(); ++i) {
    StepDone& step = attempt_.steps[i];
    const dfu::StepTally& tally = session.steps()[i];
    step.written_bytes = tally.written_bytes;
    step.erased_sectors = tally.erased_sectors;
    // What was read back was compared byte for byte, so its digest is the payload's.
    if (tally.verified_bytes == step.bytes) step.readback = dfu::sha256(step.image->payload());
    all = all && step.readback;
  }
  if (attempt_.verified) attempt_.verified = all;
  if (session.fault()) return fail(*session.fault());
  attempt_.flashed = attempt_.ended = now_;
  own_departure_until_ = now_ + recipe().profile.depart_limit;
  close();
}

void Visit::fail(dfu::Fault fault) {
  attempt_.flashed = attempt_.ended = now_;
  attempt_.fault = std::move(fault);
  suspect_or_close();
}

// A failed wire and a pulled plug look alike at first: wait for the departure before anything is called by its name.
void Visit::suspect_or_close() {
  const dfu::FaultCode code = attempt_.fault->code;
  const bool wire = code == dfu::FaultCode::io_error || code == dfu::FaultCode::unit_gone;
  if (wire && still_here()) return wait(Phase::suspecting, departure_lag);
  if (wire) call_it_gone();
  close();
}

// An I/O error with a departure behind it was the departure.
void Visit::call_it_gone() {
  dfu::Fault& fault = *attempt_.fault;
  if (fault.code != dfu::FaultCode::io_error) return;
  fault.code = dfu::FaultCode::unit_gone;
  fault.text += " The unit has left the bus: it was pulled, or its cable or plug is loose.";
}

void Visit::close() {
  phase_ = Phase::closing;
  want(wants::Close{attempt_.started.unit.handle});
}

void Visit::hear(const told::Closed&) {
  if (attempt_.fault || options_.dry_run || recipe().policy.confirm == config::Confirm::none) return conclude();
  leave_or_return();
}

// ---- leaving and coming back

void Visit::leave_or_return() {
  const dfu::Profile& profile = recipe().profile;
  if (still_here()) {
    wait(Phase::departing, profile.depart_limit);
  } else if (present_) {
    returned(*present_);
  } else {
    wait(Phase::returning, profile.return_limit);
  }
  if (stopping_) want(wants::Timer{++timer_, proof_at_stop});
}

void Visit::returned(const dfu::UnitInfo& unit) {
  attempt_.ended = now_;
  note_identity(unit);
  const dfu::Profile& profile = recipe().profile;
  if (ours(unit)) {
    attempt_.fault = fault(dfu::FaultCode::back_in_dfu, dfu::OperationKind::proof,
                           "The unit came back in DFU mode instead of starting its firmware.");
  } else if (profile.application && unit.id != *profile.application) {
    attempt_.fault = fault(dfu::FaultCode::wrong_firmware, dfu::OperationKind::proof,
                           "The unit came back as " + dfu::to_string(unit.id) + " instead of " +
                               dfu::to_string(*profile.application) + ".");
  } else {
    attempt_.booted = true;
  }
  conclude();
}

void Visit::hear(const told::TimeOver& over) {
  if (over.timer != timer_) return;
  switch (phase_) {
    case Phase::surveying:
    case Phase::flashing: {
      const dfu::Answer answer = dfu::Paused{};
      return converse(&answer);
    }
    case Phase::suspecting:
      return close();
    case Phase::departing:
      attempt_.fault =
          stopping_ ? fault(dfu::FaultCode::cancelled, dfu::OperationKind::proof, "Stopped before the proof of boot.")
                    : fault(dfu::FaultCode::leave_refused, dfu::OperationKind::leave,
                            "The unit stayed in DFU mode after it was told to leave.");
      break;
    case Phase::returning:
      attempt_.fault =
          stopping_ ? fault(dfu::FaultCode::cancelled, dfu::OperationKind::proof, "Stopped before the proof of boot.")
                    : fault(dfu::FaultCode::not_back, dfu::OperationKind::proof,
                            "The unit left DFU mode and did not come back: it does not start, or it was pulled.");
      break;
    case Phase::awaiting:
      return reach_verdict(outcome_);
    case Phase::verdict:
      return end_visit();
    case Phase::empty:
    case Phase::queued:
    case Phase::saving_start:
    case Phase::opening:
    case Phase::closing:
    case Phase::saving_end:
      return;
  }
  attempt_.ended = now_;
  conclude();
}

// ---- the end of an attempt

void Visit::conclude() {
  if (options_.dry_run) return conclude_dry_run();
  phase_ = Phase::saving_end;
  want(wants::Save{finished()});
}

void Visit::conclude_dry_run() {
  Judged judged{attempt_.started.unit, setting_.slot, attempt_.fault, 0, dfu::seconds(attempt_.session_floor)};
  if (!attempt_.fault) {
    for (const StepDone& step : attempt_.steps) judged.bytes_to_write += step.bytes - step.unchanged_bytes;
  }
  want(wants::ReleasePlace{});
  want(wants::Tell{std::move(judged)});
  reach_verdict(attempt_.fault ? outcome_of(*attempt_.fault) : Outcome::passed);
}

void Visit::ended(bool committed) {
  AttemptFinished end = finished();
  if (!committed) {
    // No green light without a record.
    end.outcome = Outcome::error;
    end.fault = fault(dfu::FaultCode::records_unavailable, dfu::OperationKind::proof,
                      "The result could not be recorded; what the unit holds is not proven.");
    if (attempt_.fault && attempt_.fault->code == dfu::FaultCode::records_unavailable) end.fault = attempt_.fault;
    attempt_.fault = end.fault;
  }
  outcome_ = end.outcome;
  want(wants::Tell{AttemptEnded{std::move(end)}});  // first: whoever is admitted to its place must not exceed a quota
  want(wants::ReleasePlace{});
  const bool retry = attempt_.fault && worth_retrying(attempt_.fault->code) && attempts_ < recipe().policy.attempts;
  if (!retry || draining_) return reach_verdict(outcome_);
  if (present_ && ours(*present_)) return queue();
  if (present_) return reach_verdict(outcome_);
  wait(Phase::awaiting, until_empty_for(setting_.insert_after));
}

void Visit::reach_verdict(Outcome outcome) {
  phase_ = Phase::verdict;
  want(wants::Tell{VerdictReached{options_.port, setting_.slot, outcome, attempts_}});
  if (!present_) watch_for_removal(setting_.insert_after);
}

AttemptFinished Visit::finished() const {
  AttemptFinished end;
  end.started = attempt_.started;
  end.fault = attempt_.fault;
  end.outcome = attempt_.fault ? outcome_of(*attempt_.fault) : attempt_.wrote ? Outcome::passed : Outcome::already;
  end.verified = attempt_.verified;
  end.booted = attempt_.booted;
  end.unit = attempt_.unit_id;
  end.serials = attempt_.serials;
  end.flash_seconds = dfu::seconds(attempt_.flashed - attempt_.opened);
  end.return_seconds = dfu::seconds(attempt_.ended - attempt_.flashed);
  end.floor_seconds = dfu::seconds(attempt_.survey_floor + attempt_.session_floor);
  end.steps = attempt_.steps;
  return end;
}

void Visit::hear(const told::Stop& stop) {
  draining_ = true;
  stopping_ = stopping_ || stop.kind != StopKind::drain;
  const bool at_once = stop.kind == StopKind::at_once;
  const dfu::UnitHandle handle = attempt_.started.unit.handle;
  switch (phase_) {
    case Phase::queued:
      want(wants::ReleasePlace{});
      reach_verdict(attempts_ == 0 ? Outcome::cancelled : outcome_);
      break;
    case Phase::surveying:
    case Phase::flashing:
      if (auto* session = std::get_if<dfu::Session>(&attempt_.conversation); session && stopping_) session->stop();
      if (at_once) want(wants::Cancel{handle});
      break;
    case Phase::departing:
    case Phase::returning:
      if (stopping_) want(wants::Timer{++timer_, at_once ? dfu::Duration{} : proof_at_stop});
      break;
    case Phase::awaiting:
      reach_verdict(outcome_);
      break;
    case Phase::empty:
    case Phase::saving_start:
    case Phase::opening:
    case Phase::suspecting:
    case Phase::closing:
    case Phase::saving_end:
    case Phase::verdict:
      break;
  }
}

// ---- bookkeeping

void Visit::note_identity(const dfu::UnitInfo& unit) {
  auto& serials = attempt_.serials;
  const bool known = std::find(serials.begin(), serials.end(), unit.serial) != serials.end();
  if (!unit.serial.empty() && !known) serials.push_back(unit.serial);
  if (!recipe().profile.platform) return;
  if (auto id = dfu::particle::device_id(unit)) attempt_.unit_id = std::move(id);
}

// The time since the last event belongs to the step that was being worked on.
void Visit::account_time() {
  std::optional<std::size_t> step;
  if (const auto* survey = std::get_if<dfu::Survey>(&attempt_.conversation)) step = survey->step();
  if (const auto* session = std::get_if<dfu::Session>(&attempt_.conversation)) step = session->operation().step;
  if (step) attempt_.steps[*step].seconds += dfu::seconds(now_ - attempt_.accounted);
  attempt_.accounted = now_;
}

void Visit::tell_progress() {
  const auto* session = std::get_if<dfu::Session>(&attempt_.conversation);
  Progress progress{attempt_.started.attempt, options_.port, setting_.slot, "survey", {}, 0, 0};
  if (session) {
    const double planned = dfu::seconds(session->planned()), done = dfu::seconds(session->floor());
    progress.phase = to_string(session->operation().kind);
    progress.step = attempt_.steps[session->operation().step].name;
    progress.fraction = planned > 0 ? done / planned : 1;
    progress.left_seconds = planned - done;
    const auto kind = session->operation().kind;
    if (kind == dfu::Operation::Kind::set_address || kind == dfu::Operation::Kind::to_idle) return;
  } else {
    progress.step = attempt_.steps[std::get<dfu::Survey>(attempt_.conversation).step()].name;
  }
  const int percent = static_cast<int>(progress.fraction * 100);
  const std::string what = progress.phase + progress.step;
  if (percent == attempt_.percent && what == attempt_.phase) return;
  attempt_.percent = percent;
  attempt_.phase = what;
  want(wants::Tell{std::move(progress)});
}

}  // namespace scheduler
