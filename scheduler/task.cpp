#include "scheduler/task.h"

#include <algorithm>
#include <utility>

#include "config/judge.h"

namespace scheduler {

namespace {

using dfu::FaultCode;
using dfu::OperationKind;

// Progress is for people and for the pace of the line: a few times a second is enough for both.
constexpr dfu::Duration news_after = std::chrono::milliseconds(200);

dfu::Fault stopped_before_writing(OperationKind doing) {
  return dfu::make_fault(FaultCode::cancelled, doing, "Stopped before anything was written.");
}

dfu::Fault stopped_before_proof() {
  return dfu::make_fault(FaultCode::cancelled, OperationKind::proof, "Stopped before the proof of boot.");
}

void drop(dfu::BytesAt& from, dfu::Range range) {
  std::erase_if(from, [range](const auto& one) {
    return range.overlaps({one.first, one.first + static_cast<std::uint32_t>(one.second.size())});
  });
}

std::vector<dfu::Claim> dfu_claim(const dfu::Profile& profile) {
  return {{profile.interface_number, profile.alternate}};
}

// A unit that makes its reset itself leaves by its manifestation.
OperationKind phase_of(dfu::Operation::Kind kind) {
  return kind == dfu::Operation::Kind::manifest_and_reset ? OperationKind::leave : dfu::operation_kind(kind);
}

}  // namespace

// ---- EnterTask

EnterTask::EnterTask(const dfu::Profile& profile, const dfu::UnitInfo& unit, bool proving)
    : unit_(unit), proving_(proving), conversation_(std::in_place_type<dfu::Detach>, unit) {
  if (profile.entry == dfu::Entry::particle) conversation_.emplace<dfu::particle::EnterDfu>(unit);
}

std::vector<dfu::Claim> EnterTask::claims() const {
  if (std::holds_alternative<dfu::Detach>(conversation_)) return {{dfu::run_time_interface(unit_).value_or(0), {}}};
  if (const auto serial = dfu::particle::serial_port(unit_)) return {{serial->control, {}}};
  return {};
}

dfu::Ask EnterTask::begin(dfu::Duration now) {
  return unless_stopped(std::visit([&](auto& one) { return one.begin(now); }, conversation_));
}

// What a hurried stop cancelled is no refusal of the unit.
dfu::Ask EnterTask::answer(const dfu::Answer& answer, dfu::Duration now) {
  const auto* result = std::get_if<dfu::TransferResult>(&answer);
  if (stopping_ && result && result->status == dfu::TransferStatus::cancelled) {
    cut_off();
    return dfu::Finished{};
  }
  return unless_stopped(std::visit([&](auto& one) { return one.answer(answer, now); }, conversation_));
}

dfu::Ask EnterTask::unless_stopped(dfu::Ask ask) {
  if (!stopping_ || proving_ || !std::holds_alternative<dfu::Submit>(ask)) return ask;
  cut_off();
  return dfu::Finished{};
}

void EnterTask::cut_off() {
  stopped_ = proving_ ? stopped_before_proof() : stopped_before_writing(OperationKind::enter);
}

const std::optional<dfu::Fault>& EnterTask::fault() const {
  if (stopped_) return stopped_;
  return std::visit([](const auto& one) -> const std::optional<dfu::Fault>& { return one.fault(); }, conversation_);
}

// ---- IdentifyTask

std::vector<dfu::Claim> IdentifyTask::claims() const {
  return {{profile_.interface_number, profile_.stored_id->alternate}};
}

dfu::Ask IdentifyTask::begin(dfu::Duration now) {
  return unless_stopped(read_.begin(now));
}

dfu::Ask IdentifyTask::answer(const dfu::Answer& answer, dfu::Duration now) {
  if (const auto* status = std::get_if<dfu::ResetStatus>(&answer)) reset_ = *status;
  return unless_stopped(read_.answer(answer, now));
}

dfu::Ask IdentifyTask::unless_stopped(dfu::Ask ask) {
  if (!stopping_ || !std::holds_alternative<dfu::Submit>(ask)) return ask;
  cut_off();
  return dfu::Finished{};
}

void IdentifyTask::cut_off() {
  stopped_ = stopped_before_writing(OperationKind::survey);
}

// ---- FlashTask

FlashTask::FlashTask(AttemptStarted started, dfu::UnitInfo unit, bool dry_run, dfu::BytesAt to_restore)
    : started_(std::move(started)),
      unit_(std::move(unit)),
      profile_(dfu::for_unit(started_.recipe->profile, unit_)),
      dry_run_(dry_run),
      to_restore_(std::move(to_restore)) {
  for (const dfu::Step& step : recipe().layout.steps) {
    StepDone done{step.name, step.image, step.address, step.size(), 0, 0, 0, 0, {}};
    steps_.push_back(std::move(done));
  }
}

std::vector<dfu::Claim> FlashTask::claims() const {
  return dfu_claim(profile_);
}

dfu::Ask FlashTask::begin(dfu::Duration now) {
  begun_ = accounted_ = now;
  const bool read = recipe().policy.unchanged == config::Unchanged::skip;
  survey_.emplace(profile_, recipe().layout, unit_, read, to_restore_);
  return converse(nullptr, now);
}

dfu::Ask FlashTask::answer(const dfu::Answer& answer, dfu::Duration now) {
  account(now);
  // A reset of the survey brings the unit out of the state it came in. One of the session belongs to leaving.
  if (const auto* status = std::get_if<dfu::ResetStatus>(&answer); status && !session_) reset_ = *status;
  return converse(&answer, now);
}

void FlashTask::stop() {
  stopping_ = true;
  if (session_) session_->stop();
}

dfu::Ask FlashTask::converse(const dfu::Answer* answer, dfu::Duration now) {
  const auto step = [&](auto& conversation) {
    return answer ? conversation.answer(*answer, now) : conversation.begin(now);
  };
  if (session_) {
    dfu::Ask ask = step(*session_);
    return std::holds_alternative<dfu::Finished>(ask) ? flashed() : ask;
  }
  dfu::Ask ask = step(*survey_);
  if (std::holds_alternative<dfu::Finished>(ask)) return surveyed(now);
  if (stopping_ && std::holds_alternative<dfu::Submit>(ask)) return end(stopped_before_writing(OperationKind::survey));
  return ask;
}

dfu::Ask FlashTask::surveyed(dfu::Duration now) {
  survey_time_ = survey_->result().device_time;
  take_alternates(survey_->result().alternates);
  if (survey_->fault()) return end(*survey_->fault());
  auto judgement = config::judge(recipe(), survey_->result());
  if (auto* refusal = std::get_if<dfu::Fault>(&judgement)) return end(std::move(*refusal));
  return judged(std::get<dfu::Plan>(std::move(judgement)), now);
}

// A memory that the recipe knows by its name has its number on the unit only.
void FlashTask::take_alternates(const std::vector<std::uint8_t>& found) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::size_t memory = recipe().layout.steps[i].memory;
    if (memory != 0 && memory <= found.size()) steps_[i].alternate = found[memory - 1];
  }
}

