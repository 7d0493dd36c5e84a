#include "scheduler/attempt.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "scheduler/fault_policy.h"

namespace scheduler {

namespace {

using dfu::FaultCode;
using dfu::OperationKind;

// How long the departure of a unit may lag behind a transfer that failed on the wire (docs/devices.md, "Unplugged
// during work").
constexpr dfu::Duration departure_lag = std::chrono::seconds(1);
// A stop waits this long for a unit that has been verified to prove its boot: within the 15 s of
// docs/formats.md, "Signals".
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
    case dfu::OpenStatus::exhausted:
      return with_detail(FaultCode::internal, "This computer has no free resources left to open the unit");
    case dfu::OpenStatus::ok:
    case dfu::OpenStatus::failed:
      break;
  }
  return with_detail(FaultCode::io_error, "The unit could not be opened");
}

// Limits of transfers and calls are longer than this by far, and are put off by what the computer missed.
constexpr dfu::Duration worth_missing = std::chrono::seconds(1);

// A unit that had no time to answer is not to blame.
dfu::Fault unless_late(dfu::Fault why, dfu::Duration late) {
  const bool missed = why.code == FaultCode::io_error ? why.operation == OperationKind::open
                                                      : policy_of(why.code).recovery == Recovery::start;
  if (late < worth_missing || !missed) return why;
  why.code = FaultCode::internal;
  why.text = "This computer did not run the program for " + std::to_string(std::lround(dfu::seconds(late))) +
             " s, so an answer of the unit was missed. Check which other programs run on it.";
  return why;
}

}  // namespace

Attempt::Attempt(AttemptStarted started, AttemptOptions options, dfu::Duration now)
    : started_(std::move(started)),
      options_(std::move(options)),
      timers_(options_.first_timer),
      unit_(started_.unit),
      opened_(now),
      flashed_(now),
      ended_(now) {
  if (wants_proof()) booted_ = false;
  if (recipe().policy.verify != config::Verify::none) verified_ = false;
  for (const dfu::Step& step : recipe().layout.steps) {
    StepDone done{step.name, step.image, step.address, step.size(), 0, 0, 0, 0, {}};
    steps_.push_back(std::move(done));
  }
  if (const auto& pending_proof = options_.pending_proof) {
    flash_done_ = true;
    verified_ = pending_proof->verified;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      steps_[i].unchanged_bytes = steps_[i].bytes;
      steps_[i].readback = pending_proof->steps[i].readback;
      wrote_ = wrote_ || pending_proof->steps[i].written_bytes > 0;
    }
  }
  recognised_ = unit_.handle;
  neighbours_ = options_.neighbours;
  if (options_.pending_proof) {
    known_ = options_.known;
    id_when_verified_ = known_.own_id().has_value();
    serials_ = options_.pending_proof->serials;
  } else {
    note_shown(unit_);
  }
}

std::vector<VisitEffect> Attempt::begin(std::optional<dfu::UnitInfo> present, const Gap& gap, dfu::Duration now) {
  now_ = now;
  present_ = std::move(present);
  gap_ = gap;
  if (options_.pending_proof) {
    remark(RemarkCode::proof_pending, {{"attempt", options_.pending_proof->started.attempt}});
    plan_proof();
    if (gap_.departures > 0) recognised_ = 0;
    identity_ = gap_.departures > 0 ? std::nullopt : options_.pending_proof->identity;
    if (present_) {
      returned(*present_);
    } else {
      lost_ = true;
      wait(Stage::returning, options_.insert_after);
    }
  } else {
    if (!in_dfu_mode(unit_, profile())) to_do_.push_back(Kind::enter);
    if (!options_.dry_run) to_do_.push_back(Kind::identify);
    to_do_.push_back(Kind::flash);
    next_task();
  }
  return std::exchange(wants_, {});
}

std::vector<VisitEffect> Attempt::on(const VisitInput& input, dfu::Duration now) {
  now_ = now;
  std::visit([this](const auto& what) { hear(what); }, input);
  return std::exchange(wants_, {});
}

