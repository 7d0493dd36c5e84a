// Hubs whose attempts fail on the wire more and more: slowed first, then stopped. Pure.
//
// The rule looks at the last 20 attempts behind each hub: long enough to tell one in four from one in twenty, short
// enough to be "now". A hub is bad when at least 4 of them failed on the wire, on at least 2 of its ports (one port is
// the quarantine's business), and that is at least 4 times the rate of all other hubs, or of one in twenty where there
// is nothing to compare with. By chance, a hub whose attempts fail one time in twenty reaches 4 in 20 in one window of
// 60; even then its rate must be 4 times that of the other hubs. A wrong decision costs only speed. A bad hub is
// slowed: half as many units at once, which helps if current or bandwidth was the cause. Then counting starts again: if
// it is bad again, it is stopped; after 10 attempts without a fault on the wire the limit is lifted. A person can
// release a hub: from stopped to slowed, from slowed to as before.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "dfu/bus.h"
#include "dfu/fault.h"
#include "scheduler/remark.h"

namespace scheduler {

// Faults that a hub, its supply or its bus can cause in whatever unit.
bool on_the_wire(dfu::FaultCode code);

class HubThrottle {
 public:
  enum class State { as_before, slowed, stopped };

  // One attempt on this port has ended. The hub's new state, if it has another one now.
  std::optional<State> ended(const dfu::PortPath& port, bool wire_fault);
  State state(const dfu::PortPath& hub) const;
  // Nothing: this hub is as before.
  std::optional<State> release(const dfu::PortPath& hub);
  // What spoke against a hub: attempts that failed on the wire among its last ones, and behind all other hubs.
  struct Evidence {
    int failed = 0, attempts = 0, ports = 0;
    int others_failed = 0, others_attempts = 0;
  };
  // At the last change for the worse.
  Evidence evidence(const dfu::PortPath& hub) const;

 private:
  struct Attempt {
    dfu::PortPath port;
    bool bad;
  };
  struct Hub {
    std::deque<Attempt> recent;
    State state = State::as_before;
    int good_in_a_row = 0;
    Evidence evidence;
  };
  bool is_bad(const dfu::PortPath& path, Hub& hub) const;

  std::map<dfu::PortPath, Hub> hubs_;
};

// What changed the state of a hub.
struct HubChange {
  enum class By { attempts, person } by = By::attempts;
  std::string attempt{};  // the last of them
  Decision decision{};    // of the person
};
// For the record: what is allowed behind this hub now. `limit`: units at once, where it is slowed.
Remark hub_changed(const dfu::PortPath& hub, HubThrottle::State state, const HubChange& change, int limit,
                   const HubThrottle::Evidence& evidence);

}  // namespace scheduler