dfu::Ask FlashTask::judged(dfu::Plan plan, dfu::Duration now) {
  for (StepDone& step : steps_) step.unchanged_bytes = step.bytes;
  for (const dfu::Operation& operation : plan.operations) {
    const bool erases = operation.kind == dfu::Operation::Kind::erase &&
                        recipe().layout.steps[operation.step].does == dfu::Step::Does::erase;
    if (!erases && operation.kind != dfu::Operation::Kind::write) continue;
    for (const dfu::Share& share : shares_of(operation, recipe().layout)) {
      steps_[share.step].unchanged_bytes -= share.bytes;
    }
  }
  if (dry_run_) {
    session_time_ = plan.device_time;
    return dfu::Finished{};
  }
  wrote_ = plan.writes();
  refused_ = plan.refused;
  session_.emplace(profile_, recipe().layout, std::move(plan));
  if (stopping_) session_->stop();
  return converse(nullptr, now);
}

dfu::Ask FlashTask::flashed() {
  take_tallies();
  if (session_->fault()) return end(*session_->fault());
  return dfu::Finished{};
}

void FlashTask::take_tallies() {
  session_time_ = session_->device_time();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    StepDone& step = steps_[i];
    const dfu::StepTally& tally = session_->steps()[i];
    step.written_bytes = tally.written_bytes;
    step.erased_sectors = tally.erased_sectors;
    // What was read back was compared byte for byte, so its digest is the payload's.
    if (tally.verified_bytes == step.bytes) step.readback = step.image->payload_sha256;
  }
  take_neighbours();
}

