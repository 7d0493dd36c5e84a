#include "scheduler/partial_flash.h"

#include <utility>

#include "dfu/particle/identity.h"

namespace scheduler {

bool may_be_partial(const AttemptFinished& finished) {
  if (finished.verified == true || !finished.fault || !finished.fault->operation) return false;
  const dfu::OperationKind doing = *finished.fault->operation;
  return doing == dfu::OperationKind::erase || doing == dfu::OperationKind::write ||
         doing == dfu::OperationKind::read || doing == dfu::OperationKind::leave;
}

void PartialFlashUnits::add(PartialFlash unit) {
  if (unit.unit) by_unit_[*unit.unit] = unit;
  by_port_[unit.port] = std::move(unit);
}

void PartialFlashUnits::forget(const std::string& attempt) {
  std::erase_if(by_port_, [&](const auto& one) { return one.second.attempt == attempt; });
  std::erase_if(by_unit_, [&](const auto& one) { return one.second.attempt == attempt; });
}

void PartialFlashUnits::ended(const AttemptFinished& finished) {
  const AttemptStarted& started = finished.started;
  const bool partial_flashes = may_be_partial(finished);
  // Without read-back, only an attempt that nothing cut short has written all of it.
  if (partial_flashes || finished.verified.value_or(!finished.fault)) {
    by_port_.erase(started.port);
    if (finished.unit) by_unit_.erase(*finished.unit);
  }
  if (!partial_flashes) return;
  const std::string step = finished.fault ? finished.fault->step : std::string();
  add({started.attempt, started.visit, started.port, finished.unit, step, false});
}

std::optional<Remark> PartialFlashUnits::began(const AttemptStarted& started) {
  const auto id = dfu::particle::device_id(started.unit);
  const auto known = id ? by_unit_.find(*id) : by_unit_.end();
  const auto here = by_port_.find(started.port);
  const bool by_id = known != by_unit_.end();
  if (!by_id && here == by_port_.end()) return {};
  const PartialFlash last = by_id ? known->second : here->second;
  if (last.visit == started.visit) return {};
  forget(last.attempt);
  const bool another = !by_id && id && last.unit;
  return make_remark(by_id     ? RemarkCode::partial_same
                     : another ? RemarkCode::partial_other
                               : RemarkCode::partial_same_port,
                     started.attempt, last.unit.value_or(last.port.text),
                     {{"attempt", last.attempt}, {"step", last.step}, {"port", last.port.text}});
}

Remark PartialFlashUnits::news(const PartialFlash& unit) {
  return make_remark(
      RemarkCode::partial_at_start, unit.attempt, unit.unit.value_or(unit.port.text),
      {{"attempt", unit.attempt}, {"step", unit.step}, {"port", unit.port.text}, {"unit", unit.unit.value_or("")}});
}

}  // namespace scheduler
