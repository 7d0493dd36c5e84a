// Ports that are closed because unit after unit failed there. Pure.
//
// The rule: `after` units in a row fail on one port by a fault that a socket, a cable or a supply can cause, while the
// rest of the line is well: since the first of them at least as many units were judged elsewhere, and fewer than half
// of those failed. A port whose units fail one time in twenty by themselves does three in a row once in 8000 units; a
// bad lot or image fails everywhere and closes nothing. A unit that is known and has failed before, wherever that was,
// says nothing new about the port.
// A closed port is opened by a person only, and then for one unit: if that one passes the port is in use like any
// other, if it fails the port is closed again.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "dfu/bus.h"
#include "scheduler/remark.h"

namespace scheduler {

class Quarantine {
 public:
  // 0: no port is ever closed.
  explicit Quarantine(int after) : after_(after) {}
  void change(int after) { after_ = after; }

  enum class Change { closed, lifted };
  // One more unit was judged on this port; its id where it is known, with the code of its fault if it failed.
  std::optional<Change> judged(const dfu::PortPath& port, bool good, const std::optional<std::string>& unit,
                               std::string_view fault);

  // Why a port is closed.
  struct Cause {
    int in_a_row = 0;     // units that failed, one after the other; 0: the unit that was to try the port again failed
    std::string fault{};  // code, of the last one
  };
  // Nothing: the port is in use.
  std::optional<Cause> cause(const dfu::PortPath& port) const;
  // The cause in English, without a full stop; empty: the port is in use.
  std::string reason(const dfu::PortPath& port) const;
  // The next unit is the probe. False: the port is in use.
  bool release(const dfu::PortPath& port);

 private:
  struct Count {
    int units = 0, failed = 0;
  };
  struct Port {
    Count all;
    int in_a_row = 0;
    Count others_before;         // as they were when the first of these failed
    std::optional<Cause> cause;  // closed
    bool probing = false;
  };
  Count others(const Port& port) const;
  bool speaks_against(const Port& port) const;

  int after_;
  Count line_;
  std::map<dfu::PortPath, Port> ports_;
  std::set<std::string> failed_units_;
};

// For the record: that this port is closed now.
Remark port_closed(const dfu::PortPath& port, std::string attempt, const Quarantine::Cause& cause);

}  // namespace scheduler
