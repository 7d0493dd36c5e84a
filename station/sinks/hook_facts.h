// Which hooks of the station file follow a verdict, and what their programs get. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/station_config.h"
#include "scheduler/observer.h"

namespace station {

// What every verdict of a run has in common.
struct HookContext {
  std::string station;   // name
  std::string database;  // path
};

bool fires(const config::HookConfig& hook, scheduler::Outcome outcome);

// FLASHLINE_OUTCOME and the others, each as "NAME=value". All of them are always there; what is not known is empty.
// `last`: the visit's last attempt; none if it was stopped before the first.
std::vector<std::string> hook_environment(const HookContext& context, const scheduler::VerdictReached& verdict,
                                          const std::string& visit,
                                          const std::optional<scheduler::AttemptFinished>& last);

}  // namespace station
