#include "scheduler/attempt.h"

#include <algorithm>
#include <utility>

namespace scheduler {

namespace {

using dfu::FaultCode;
using dfu::OperationKind;

// How long the departure of a unit may lag behind a transfer that failed on the wire (facts/dfu.md 4.7).
constexpr dfu::Duration departure_lag = std::chrono::seconds(1);
// A survey has no percentage to change: so often its progress is told all the same, for whoever measures its pace.
constexpr dfu::Duration tell_after = std::chrono::milliseconds(200);
// A stop waits this long for a unit that has been verified to prove its boot: within the 15 s of CONTRACTS.
constexpr dfu::Duration proof_at_stop = std::chrono::seconds(10);
// A unit may be reset on its way into DFU mode by something else, and then it is in its application again.
constexpr int most_entries = 3;
// A unit that came back and went again this often restarts all the time, or its plug is loose.
constexpr int most_settlings = 3;

dfu::Fault open_fault(const dfu::OpenResult& result) {
  const auto with_detail = [&result](FaultCode code, const std::string& text) {
    const std::string detail = result.detail.empty() ? "." : ": " + result.detail + ".";
    return dfu::make_fault(code, OperationKind::open, text + detail);
  };
  switch (result.status) {
    case dfu::OpenStatus::access_denied:
      return with_detail(FaultCode::access_denied, "The station has no permission to open the unit");
    case dfu::OpenStatus::busy:
      return with_detail(FaultCode::interface_busy, "Another program holds the unit");
    case dfu::OpenStatus::gone:
      return with_detail(FaultCode::unit_gone, "The unit left before it could be opened");
    case dfu::OpenStatus::ok:
    case dfu::OpenStatus::failed:
      break;
  }
  return with_detail(FaultCode::io_error, "The unit could not be opened");
}

}  // namespace

Attempt::Attempt(AttemptStarted started, AttemptOptions options, dfu::Duration now)
    : started_(std::move(started)),
      options_(std::move(options)),
      timers_(options_.first_timer),
      unit_(started_.unit),
      opened_(now),
      flashed_(now),
      ended_(now),
      accounted_(now) {
  if (wants_proof()) booted_ = false;
  if (recipe().policy.verify != config::Verify::none) verified_ = false;
  for (const dfu::Step& step : recipe().layout.steps) {
    StepDone done{step.name, step.image, step.address, step.size(), 0, 0, 0, 0, {}};
    steps_.push_back(std::move(done));
  }
  if (const auto& owed = options_.owed) {
    flash_done_ = true;
    verified_ = owed->verified;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      steps_[i].unchanged_bytes = steps_[i].bytes;
      steps_[i].readback = owed->steps[i].readback;
      wrote_ = wrote_ || owed->steps[i].written_bytes > 0;
    }
  }
  recognised_ = unit_.handle;
  if (options_.owed) {
    known_ = options_.known;
    id_when_verified_ = known_.own_id().has_value();
    serials_ = options_.owed->serials;
  } else {
    note_shown(unit_);
  }
}

std::vector<Want> Attempt::begin(std::optional<dfu::UnitInfo> present, const Gap& gap, dfu::Duration now) {
  now_ = now;
  present_ = std::move(present);
  gap_ = gap;
  if (options_.owed) {
    remark(RemarkCode::proof_pending, {{"attempt", options_.owed->started.attempt}});
    plan_proof();
    if (gap_.departures > 0) recognised_ = 0;
    identity_ = gap_.departures > 0 ? std::nullopt : options_.owed->identity;
    if (present_) {
      returned(*present_);
    } else {
      lost_ = true;
      wait(Stage::returning, options_.insert_after);
    }
  } else {
    if (!in_dfu_mode(unit_, profile())) to_do_.push_back(Errand::enter);
    if (!options_.dry_run) to_do_.push_back(Errand::identify);
    to_do_.push_back(Errand::flash);
    next_errand();
  }
  return std::exchange(wants_, {});
}

