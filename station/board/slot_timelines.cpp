#include "station/board/slot_timelines.h"

#include <QJsonArray>
#include <algorithm>
#include <cmath>

#include "reports/attempt_json.h"
#include "reports/json_text.h"
#include "reports/step_state.h"
#include "station/text.h"

namespace station::board {

namespace {

constexpr std::size_t most_lines = 100;  // some dozen attempts

using reports::text;

}  // namespace

void SlotTimelines::on(const scheduler::Event& event, scheduler::WallTime at) {
  const std::lock_guard lock(mutex_);
  at_ = at;
  std::visit([this](const auto& each) { hear(each); }, event);
}

void SlotTimelines::say(const dfu::PortPath& port, const std::string& line) {
  Timeline& timeline = by_port_[port.text];
  timeline.log.push_back(reports::rfc3339(at_).toStdString() + " " + line);
  if (timeline.log.size() > most_lines) timeline.log.pop_front();
}

void SlotTimelines::hear(const scheduler::AttemptBegan& event) {
  const scheduler::AttemptStarted& started = event.started;
  Timeline& timeline = by_port_[started.port.text];
  timeline.steps.clear();
  timeline.phase.reset();
  timeline.step.clear();
  for (const dfu::Step& step : started.recipe->layout.steps) {
    timeline.steps.push_back({.name = step.name,
                              .address = dfu::hex_address(step.address),
                              .bytes = static_cast<std::uint32_t>(step.image ? step.image->payload().size() : 0)});
  }
  say(started.port, "attempt " + std::to_string(started.number) + " begins");
}

// The survey looks at every step, and changes none: until something is done with it, it is still to come.
void SlotTimelines::hear(const scheduler::Progress& event) {
  Timeline& timeline = by_port_[event.port.text];
  if (event.phase == timeline.phase && event.step == timeline.step) return;
  const bool surveyed = timeline.phase == dfu::OperationKind::survey;
  timeline.phase = event.phase;
  timeline.step = event.step;
  const std::string phase(to_string(event.phase));
  say(event.port, event.step.empty() ? phase : phase + " " + event.step);
  for (Step& step : timeline.steps) {
    if (step.name == event.step) {
      step.state = phase;
    } else if (step.state != "waiting") {
      step.state = surveyed ? "waiting" : "worked-on";
    }
  }
}

// What each step came to is known now.
void SlotTimelines::hear(const scheduler::AttemptEnded& event) {
  const scheduler::AttemptFinished& finished = event.finished;
  Timeline& timeline = by_port_[finished.started.port.text];
  for (Step& step : timeline.steps) {
    const auto end = std::ranges::find(finished.steps, step.name, &scheduler::StepDone::name);
    if (end == finished.steps.end()) {
      step.state = "not-reached";
      continue;
    }
    step.seconds = end->seconds;
    step.state = to_string(reports::state_of({.bytes = end->bytes,
                                              .written_bytes = end->written_bytes,
                                              .unchanged_bytes = end->unchanged_bytes,
                                              .erased_sectors = end->erased_sectors,
                                              .read_back = end->readback.has_value(),
                                              .faulted = finished.fault && finished.fault->step == step.name,
                                              .good = !finished.fault}));
  }
  say(finished.started.port, "attempt " + std::to_string(finished.started.number) + " " +
                                 std::string(scheduler::to_string(finished.outcome)) +
                                 (finished.fault ? ": " + sentence(*finished.fault) : ""));
}

void SlotTimelines::hear(const scheduler::VerdictReached& event) {
  say(event.port, "verdict " + std::string(scheduler::to_string(event.outcome)));
}

void SlotTimelines::hear(const scheduler::Remarked& event) {
  const auto about = by_port_.find(event.remark.about);
  if (about != by_port_.end()) say({event.remark.about}, english(event.remark));
}

QJsonObject SlotTimelines::of(const std::string& port) const {
  const std::lock_guard lock(mutex_);
  QJsonArray steps, log;
  const auto found = by_port_.find(port);
  if (found == by_port_.end()) return {{"steps", steps}, {"log", log}};
  for (const Step& step : found->second.steps) {
    steps.append(QJsonObject{{"name", text(step.name)},
                             {"state", text(step.state)},
                             {"address", text(step.address)},
                             {"bytes", static_cast<qint64>(step.bytes)},
                             {"seconds", std::round(step.seconds * 1000) / 1000}});
  }
  for (const std::string& line : found->second.log) log.append(text(line));
  return {{"steps", steps}, {"log", log}};
}

}  // namespace station::board
