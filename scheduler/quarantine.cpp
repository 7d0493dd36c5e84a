#include "scheduler/quarantine.h"

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
    port.reason = "the unit that was to try this port failed too, by " + std::string(fault);
  } else if (speaks_against(port)) {
    port.reason = std::to_string(port.in_a_row) + " units in a row failed here, the last by " + std::string(fault) +
                  ", while others pass elsewhere";
  } else {
    return {};
  }
  port.probing = false;
  return Change::closed;
}

const std::string& Quarantine::reason(const dfu::PortPath& port) const {
  static const std::string none;
  const auto found = ports_.find(port);
  return found == ports_.end() ? none : found->second.reason;
}

bool Quarantine::release(const dfu::PortPath& port) {
  const auto found = ports_.find(port);
  if (found == ports_.end() || found->second.reason.empty()) return false;
  found->second.reason.clear();
  found->second.probing = true;
  return true;
}

}  // namespace scheduler