std::vector<Want> Attempt::on(const Told& told, dfu::Duration now) {
  now_ = now;
  std::visit([this](const auto& what) { hear(what); }, told);
  return std::exchange(wants_, {});
}

int Attempt::start_timer(dfu::Duration limit) {
  want(wants::Timer{++timers_, limit});
  return timers_;
}

void Attempt::wait(Stage stage, dfu::Duration limit) {
  stage_ = stage;
  timer_ = start_timer(limit);
}

void Attempt::refuse(dfu::Fault refusal) {
  fault_ = std::move(refusal);
  stage_ = Stage::over;
}

void Attempt::end() {
  stage_ = Stage::over;
}

OperationKind Attempt::entering() const {
  return flash_done_ ? OperationKind::proof : OperationKind::enter;
}

void Attempt::end(dfu::Fault why) {
  ended_ = now_;
  fault_ = std::move(why);
  end();
}

// ---- an errand

void Attempt::next_errand() {
  if (present_ && present_->handle != recognised_) return unexpected(*present_);
  gap_ = {};
  if (to_do_.empty()) {
    if (before_doubt_) return end(cannot_be_told(doubt_));
    ended_ = now_;
    booted_ = true;
    return end();
  }
  errand_ = to_do_.front();
  to_do_.pop_front();
  if (present_) unit_ = *present_;
  if (errand_ == Errand::identify && !wants_stored_id()) return next_errand();
  if (errand_ == Errand::enter && in_dfu_mode(unit_, profile())) return next_errand();
  if (errand_ == Errand::enter && !can_enter_dfu(unit_, profile())) {
    return end(
        dfu::make_fault(FaultCode::leave_refused, OperationKind::proof,
                        "The unit shows no way back into DFU mode, so its firmware cannot be compared once more."));
  }
  stage_ = Stage::opening;
  want(wants::Open{unit_.handle, claims()});
}

std::vector<dfu::Claim> Attempt::claims() const {
  const auto serial = dfu::particle::serial_port(unit_);
  switch (errand_) {
    case Errand::flash:
    case Errand::reread:
      return {{profile().interface_number, profile().alternate}};
    case Errand::identify:
      return {{profile().interface_number, profile().stored_id->alternate}};
    case Errand::enter:
      if (profile().entry == dfu::Entry::detach) return {{dfu::run_time_interface(unit_).value_or(0), {}}};
      if (serial) return {{serial->control, {}}};
      break;
    case Errand::ask:
      if (serial && serial->in != 0) return {{serial->control, {}}, {serial->data, {}}};
      break;
  }
  return {};
}

void Attempt::hear(const told::Opened& opened) {
  if (errand_ == Errand::flash) opened_ = accounted_ = now_;
  if (opened.result.status != dfu::OpenStatus::ok) {
    ended_ = now_;
    if (!flash_done_) flashed_ = now_;
    fault_ = open_fault(opened.result);
    return fault_->code == FaultCode::unit_gone ? suspect_or_close() : end();
  }
  stage_ = Stage::talking;
  begin_conversation();
  converse(nullptr);
}

void Attempt::begin_conversation() {
  switch (errand_) {
    case Errand::enter:
      ++entries_;
      if (profile().entry == dfu::Entry::detach) {
        conversation_.emplace<dfu::Detach>(unit_);
      } else {
        conversation_.emplace<dfu::particle::EnterDfu>(unit_);
      }
      return;
    case Errand::flash: {
      const bool read = recipe().policy.unchanged == config::Unchanged::skip;
      conversation_.emplace<dfu::Survey>(profile(), recipe().layout, unit_, read);
      return;
    }
    case Errand::identify:
      conversation_.emplace<dfu::ReadId>(profile());
      return;
    case Errand::reread:
      conversation_.emplace<dfu::Survey>(profile(), *proof_layout_, unit_, true);
      return;
    case Errand::ask:
      conversation_.emplace<dfu::particle::AskModules>(unit_);
      return;
  }
}

void Attempt::hear(const told::Answered& answered) {
  if (const auto* reset = std::get_if<dfu::ResetStatus>(&answered.answer)) note_reset(*reset);
  converse(&answered.answer);
}

