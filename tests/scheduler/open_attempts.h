// Attempts whose start is on record, and whose end is not.
#pragma once

#include <algorithm>
#include <variant>

#include "tests/scheduler/fleet.h"

namespace scheduler::fleet {

inline std::ptrdiff_t open_attempts(const Fleet& fleet) {
  const auto& records = fleet.recorder.records;
  const auto count = [&records](auto is) { return std::ranges::count_if(records, is); };
  return count([](const Record& record) { return std::holds_alternative<AttemptStarted>(record); }) -
         count([](const Record& record) { return std::holds_alternative<AttemptFinished>(record); });
}

}  // namespace scheduler::fleet
