#include "reports/step_state.h"

#include "db/outcome.h"

namespace reports {

std::string_view to_string(StepState state) {
  switch (state) {
    case StepState::done:
      return "done";
    case StepState::already:
      return "already";
    case StepState::written:
      return "written";
    case StepState::stopped:
      return "stopped";
    case StepState::failed:
      return "failed";
    case StepState::not_reached:
      return "not-reached";
  }
  return {};
}

std::string_view words_of(StepState state) {
  switch (state) {
    case StepState::done:
      return "done";
    case StepState::already:
      return "there already";
    case StepState::written:
      return "written, not read back";
    case StepState::stopped:
      return "stopped";
    case StepState::failed:
      return "failed";
    case StepState::not_reached:
      return "not reached";
  }
  return {};
}

StepState state_of(const StepEnd& end) {
  if (end.faulted) return StepState::failed;
  const bool touched = end.written_bytes > 0 || end.erased_sectors > 0;
  if (end.read_back || end.good) return touched ? StepState::done : StepState::already;
  if (!touched) {
    // What the survey compared counts; a step that was never looked at has no unchanged bytes.
    return end.bytes > 0 && end.unchanged_bytes >= end.bytes ? StepState::already : StepState::not_reached;
  }
  return end.written_bytes + end.unchanged_bytes >= end.bytes ? StepState::written : StepState::stopped;
}

StepState state_of(const db::Step& step, const db::AttemptFinished& finished) {
  const bool good = is_good(finished.outcome);
  return state_of({.bytes = static_cast<std::uint64_t>(step.bytes),
                   .written_bytes = static_cast<std::uint64_t>(step.written_bytes),
                   .unchanged_bytes = static_cast<std::uint64_t>(step.unchanged_bytes),
                   .erased_sectors = static_cast<std::uint64_t>(step.erased_sectors),
                   .read_back = step.readback.has_value(),
                   .faulted = !good && finished.fault && !step.name.empty() && finished.fault->step == step.name,
                   .good = good});
}

}  // namespace reports