// A reset that only brings a unit out of the state it came in. Others belong to entering and leaving.
void Attempt::note_reset(dfu::ResetStatus status) {
  if (!std::holds_alternative<dfu::Survey>(conversation_) && !std::holds_alternative<dfu::ReadId>(conversation_))
    return;
  lost_by_reset_ = status == dfu::ResetStatus::lost;
  remark(lost_by_reset_ ? RemarkCode::reset_left : RemarkCode::reset_stayed);
}

// Goes on with the conversation, whichever it is: begins it, or gives it the answer.
void Attempt::converse(const dfu::Answer* answer) {
  account_time();
  const auto step = [&](auto& conversation) -> dfu::Ask {
    if constexpr (std::is_same_v<std::decay_t<decltype(conversation)>, std::monostate>) {
      return dfu::Finished{};
    } else {
      return answer ? conversation.answer(*answer, now_) : conversation.begin(now_);
    }
  };
  const dfu::Ask ask = std::visit(step, conversation_);
  tell_progress();
  pausing_ = std::holds_alternative<dfu::Pause>(ask);
  if (const auto* submit = std::get_if<dfu::Submit>(&ask)) {
    if (cut_short() && !std::holds_alternative<dfu::Session>(conversation_)) {
      const auto doing = errand_ == Errand::enter ? OperationKind::enter : OperationKind::survey;
      return fail(dfu::make_fault(FaultCode::cancelled, doing, "Stopped before anything was written."));
    }
    want(wants::Transfer{unit_.handle, submit->transfer});
  } else if (const auto* pause = std::get_if<dfu::Pause>(&ask)) {
    timer_ = start_timer(pause->duration);
  } else if (std::holds_alternative<dfu::Reset>(ask)) {
    want(wants::Reset{unit_.handle});
  } else {
    talked();
  }
}

void Attempt::talked() {
  const auto done = [this](const auto& conversation) {
    return conversation.fault() ? fail(*conversation.fault()) : close();
  };
  if (const auto* detach = std::get_if<dfu::Detach>(&conversation_)) return done(*detach);
  if (const auto* enter = std::get_if<dfu::particle::EnterDfu>(&conversation_)) return done(*enter);
  if (const auto* read = std::get_if<dfu::ReadId>(&conversation_)) {
    if (read->id()) note_stored_id(*read->id());
    return done(*read);
  }
  if (std::holds_alternative<dfu::particle::AskModules>(conversation_)) return asked();
  if (errand_ == Errand::reread) return reread();
  if (std::holds_alternative<dfu::Survey>(conversation_)) return surveyed();
  flashed();
}

void Attempt::surveyed() {
  const auto& survey = std::get<dfu::Survey>(conversation_);
  survey_floor_ = survey.result().floor;
  survey_bytes_ = survey.result().read_bytes;
  if (survey.fault()) return fail(*survey.fault());
  auto judgement = config::judge(recipe(), survey.result());
  if (const auto* refusal = std::get_if<dfu::Fault>(&judgement)) return fail(*refusal);
  judged(std::get<dfu::Plan>(std::move(judgement)));
}

void Attempt::judged(dfu::Plan plan) {
  for (StepDone& step : steps_) step.unchanged_bytes = step.bytes;
  for (const dfu::Operation& operation : plan.operations) {
    const bool erases = operation.kind == dfu::Operation::Kind::erase &&
                        recipe().layout.steps[operation.step].does == dfu::Step::Does::erase;
    if (erases || operation.kind == dfu::Operation::Kind::write) {
      steps_[operation.step].unchanged_bytes -= operation.length;
    }
  }
  if (options_.dry_run) {
    session_floor_ = plan.floor;
    return close();
  }
  wrote_ = plan.writes();
  conversation_.emplace<dfu::Session>(profile(), recipe().layout, std::move(plan));
  if (stopping_) std::get<dfu::Session>(conversation_).stop();
  converse(nullptr);
}

