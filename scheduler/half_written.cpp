#include "scheduler/half_written.h"

#include <algorithm>
#include <utility>

#include "dfu/particle/identity.h"

namespace scheduler {

namespace {

std::string in_step(const HalfWritten& unit) {
  return unit.step.empty() ? "" : " in step " + unit.step;
}

}  // namespace

void HalfWrittenUnits::add(HalfWritten unit) {
  if (unit.unit) by_unit_[*unit.unit] = unit;
  by_port_[unit.port] = std::move(unit);
}

void HalfWrittenUnits::forget(const std::string& attempt) {
  std::erase_if(by_port_, [&](const auto& one) { return one.second.attempt == attempt; });
  std::erase_if(by_unit_, [&](const auto& one) { return one.second.attempt == attempt; });
}

void HalfWrittenUnits::ended(const AttemptFinished& finished) {
  const AttemptStarted& started = finished.started;
  const bool touched = std::ranges::any_of(
      finished.steps, [](const StepDone& step) { return step.erased_sectors > 0 || step.written_bytes > 0; });
  const bool whole = finished.verified != false;
  if (touched || whole) {
    by_port_.erase(started.port);
    if (finished.unit) by_unit_.erase(*finished.unit);
  }
  if (!touched || whole) return;
  const std::string step = finished.fault ? finished.fault->step : std::string();
  add({started.attempt, started.visit, started.port, finished.unit, step, false});
}

std::optional<Remark> HalfWrittenUnits::began(const AttemptStarted& started) {
  const auto id = dfu::particle::device_id(started.unit);
  const auto known = id ? by_unit_.find(*id) : by_unit_.end();
  const auto here = by_port_.find(started.port);
  const bool by_id = known != by_unit_.end();
  if (!by_id && here == by_port_.end()) return {};
  const HalfWritten last = by_id ? known->second : here->second;
  if (last.visit == started.visit) return {};
  forget(last.attempt);
  const bool another = !by_id && id && last.unit;
  const std::string who =
      by_id ? "this unit, which was on port " + last.port.text + " then," : "the unit that was here last";
  return Remark{RemarkKind::half_written, started.attempt, last.unit.value_or(last.port.text),
                "Attempt " + last.attempt + " left " + who + " half-written" + in_step(last) + ". " +
                    (another ? "This is another one: look for that."
                     : by_id ? "It is finished now."
                             : "If this is the same one, it is finished now.")};
}

Remark HalfWrittenUnits::news(const HalfWritten& unit) {
  const std::string who = unit.unit ? "unit " + *unit.unit + " on port " + unit.port.text
                                    : "the unit on port " + unit.port.text + ", whose id is not known,";
  return {RemarkKind::half_written, unit.attempt, unit.unit.value_or(unit.port.text),
          "Before this start, attempt " + unit.attempt + " left " + who + " half-written" + in_step(unit) +
              ". It must not be used before it is flashed again."};
}

}  // namespace scheduler
