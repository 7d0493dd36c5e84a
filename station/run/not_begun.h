// Units of the recipe's kind that were on the line and were not begun, and why: what `flash` says at its end. Hears the
// line from one thread at a time; read when the line is quiet.
#pragma once

#include <map>
#include <set>
#include <string>

#include "scheduler/observer.h"

namespace station {

class NotBegun : public scheduler::Observer {
 public:
  void on(const scheduler::Event& event, scheduler::WallTime at) override;

  // A sentence for each, at most five; empty: there are none.
  std::string sentences() const;
  // Only of units in DFU mode: a unit that runs its application is not expected to be flashed.
  std::string sentences_in_dfu_mode() const;

 private:
  using Is = bool (*)(const scheduler::UnitArrived&);
  std::string listed(Is wanted) const;

  std::map<dfu::PortPath, scheduler::UnitArrived> units_;
  std::set<dfu::PortPath> begun_;
};

}  // namespace station