void Attempt::flashed() {
  const auto& session = std::get<dfu::Session>(conversation_);
  session_floor_ = session.floor();
  bool all = true;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    StepDone& step = steps_[i];
    const dfu::StepTally& tally = session.steps()[i];
    step.written_bytes = tally.written_bytes;
    step.erased_sectors = tally.erased_sectors;
    // What was read back was compared byte for byte, so its digest is the payload's.
    if (tally.verified_bytes == step.bytes) step.readback = dfu::sha256(step.image->payload());
    all = all && step.readback;
  }
  if (verified_) verified_ = all;
  if (session.fault()) return fail(*session.fault());
  flashed_ = ended_ = now_;
  flash_done_ = true;
  id_when_verified_ = known_.own_id().has_value();
  entries_ = 0;
  if (stopping_) give_proof_a_deadline(proof_at_stop);
  close();
}

// ---- the end of an errand

void Attempt::fail(dfu::Fault why) {
  ended_ = now_;
  if (!flash_done_) flashed_ = now_;
  if (flash_done_) why.operation = OperationKind::proof;
  fault_ = std::move(why);
  suspect_or_close();
}

// A failed wire and a pulled plug look alike at first: wait for the departure before anything is called by its name.
void Attempt::suspect_or_close() {
  const bool wire = fault_->code == FaultCode::io_error || fault_->code == FaultCode::unit_gone;
  if (wire && still_here()) return wait(Stage::suspecting, departure_lag);
  if (wire) call_it_gone();
  close();
}

// An I/O error with a departure behind it was the departure.
void Attempt::call_it_gone() {
  if (fault_->code == FaultCode::io_error) {
    fault_->code = FaultCode::unit_gone;
    fault_->text += " The unit has left the bus: it was pulled, or its cable or plug is loose.";
  }
  if (flash_done_) {
    fault_->code = FaultCode::pulled_before_proof;
    fault_->operation = OperationKind::proof;
  }
}

void Attempt::close() {
  stage_ = Stage::closing;
  want(wants::Close{unit_.handle});
}

void Attempt::hear(const told::Closed&) {
  if (fault_ || options_.dry_run) return end();
  if (errand_ == Errand::flash && !wants_proof()) {
    left_unwatched_ = true;
    gap_.told_to_go = gap_.departures <= 1;
    return end();
  }
  if (errand_ == Errand::ask || errand_ == Errand::identify) return next_errand();
  if (errand_ == Errand::flash) {
    plan_proof();
    if (recipe().policy.confirm == config::Confirm::reread && !proof_layout_) return end(nothing_to_compare());
  }
  leave_or_return();
}

// ---- leaving and coming back

void Attempt::leave_or_return() {
  if (gap_.departures <= 1) gap_.told_to_go = true;
  if (still_here()) {
    wait(Stage::departing, profile().depart_limit);
  } else if (present_) {
    returned(*present_);
  } else {
    wait(Stage::returning, profile().return_limit);
  }
}

void Attempt::hear(const told::Left& left) {
  if (!present_ || present_->handle != left.handle) return;
  present_.reset();
  gap_.left(now_);
  switch (stage_) {
    case Stage::talking:
      if (errand_ == Errand::enter && pausing_) close();
      break;
    case Stage::suspecting:
      call_it_gone();
      close();
      break;
    case Stage::departing:
      leave_or_return();
      break;
    case Stage::settling:
      lost_ = true;
      wait(Stage::returning, options_.insert_after);
      break;
    case Stage::opening:
    case Stage::closing:
    case Stage::returning:
    case Stage::over:
      break;
  }
}

void Attempt::hear(const told::Arrived& arrived) {
  present_ = arrived.unit;
  gap_.back(now_, arrived.queued);
  if (stage_ == Stage::returning) returned(arrived.unit);
}

void Attempt::returned(const dfu::UnitInfo& unit) {
  if (!recognise(unit)) return;
  switch (errand_) {
    case Errand::enter:
      return returned_to_dfu(unit);
    case Errand::identify:
    case Errand::flash:
    case Errand::reread:
    case Errand::ask:
      return returned_to_application(unit);
  }
}

