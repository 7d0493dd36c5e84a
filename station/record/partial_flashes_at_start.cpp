#include "station/record/partial_flashes_at_start.h"

#include "dfu/particle/identity.h"

namespace station {

namespace {

// The id that the attempt read, or that the unit showed as its serial; never a serial that is a constant.
std::string id_of(const db::Attempt& attempt) {
  if (!attempt.finished.unit.empty()) return attempt.finished.unit;
  const db::AttemptStarted& started = attempt.started;
  dfu::UnitInfo unit;
  unit.id = {static_cast<std::uint16_t>(started.vendor.value_or(0)),
             static_cast<std::uint16_t>(started.product.value_or(0))};
  unit.release = static_cast<std::uint16_t>(started.release.value_or(0));
  unit.serial = started.serial;
  return dfu::particle::device_id(unit).value_or("");
}

}  // namespace

std::vector<scheduler::PartialFlash> units_of(const db::PartialFlashes& left) {
  std::vector<scheduler::PartialFlash> units;
  for (const db::Attempt& attempt : left.attempts) {
    scheduler::PartialFlash unit{
        db::to_string(attempt.started.attempt), db::to_string(attempt.started.visit), {attempt.visit.port}, {}, {},
        attempt.run->id == left.last_run};
    if (attempt.finished.fault) unit.step = attempt.finished.fault->step;
    if (std::string id = id_of(attempt); !id.empty()) unit.unit = std::move(id);
    units.push_back(std::move(unit));
  }
  return units;
}

std::vector<scheduler::PartialFlash> partial_flashes_at_start(const std::string& database) {
  return units_of(db::Reader(database).partial_flashes());
}

}  // namespace station
