#include "station/left_behind.h"

#include <algorithm>

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

bool may_be_half_written(const db::Attempt& attempt) {
  const db::AttemptFinished& end = attempt.finished;
  if (end.outcome == db::Outcome::interrupted) return true;
  if (end.outcome == db::Outcome::running || end.verified == true || !end.fault) return false;
  const std::string& doing = end.fault->operation;
  return doing == to_string(dfu::OperationKind::erase) || doing == to_string(dfu::OperationKind::write) ||
         doing == to_string(dfu::OperationKind::read) || doing == to_string(dfu::OperationKind::leave);
}

// A recipe without read-back: nothing cut the writing short.
bool passed_unread(const db::AttemptFinished& end) {
  return !end.verified && (end.outcome == db::Outcome::passed || end.outcome == db::Outcome::already);
}

}  // namespace

void LeftBehind::add(const db::Attempt& attempt) {
  if (attempt.run) last_run_ = attempt.run->id;
  const std::string& port = attempt.visit.port;
  const std::string visit = db::to_string(attempt.started.visit);
  if (const auto here = by_port_.find(port); here != by_port_.end() && here->second.unit.visit != visit) {
    by_port_.erase(here);
  }
  const std::string id = id_of(attempt);
  if (may_be_half_written(attempt)) {
    Left left{{db::to_string(attempt.started.attempt), visit, {port}, {}, {}, false}, last_run_, ++count_};
    if (attempt.finished.fault) left.unit.step = attempt.finished.fault->step;
    if (!id.empty()) left.unit.unit = id;
    (id.empty() ? by_port_[port] : by_unit_[id]) = std::move(left);
  } else if (attempt.finished.verified == true || passed_unread(attempt.finished)) {
    by_port_.erase(port);  // a retry of the same visit
    if (!id.empty()) by_unit_.erase(id);
  }
}

std::vector<scheduler::HalfWritten> LeftBehind::units() const {
  std::vector<Left> all;
  for (const auto& [id, left] : by_unit_) all.push_back(left);
  for (const auto& [port, left] : by_port_) all.push_back(left);
  std::ranges::sort(all, {}, &Left::order);
  std::vector<scheduler::HalfWritten> units;
  for (Left& left : all) {
    left.unit.last_run = left.run == last_run_;
    units.push_back(std::move(left.unit));
  }
  return units;
}

std::vector<scheduler::HalfWritten> left_behind(const std::string& database) {
  db::Reader reader(database);
  const db::Uuid here = reader.stations().front().installation;
  db::Filter filter;
  filter.steps = false;
  LeftBehind found;
  reader.attempts(filter, [&](const db::Attempt& attempt) {
    if (attempt.installation == here) found.add(attempt);
    return true;
  });
  return found.units();
}

}  // namespace station