void Attempt::returned_to_dfu(const dfu::UnitInfo& unit) {
  if (in_dfu_mode(unit, profile())) return next_errand();
  if (can_enter_dfu(unit, profile()) && entries_ < most_entries) {
    if (to_do_.front() != Errand::enter) to_do_.push_front(Errand::enter);
    return next_errand();
  }
  end(dfu::make_fault(FaultCode::leave_refused, entering(),
                      "The unit was told to go into DFU mode and came back as " + dfu::to_string(unit.id) +
                          ". Put it into DFU mode by its buttons."));
}

void Attempt::returned_to_application(const dfu::UnitInfo& unit) {
  if (in_dfu_mode(unit, profile())) {
    came_in_dfu_ = before_doubt_.has_value();
    return came_in_dfu_ ? next_errand() : end(back_in_dfu());
  }
  if (profile().application && unit.id != *profile().application) {
    return end(dfu::make_fault(FaultCode::wrong_firmware, OperationKind::proof,
                               "The unit came back as " + dfu::to_string(unit.id) + " instead of " +
                                   dfu::to_string(*profile().application) + "."));
  }
  if (++settlings_ > most_settlings) {
    return end(
        dfu::make_fault(FaultCode::not_back, OperationKind::proof,
                        "The unit starts and goes from the bus again and again: its firmware crashes, or its plug is "
                        "loose."));
  }
  wait(Stage::settling, profile().settle);
}

void Attempt::hear(const told::TimeOver& over) {
  if (over.timer == deadline_timer_) return deadline();
  if (over.timer != timer_) return;
  switch (stage_) {
    case Stage::talking: {
      const dfu::Answer answer = dfu::Paused{};
      return converse(&answer);
    }
    case Stage::suspecting:
      return close();
    case Stage::departing:
    case Stage::returning:
      return waited_in_vain();
    case Stage::settling:
      return next_errand();
    case Stage::opening:
    case Stage::closing:
    case Stage::over:
      break;
  }
}

void Attempt::waited_in_vain() {
  const bool stays = stage_ == Stage::departing;
  if (errand_ == Errand::enter) {
    if (stays && entries_ < most_entries) {
      to_do_.push_front(Errand::enter);
      return next_errand();
    }
    return end(
        stays ? dfu::make_fault(FaultCode::leave_refused, entering(),
                                "The unit stayed in its application after it was told to go into DFU mode. Put it "
                                "into DFU mode by its buttons.")
              : dfu::make_fault(FaultCode::not_back, entering(),
                                "The unit left its application and did not come back in DFU mode, or it was pulled."));
  }
  if (lost_) {
    return end(
        dfu::make_fault(FaultCode::pulled_before_proof, OperationKind::proof,
                        "The unit had started its firmware, and left the bus before that was proven: it was pulled too "
                        "early, or its firmware crashes."));
  }
  end(stays ? dfu::make_fault(FaultCode::leave_refused, OperationKind::leave,
                              "The unit stayed in DFU mode after it was told to leave.")
            : dfu::make_fault(FaultCode::not_back, OperationKind::proof,
                              "The unit left DFU mode and did not come back: it does not start, or it was pulled."));
}

// ---- a stop

void Attempt::hear(const told::Stop& stop) {
  if (stop.kind == StopKind::drain || over()) return;
  stopping_ = true;
  const bool at_once = stop.kind == StopKind::at_once;
  if (flash_done_) return give_proof_a_deadline(at_once ? dfu::Duration{} : proof_at_stop);
  if (auto* session = std::get_if<dfu::Session>(&conversation_)) session->stop();
  if (stage_ == Stage::talking && at_once) want(wants::Cancel{unit_.handle});
  if (stage_ == Stage::departing || stage_ == Stage::returning) {
    end(dfu::make_fault(FaultCode::cancelled, OperationKind::enter, "Stopped before anything was written."));
  }
}

