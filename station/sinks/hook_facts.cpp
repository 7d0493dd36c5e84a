#include "station/sinks/hook_facts.h"

#include <algorithm>

#include "station/text.h"

namespace station {

bool fires(const config::HookConfig& hook, scheduler::Outcome outcome) {
  return std::ranges::find(hook.outcomes, scheduler::to_string(outcome)) != hook.outcomes.end();
}

std::vector<std::string> hook_environment(const HookContext& context, const scheduler::VerdictReached& verdict,
                                          const std::string& visit,
                                          const std::optional<scheduler::AttemptFinished>& last) {
  std::string attempt, unit, serial, fault, job, recipe;
  if (last) {
    attempt = last->started.attempt;
    unit = last->unit.value_or("");
    // The last one shown is the application's, which is the unit's own where DFU mode shows the same for all.
    serial = last->serials.empty() ? last->started.unit.serial : last->serials.back();
    if (last->started.job) job = last->started.job->order;
    if (last->fault) fault = dfu::to_string(last->fault->code);
    if (last->started.recipe) recipe = last->started.recipe->name;
  }
  return {"FLASHLINE_OUTCOME=" + std::string(scheduler::to_string(verdict.outcome)),
          "FLASHLINE_PORT=" + verdict.port.text,
          "FLASHLINE_SLOT=" + verdict.slot,
          "FLASHLINE_ATTEMPT=" + attempt,
          "FLASHLINE_VISIT=" + visit,
          "FLASHLINE_UNIT=" + unit,
          "FLASHLINE_SERIAL=" + printable(serial),  // the unit's words, not ours
          "FLASHLINE_FAULT=" + fault,
          "FLASHLINE_JOB=" + job,
          "FLASHLINE_STATION=" + context.station,
          "FLASHLINE_RECIPE=" + recipe,
          "FLASHLINE_DATABASE=" + context.database};
}

}  // namespace station
