// Which ports and hubs the line still trusts, by the verdicts and attempts of their units.
// Pure. A port whose units fail is closed (quarantine.h), a hub whose attempts fail on the wire is slowed and stopped
// (hub_throttle.h), and one that is worse than its peers is named (suspicion.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/hub_throttle.h"
#include "scheduler/observer.h"
#include "scheduler/quarantine.h"
#include "scheduler/suspicion.h"

namespace scheduler {

class Trust {
 public:
  // `close_after`: units in a row that close a port, 0: none does. `hubs`: they are watched, too.
  Trust(int close_after, bool hubs) : hubs_watched_(hubs), quarantine_(close_after) {}
  void change(int close_after) { quarantine_.change(close_after); }

  struct Judgement {
    bool port_changed = false;  // it was closed, or is in use again
    std::vector<Remark> remarks{};
  };
  // A unit has its verdict, by this last attempt.
  Judgement judged(const AttemptFinished& last, const VerdictReached& verdict);
  // An attempt has ended. The new state of its hub, if it has another one now.
  std::optional<HubThrottle::State> ended(const AttemptFinished& finished);

  // Why a port is closed, in English; empty: it is in use.
  std::string closed(const dfu::PortPath& port) const { return quarantine_.reason(port); }
  HubThrottle::Evidence evidence(const dfu::PortPath& hub) const { return care_.evidence(hub); }

  // A person looked at it. False: the port is in use; nothing: the hub is as before.
  bool release_port(const dfu::PortPath& port) { return quarantine_.release(port); }
  std::optional<HubThrottle::State> release_hub(const dfu::PortPath& hub) { return care_.release(hub); }

 private:
  bool hubs_watched_;
  Suspicion slots_, hubs_;
  Quarantine quarantine_;
  HubThrottle care_;
};

}  // namespace scheduler