void Attempt::give_proof_a_deadline(dfu::Duration limit) {
  deadline_timer_ = start_timer(limit);
}

void Attempt::deadline() {
  const auto stopped = dfu::make_fault(FaultCode::cancelled, OperationKind::proof, "Stopped before the proof of boot.");
  switch (stage_) {
    case Stage::departing:
    case Stage::returning:
    case Stage::settling:
      return end(stopped);
    case Stage::talking:
      if (pausing_) return fail(stopped);
      return want(wants::Cancel{unit_.handle});
    case Stage::opening:
    case Stage::suspecting:
    case Stage::closing:
      // Comes to an end by itself, and then the deadline is looked at again.
      return give_proof_a_deadline(departure_lag);
    case Stage::over:
      break;
  }
}

// ---- bookkeeping

AttemptFinished Attempt::finished() const {
  AttemptFinished end;
  end.started = started_;
  end.fault = fault_;
  end.outcome = fault_ ? outcome_of(*fault_) : wrote_ ? Outcome::passed : Outcome::already;
  end.verified = verified_;
  end.booted = booted_;
  end.unit = known().id();
  end.identity = before_doubt_ ? std::nullopt : identity_;
  end.serials = serials_;
  end.flash_seconds = dfu::seconds(flashed_ - opened_);
  end.return_seconds = dfu::seconds(ended_ - flashed_);
  end.floor_seconds = dfu::seconds(survey_floor_ + session_floor_);
  end.steps = steps_;
  return end;
}

std::uint32_t Attempt::bytes_to_write() const {
  std::uint32_t bytes = 0;
  for (const StepDone& step : steps_) bytes += step.bytes - step.unchanged_bytes;
  return bytes;
}

// The time since the last event belongs to the step that was being worked on.
void Attempt::account_time() {
  std::optional<std::size_t> step;
  if (const auto* survey = std::get_if<dfu::Survey>(&conversation_)) step = survey->step();
  if (const auto* session = std::get_if<dfu::Session>(&conversation_)) step = session->operation().step;
  if (step && errand_ == Errand::flash) steps_[*step].seconds += dfu::seconds(now_ - accounted_);
  accounted_ = now_;
}

void Attempt::tell_progress() {
  Progress progress{started_.attempt, started_.port, started_.slot, "survey", {}, 0, 0};
  const auto* session = std::get_if<dfu::Session>(&conversation_);
  const auto* survey = std::get_if<dfu::Survey>(&conversation_);
  if (errand_ != Errand::flash) {
    progress.phase = flash_done_ ? "proof" : "enter";
    progress.fraction = flash_done_ ? 1 : 0;
  } else if (session) {
    const double planned = dfu::seconds(session->planned()), done = dfu::seconds(session->floor());
    progress.phase = to_string(session->operation().kind);
    progress.step = steps_[session->operation().step].name;
    progress.fraction = planned > 0 ? done / planned : 1;
    progress.left_seconds = planned - done;
    progress.floor_seconds = dfu::seconds(survey_floor_) + done;
    progress.bytes = survey_bytes_;
    // Without a write, what the survey read counts as verified and was counted above.
    for (const dfu::StepTally& step : session->steps()) {
      if (wrote_) progress.bytes += step.written_bytes + step.verified_bytes;
    }
    const auto kind = session->operation().kind;
    if (kind == dfu::Operation::Kind::set_address || kind == dfu::Operation::Kind::to_idle) return;
  } else if (survey) {
    progress.step = steps_[survey->step()].name;
    progress.floor_seconds = dfu::seconds(survey->result().floor);
    progress.bytes = survey->result().read_bytes;
  }
  progress.elapsed_seconds = dfu::seconds(now_ - opened_);
  const int percent = static_cast<int>(progress.fraction * 100);
  const std::string what = progress.phase + progress.step;
  if (percent == percent_ && what == told_ && now_ - told_at_ < tell_after) return;
  percent_ = percent;
  told_ = what;
  told_at_ = now_;
  want(wants::Tell{std::move(progress)});
}

}  // namespace scheduler