int Attempt::start_timer(dfu::Duration limit) {
  want(visit_effect::Timer{++timers_, limit});
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

// ---- a task

void Attempt::next_task() {
  if (present_ && present_->handle != recognised_) return unexpected(*present_);
  if (present_) gap_ = {};  // else the departure is still to be explained
  if (to_do_.empty()) {
    if (before_doubt_) return end(cannot_be_told(doubt_));
    ended_ = now_;
    booted_ = true;
    return end();
  }
  kind_ = to_do_.front();
  to_do_.pop_front();
  if (present_) unit_ = *present_;
  if (kind_ == Kind::identify && !wants_stored_id()) return next_task();
  if (kind_ == Kind::enter && in_dfu_mode(unit_, profile())) return next_task();
  if (kind_ == Kind::enter && !can_enter_dfu(unit_, profile())) {
    return end(dfu::make_fault(
        FaultCode::leave_refused, OperationKind::proof,
        "Nothing over USB brings the unit back into DFU mode, so its firmware cannot be compared again."));
  }
  stage_ = Stage::opening;
  task_ = make_task();
  want(visit_effect::Open{unit_.handle, task()->claims()});
}

Attempt::AnyTask Attempt::make_task() const {
  switch (kind_) {
    case Kind::enter:
      return std::make_shared<EnterTask>(profile(), unit_, flash_done_);
    case Kind::identify:
      return std::make_shared<IdentifyTask>(profile(), unit_);
    case Kind::flash:
      return std::make_shared<FlashTask>(started_, unit_, options_.dry_run, neighbours_);
    case Kind::reread:
      return std::make_shared<RereadTask>(started_.recipe, proof_layout_, unit_, !came_in_dfu_);
    case Kind::ask:
      break;
  }
  return std::make_shared<AskTask>(unit_);
}

std::shared_ptr<Task> Attempt::task() const {
  return std::visit([](const auto& one) -> std::shared_ptr<Task> { return one; }, task_);
}

void Attempt::hear(const visit_input::Opened& opened) {
  if (kind_ == Kind::flash) opened_ = now_;
  if (opened.result.status != dfu::OpenStatus::ok) {
    ended_ = now_;
    if (!flash_done_) flashed_ = now_;
    fault_ = unless_late(open_fault(opened.result), opened.late);
    return fault_->code == FaultCode::unit_gone ? suspect_or_close() : end();
  }
  if (kind_ == Kind::enter) ++entries_;
  stage_ = Stage::talking;
  if (stopping_ && !flash_done_) task()->stop();
  tell_phase();
  want(visit_effect::Talk{unit_.handle, task()});
}

void Attempt::hear(const visit_input::Talked& talked) {
  if (stage_ != Stage::talking) return;
  late_ = talked.late;
  if (out_of_time_) return fail(stopped_before_proof());
  std::visit([this](const auto& one) { ended(*one); }, task_);
}

// A unit that obeys leaves the bus in the middle of a sentence.
void Attempt::ended(const EnterTask& task) {
  const bool obeyed = !still_here() && !stopping_;
  task.fault() && !obeyed ? fail(*task.fault()) : close();
}

void Attempt::ended(const IdentifyTask& task) {
  note_reset(task.reset());
  if (task.id()) note_stored_id(*task.id());
  task.fault() ? fail(*task.fault()) : close();
}

void Attempt::ended(const FlashTask& task) {
  note_reset(task.reset());
  steps_ = task.steps();
  survey_floor_ = task.survey_time();
  session_floor_ = task.session_time();
  wrote_ = task.wrote();
  note_neighbours(task);
  note_map(task);
  if (verified_) verified_ = task.all_read_back();
  if (task.fault()) return fail(*task.fault());
  if (options_.dry_run) return close();
  flashed_ = ended_ = task.ended();
  flash_done_ = true;
  id_when_verified_ = known_.own_id().has_value();
  entries_ = 0;
  if (stopping_) give_proof_a_deadline(proof_at_stop);
  close();
}

// A map that is spelled as strangely as in the recipe is no news.
void Attempt::note_map(const FlashTask& task) {
  const std::vector<std::string> ignored = task.ignored_of_map();
  const auto known = dfu::parse_memory_map(profile().map);
  if (options_.dry_run || ignored.empty() || (known && known->ignored == ignored)) return;
  std::string list;
  for (const std::string& part : ignored) list += (list.empty() ? "" : "; ") + part;
  remark(RemarkCode::map_ignored, {{"list", list}});
}

// What the unit held beside the steps, and where that is now.
void Attempt::note_neighbours(const FlashTask& task) {
  neighbours_ = task.to_restore();
  if (options_.dry_run) return;
  if (!task.restored().empty()) remark(RemarkCode::neighbours_kept, places(task.restored()));
  if (!task.refused().empty()) remark(RemarkCode::neighbours_lost, places(task.refused()));
  if (!task.given_up().empty()) {
    std::vector<dfu::Range> lost;
    for (const dfu::Neighbour& one : task.given_up()) lost.push_back(one.data);
    remark(RemarkCode::neighbours_erased, places(lost));
  }
  if (!neighbours_.empty()) remark(RemarkCode::neighbours_at_risk, places(neighbours_));
}

// A reset that only brings a unit out of the state it came in. Others belong to entering and leaving.
void Attempt::note_reset(std::optional<dfu::ResetStatus> status) {
  if (!status) return;
  lost_by_reset_ = *status == dfu::ResetStatus::lost;
  remark(lost_by_reset_ ? RemarkCode::reset_left : RemarkCode::reset_stayed);
}

// ---- the end of a task

void Attempt::fail(dfu::Fault why) {
  ended_ = now_;
  if (!flash_done_) flashed_ = now_;
  if (flash_done_) why.operation = OperationKind::proof;
  fault_ = unless_late(std::move(why), std::exchange(late_, {}));
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
  want(visit_effect::Close{unit_.handle});
}

void Attempt::hear(const visit_input::Closed&) {
  if (fault_ || options_.dry_run) return end();
  if (kind_ == Kind::flash && !wants_proof()) {
    left_unwatched_ = true;
    gap_.told_to_go = gap_.departures <= 1;
    return end();
  }
  if (kind_ == Kind::ask || kind_ == Kind::identify) return next_task();
  if (kind_ == Kind::flash) {
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
    wait(Stage::returning, profile().return_limit + gap_.ahead);
  }
}

void Attempt::hear(const visit_input::Left& left) {
  if (!present_ || present_->handle != left.handle) return;
  present_.reset();
  gap_.left(now_, left.ahead);
  switch (stage_) {
    case Stage::talking:
      if (kind_ == Kind::enter) want(visit_effect::StopTalk{.at_once = true});
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

void Attempt::hear(const visit_input::Arrived& arrived) {
  present_ = arrived.unit;
  gap_.back(now_, arrived.queued, arrived.late);
  if (stage_ == Stage::returning) returned(arrived.unit);
}

void Attempt::returned(const dfu::UnitInfo& unit) {
  if (!recognise(unit)) return;
  switch (kind_) {
    case Kind::enter:
      return returned_to_dfu(unit);
    case Kind::identify:
    case Kind::flash:
    case Kind::reread:
    case Kind::ask:
      return returned_to_application(unit);
  }
}

void Attempt::returned_to_dfu(const dfu::UnitInfo& unit) {
  if (dfu::fit(unit, profile()) == dfu::Fit::ready) return next_task();
  if (in_dfu_mode(unit, profile())) {
    return end(dfu::make_fault(
        FaultCode::map_mismatch, entering(),
        "The unit " + dfu::unfit_because(unit, profile()) + ". " + dfu::unfit_remedy(unit, profile()) + "."));
  }
  if (can_enter_dfu(unit, profile()) && entries_ < most_entries) {
    if (to_do_.front() != Kind::enter) to_do_.push_front(Kind::enter);
    return next_task();
  }
  end(dfu::make_fault(FaultCode::leave_refused, entering(),
                      "The unit was asked to enter DFU mode and came back as " + dfu::to_string(unit.id) +
                          ". Put it into DFU mode by its buttons."));
}

void Attempt::returned_to_application(const dfu::UnitInfo& unit) {
  if (in_dfu_mode(unit, profile())) {
    came_in_dfu_ = before_doubt_.has_value();
    return came_in_dfu_ ? next_task() : end(back_in_dfu());
  }
  if (profile().application && unit.id != *profile().application) {
    return end(dfu::make_fault(FaultCode::wrong_firmware, OperationKind::proof,
                               "The unit came back as " + dfu::to_string(unit.id) + " instead of " +
                                   dfu::to_string(*profile().application) + "."));
  }
  if (++settlings_ > most_settlings) {
    return end(dfu::make_fault(FaultCode::not_back, OperationKind::proof,
                               "The unit starts and keeps disconnecting: its firmware crashes, or its plug is "
                               "loose."));
  }
  wait(Stage::settling, profile().settle);
}

void Attempt::hear(const visit_input::TimeOver& over) {
  if (over.timer == deadline_timer_) return deadline();
  if (over.timer != timer_) return;
  switch (stage_) {
    case Stage::suspecting:
      return close();
    case Stage::departing:
    case Stage::returning:
      return waited_in_vain();
    case Stage::settling:
      return next_task();
    case Stage::opening:
    case Stage::talking:
    case Stage::closing:
    case Stage::over:
      break;
  }
}

void Attempt::waited_in_vain() {
  const bool stays = stage_ == Stage::departing;
  if (kind_ == Kind::enter) {
    if (stays && entries_ < most_entries) {
      to_do_.push_front(Kind::enter);
      return next_task();
    }
    return end(
        stays ? dfu::make_fault(FaultCode::leave_refused, entering(),
                                "The unit stayed in its application after the request to enter DFU mode. Put it "
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
                              "The unit stayed in DFU mode after the leave request.")
            : dfu::make_fault(FaultCode::not_back, OperationKind::proof,
                              "The unit left DFU mode and did not come back: it does not start, or it was pulled."));
}

// ---- a stop

void Attempt::hear(const visit_input::Stop& stop) {
  if (stop.kind == StopKind::drain || over()) return;
  stopping_ = true;
  const bool at_once = stop.kind == StopKind::at_once;
  if (flash_done_) return give_proof_a_deadline(at_once ? dfu::Duration{} : proof_at_stop);
  if (stage_ == Stage::talking) want(visit_effect::StopTalk{at_once});
  if (stage_ == Stage::departing || stage_ == Stage::returning) {
    end(dfu::make_fault(FaultCode::cancelled, OperationKind::enter, "Stopped before anything was written."));
  }
}

void Attempt::give_proof_a_deadline(dfu::Duration limit) {
  deadline_timer_ = start_timer(limit);
}

dfu::Fault Attempt::stopped_before_proof() const {
  return dfu::make_fault(FaultCode::cancelled, OperationKind::proof, "Stopped before the proof of boot.");
}

void Attempt::deadline() {
  switch (stage_) {
    case Stage::departing:
    case Stage::returning:
    case Stage::settling:
      return end(stopped_before_proof());
    case Stage::talking:
      out_of_time_ = true;
      return want(visit_effect::StopTalk{.at_once = true});
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

// A doubt that nothing has settled is a doubt of the next attempt, too.
Gap Attempt::gap() const {
  if (!doubted_gap_) return gap_;
  Gap all = *doubted_gap_;
  all.departures += gap_.departures;
  all.handed = all.handed || gap_.handed;
  if (gap_.departures > 0) all.absence = gap_.gone_since + gap_.absence - all.gone_since;
  return all;
}

std::uint32_t Attempt::bytes_to_write() const {
  std::uint32_t bytes = 0;
  for (const StepDone& step : steps_) bytes += step.bytes - step.unchanged_bytes;
  return bytes;
}

// Flashing tells its own progress; the other tasks have a phase and no percentage.
void Attempt::tell_phase() {
  if (kind_ == Kind::flash) return;
  Progress progress{started_.attempt,
                    started_.port,
                    started_.slot,
                    flash_done_ ? OperationKind::proof : OperationKind::enter,
                    {},
                    0,
                    0};
  progress.fraction = flash_done_ ? 1 : 0;
  progress.elapsed_seconds = dfu::seconds(now_ - opened_);
  want(visit_effect::Tell{std::move(progress)});
}

}  // namespace scheduler