// What was to be restored and is where it belongs, whether it was written now or found, is to be restored no longer.
void FlashTask::take_neighbours() {
  restored_ = session_->restored();
  given_up_ = session_->given_up();
  const dfu::BytesAt at_risk = session_->at_risk();
  for (const dfu::Neighbour& one : recipe().layout.kept) {
    if (!session_->fault() || restored_.contains(one.data.begin)) drop(to_restore_, one.data);
  }
  to_restore_.insert(at_risk.begin(), at_risk.end());
}

void FlashTask::cut_off() {
  if (session_) take_tallies();
  fault_ = session_ ? fault_of({dfu::Exchange::Failure::Why::cancelled, {}}, session_->operation(), recipe().layout)
                    : stopped_before_writing(OperationKind::survey);
}

bool FlashTask::all_read_back() const {
  return std::ranges::all_of(steps_, [](const StepDone& step) { return step.readback.has_value(); });
}

dfu::Ask FlashTask::end(dfu::Fault fault) {
  fault_ = std::move(fault);
  return dfu::Finished{};
}

std::size_t FlashTask::step_at_work() const {
  return session_ ? session_->operation().step : survey_->step();
}

// The time since the last answer belongs to the step that was being worked on.
void FlashTask::account(dfu::Duration now) {
  steps_[step_at_work()].seconds += dfu::seconds(now - accounted_);
  accounted_ = now;
}

std::optional<Progress> FlashTask::news(dfu::Duration now) {
  if (session_) {
    const auto kind = session_->operation().kind;
    if (kind == dfu::Operation::Kind::set_address || kind == dfu::Operation::Kind::to_idle ||
        kind == dfu::Operation::Kind::select) {
      return {};
    }
  }
  Progress progress = progress_now(now);
  const bool same_work = told_ && told_->phase == progress.phase && told_->step == progress.step;
  if (same_work && now - told_at_ < news_after) return {};
  told_ = progress;
  told_at_ = now;
  return progress;
}

Progress FlashTask::progress_now(dfu::Duration now) const {
  Progress progress{
      started_.attempt, started_.port, started_.slot, OperationKind::survey, steps_[step_at_work()].name, 0, 0};
  progress.elapsed_seconds = dfu::seconds(now - begun_);
  if (!session_) {
    progress.floor_seconds = dfu::seconds(survey_->result().device_time);
    progress.bytes = survey_->result().read_bytes;
    return progress;
  }
  const double planned = dfu::seconds(session_->planned()), done = dfu::seconds(session_->device_time());
  progress.phase = phase_of(session_->operation().kind);
  progress.fraction = planned > 0 ? done / planned : 1;
  progress.left_seconds = planned - done;
  progress.floor_seconds = dfu::seconds(survey_time_) + done;
  progress.bytes = survey_->result().read_bytes;
  // Without a write, what the survey read counts as verified and was counted above.
  for (const dfu::StepTally& step : session_->steps()) {
    if (wrote_) progress.bytes += step.written_bytes + step.verified_bytes;
  }
  return progress;
}

// ---- RereadTask

RereadTask::RereadTask(std::shared_ptr<const config::Recipe> recipe, std::shared_ptr<const dfu::Layout> layout,
                       dfu::UnitInfo unit, bool leave)
    : recipe_(std::move(recipe)),
      layout_(std::move(layout)),
      unit_(std::move(unit)),
      profile_(dfu::for_unit(recipe_->profile, unit_)),
      leave_(leave),
      survey_(profile_, *layout_, unit_, true) {}

std::vector<dfu::Claim> RereadTask::claims() const {
  return dfu_claim(profile_);
}

