#include "scheduler/quarantine.h"

#include <utility>

namespace scheduler {

Quarantine::Count Quarantine::others(const Port& port) const {
  return {line_.units - port.all.units, line_.failed - port.all.failed};
}

bool Quarantine::speaks_against(const Port& port) const {
  if (after_ == 0 || port.in_a_row < after_) return false;
  const Count now = others(port);
  const int units = now.units - port.others_before.units, failed = now.failed - port.others_before.failed;
  return units >= after_ && 2 * failed < units;
}

std::optional<Quarantine::Change> Quarantine::judged(const dfu::PortPath& path, bool good,
                                                     const std::optional<std::string>& unit, std::string_view fault) {
  Port& port = ports_[path];
  if (good) {
    ++line_.units;
    ++port.all.units;
    port.in_a_row = 0;
    if (unit) failed_units_.erase(*unit);
    if (!port.probing) return {};
    port.probing = false;
    return Change::lifted;
  }
  if (unit && !failed_units_.insert(*unit).second) return {};
  if (port.in_a_row++ == 0) port.others_before = others(port);
  ++line_.units;
  ++line_.failed;
  ++port.all.units;
  ++port.all.failed;
  if (port.probing) {
    port.cause = Cause{0, std::string(fault)};
  } else if (speaks_against(port)) {
    port.cause = Cause{port.in_a_row, std::string(fault)};
  } else {
    return {};
  }
  port.probing = false;
  return Change::closed;
}

std::optional<Quarantine::Cause> Quarantine::cause(const dfu::PortPath& port) const {
  const auto found = ports_.find(port);
  return found == ports_.end() ? std::nullopt : found->second.cause;
}

std::string Quarantine::reason(const dfu::PortPath& port) const {
  const auto closed = cause(port);
  return closed ? why_closed(port_closed(port, {}, *closed).values) : "";
}

bool Quarantine::release(const dfu::PortPath& port) {
  const auto found = ports_.find(port);
  if (found == ports_.end() || !found->second.cause) return false;
  found->second.cause.reset();
  found->second.probing = true;
  return true;
}

Remark port_closed(const dfu::PortPath& port, std::string attempt, const Quarantine::Cause& cause) {
  RemarkValues values{{"fault", cause.fault}};
  if (cause.in_a_row > 0) values["count"] = std::int64_t{cause.in_a_row};
  const RemarkCode code = cause.in_a_row > 0 ? RemarkCode::port_closed : RemarkCode::port_closed_again;
  return make_remark(code, std::move(attempt), port.text, std::move(values));
}

}  // namespace scheduler
