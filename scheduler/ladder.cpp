#include "scheduler/ladder.h"

#include "scheduler/fault_policy.h"

namespace scheduler {

std::string_view to_string(Rung rung) {
  switch (rung) {
    case Rung::reopen:
      return "re-open";
    case Rung::reset:
      return "USB reset";
    case Rung::power:
      return "port power";
    case Rung::ask:
      return "the operator";
  }
  return {};
}

std::optional<Rung> next_rung(dfu::FaultCode code, const Climbed& climbed, const Possible& possible) {
  if (policy_of(code).recovery == Recovery::none) return {};
  if (possible.present && !climbed.reopen) return Rung::reopen;
  if (possible.present && !climbed.reset && (hangs(code) || !possible.starts)) return Rung::reset;
  if (hangs(code) && possible.power && !climbed.power) return Rung::power;
  return Rung::ask;
}

bool hangs(dfu::FaultCode code) {
  return policy_of(code).recovery == Recovery::start;
}

}  // namespace scheduler
