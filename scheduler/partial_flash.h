// Units that were left half-written: they are named at their next insertion, as far as they can be recognised. Pure.
// A unit whose id is known is recognised on any port; any other only by the port where it was last.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "dfu/bus.h"
#include "scheduler/record.h"

namespace scheduler {

struct PartialFlash {
  std::string attempt;  // that left it so
  std::string visit;    // of that; empty: an earlier run's
  dfu::PortPath port;
  std::optional<std::string> unit;  // its id, where one could be read
  std::string step;                 // that was being worked on; empty where nobody knows
  bool last_run = false;            // by the run before this one: it is named at the start of this one
};

// It failed while it erased, wrote, read back or left the unit, before every byte was verified. The record is read by
// the same rule at the next start.
bool may_be_partial(const AttemptFinished& finished);

class PartialFlashUnits {
 public:
  void add(PartialFlash unit);
  // An attempt with a verdict: what it left, or that the unit is whole.
  void ended(const AttemptFinished& finished);
  // A remark about the unit that is here now, once; a retry of the same visit needs none.
  std::optional<Remark> began(const AttemptStarted& started);

  // What to say at the start of the station.
  static Remark news(const PartialFlash& unit);

 private:
  void forget(const std::string& attempt);

  std::map<dfu::PortPath, PartialFlash> by_port_;
  std::map<std::string, PartialFlash> by_unit_;
};

}  // namespace scheduler
