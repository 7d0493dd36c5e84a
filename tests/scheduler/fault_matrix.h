// The cases of the fault table: every kind of unit and firmware, blank and in use before, under every proof of boot,
// cut off from power after each transfer of a flash, and with each fault at each place where it can strike. A case is a
// line of two units in virtual time; what the station says of the first is held against that unit's own flash and boot.
// Values; a case may run in any thread, many at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dfu/fault.h"
#include "tests/scheduler/dialects.h"

namespace scheduler::matrix {

// What became of the unit under test, and what was not true.
struct Result {
  bool passed = false;
  bool first = true;                  // with its first attempt
  bool unproved = false;              // where the recipe waives the reading back
  std::optional<std::string> beyond;  // passed, does not run what was written, and the proof asked for cannot show it
  std::optional<dfu::FaultCode> fault;
  std::vector<std::string> lies;
};

struct Case {
  std::string dialect;  // "photon-3"
  std::string proof;    // "modules"
  std::string what;     // the fault, "cut" or "no fault"
  std::string where;
  std::function<Result()> run;
};

// Every unit that fits its recipe under each proof that it can give, and every one on which a recipe was forced.
std::vector<dialects::Dialect> subjects();

// All cases of them, in their order. `subjects` must outlive the jobs.
std::vector<Case> jobs_for(const std::vector<dialects::Dialect>& subjects);

}  // namespace scheduler::matrix