dfu::Ask RereadTask::begin(dfu::Duration now) {
  return survey_.begin(now);
}

dfu::Ask RereadTask::answer(const dfu::Answer& answer, dfu::Duration now) {
  dfu::Ask ask = session_ ? session_->answer(answer, now) : survey_.answer(answer, now);
  if (!std::holds_alternative<dfu::Finished>(ask)) return ask;
  if (!session_) return surveyed(now);
  fault_ = session_->fault();
  return ask;
}

dfu::Ask RereadTask::surveyed(dfu::Duration now) {
  fault_ = survey_.fault();
  if (fault_) return dfu::Finished{};
  const dfu::SurveyResult& found = survey_.result();
  if (!found.can_upload || dfu::misfit(*layout_, found.map, found.beside)) {
    fault_ = dfu::make_fault(FaultCode::read_protected, OperationKind::proof,
                             "The unit cannot be read, so its firmware cannot be compared once more.");
    return dfu::Finished{};
  }
  const auto differs = std::ranges::find_if(found.pieces, [](dfu::Holds holds) { return holds != dfu::Holds::same; });
  equal_ = differs == found.pieces.end();
  if (!equal_) difference_ = &layout_->pieces[static_cast<std::size_t>(differs - found.pieces.begin())];
  if (!equal_ || !leave_) return dfu::Finished{};
  session_.emplace(profile_, *layout_, dfu::make_plan(*layout_, found, profile_, {.verify = false}));
  return session_->begin(now);
}

void RereadTask::cut_off() {
  fault_ = stopped_before_proof();
}

// ---- AskTask

std::vector<dfu::Claim> AskTask::claims() const {
  const auto serial = dfu::particle::serial_port(unit_);
  if (!serial || serial->in == 0) return {};
  return {{serial->control, {}}, {serial->data, {}}};
}

void AskTask::cut_off() {
  stopped_ = stopped_before_proof();
}

// ---- CheckTask, ResetTask

CheckTask::CheckTask(const dfu::Profile& profile, const dfu::UnitInfo& unit) : profile_(dfu::for_unit(profile, unit)) {
  // The resets are a rung of their own.
  if (in_dfu_mode(unit, profile)) recovery_.emplace(profile_, dfu::Recovery::LastResort::none);
}

std::vector<dfu::Claim> CheckTask::claims() const {
  return recovery_ ? dfu_claim(profile_) : std::vector<dfu::Claim>();
}

dfu::Ask CheckTask::begin(dfu::Duration now) {
  if (recovery_) return recovery_->begin(now);
  // GET_STATUS of the device: it changes nothing, and whatever is on USB must answer it.
  const dfu::Setup get_status{.request_type = 0x80, .request = 0, .value = 0, .index = 0, .length = 2};
  return dfu::Submit{{.setup = get_status, .data = {}, .timeout = profile_.control_timeout}};
}

dfu::Ask CheckTask::answer(const dfu::Answer& answer, dfu::Duration now) {
  if (recovery_) return recovery_->answer(answer, now);
  using dfu::TransferStatus;
  const TransferStatus status = std::get<dfu::TransferResult>(answer).status;
  if (status == TransferStatus::ok || status == TransferStatus::stall) return dfu::Finished{};
  if (status == TransferStatus::cancelled) {
    cut_off();
    return dfu::Finished{};
  }
  const bool gone = status == TransferStatus::gone || status == TransferStatus::io_error;
  fault_ = dfu::make_fault(gone ? FaultCode::unit_gone : FaultCode::no_answer, OperationKind::survey,
                           "the unit does not answer");
  return dfu::Finished{};
}

void CheckTask::cut_off() {
  fault_ = dfu::make_fault(FaultCode::cancelled, OperationKind::survey, "stopped");
}

dfu::Ask ResetTask::answer(const dfu::Answer& answer, dfu::Duration now) {
  stays_ = std::get<dfu::ResetStatus>(answer) == dfu::ResetStatus::ok;
  answered_at_ = now;
  return dfu::Finished{};
}

}  // namespace scheduler
