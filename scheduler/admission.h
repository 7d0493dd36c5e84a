// Who may work now, and what each of the others waits for: a global cap, a named pool per hub, hubs that were narrowed,
// and a pause between two starts behind one hub. Pure: it gets the time and returns which unit to start and when to ask
// again.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/station_config.h"
#include "dfu/bus.h"
#include "dfu/clock.h"
#include "scheduler/wait.h"

namespace scheduler {

class Admission {
 public:
  struct Pool {
    std::string name;
    dfu::PortPath hub;  // everything plugged in behind it, also through further hubs
    int width = 0;
  };

  struct Limits {
    int cap = 0;
    dfu::Duration stagger{};
    std::vector<Pool> pools;
  };

  explicit Admission(Limits limits);
  // Units in work go on, also beyond the new limits.
  void change(Limits limits);

  // No more may be in work than are still to be made; nothing: any number.
  void set_left(std::optional<int> left) { left_ = left; }

  // Nothing starts, for this reason; nothing: the line is open.
  void close(std::optional<WaitFor> why) { closed_ = why; }

  // No more than `width` units behind this hub, whatever the limits say; 0: it is stopped. Nothing: what they say.
  void narrow(const dfu::PortPath& hub, std::optional<int> width);
  // Nothing behind this hub starts while it is held; units in work go on.
  void hold(const dfu::PortPath& hub) { held_.insert(hub); }
  void unhold(const dfu::PortPath& hub) { held_.erase(hub); }

  void request(const dfu::PortPath& port) { waiting_.push_back({port, {}}); }
  // Ends a wait or frees a place, whichever the port has.
  void release(const dfu::PortPath& port);

  // Ports that may start now, first come first served; one that waits for its hub does not hold up the others.
  std::vector<dfu::PortPath> admit(dfu::Duration now);
  // What a port waits for that did not start, as of the last `admit`; nothing: it waits no longer.
  struct Change {
    dfu::PortPath port;
    std::optional<Wait> wait;
    bool operator==(const Change&) const = default;
  };
  // Since the last call.
  std::vector<Change> changes() { return std::exchange(changes_, {}); }
  // When `admit` has to be called again although nothing was released: a stagger runs out.
  std::optional<dfu::Duration> next_time(dfu::Duration now) const;

  int working() const { return static_cast<int>(working_.size()); }
  int waiting() const { return static_cast<int>(waiting_.size()); }

 private:
  // Nothing: it may start, but for the stagger.
  std::optional<Wait> no_room_for(const dfu::PortPath& port) const;
  std::optional<Wait> hub_in_the_way(const dfu::PortPath& port, WaitFor what) const;
  int working_behind(const dfu::PortPath& hub) const;
  void note(Change& waiting, std::optional<Wait> wait);
  dfu::Duration earliest(const dfu::PortPath& port) const;

  Limits limits_;
  std::optional<int> left_;
  std::optional<WaitFor> closed_;
  std::set<dfu::PortPath> held_;
  std::map<dfu::PortPath, int> narrowed_;
  std::deque<Change> waiting_;  // with what was said last
  std::vector<Change> changes_;
  std::vector<dfu::PortPath> working_;
  std::map<std::string, dfu::Duration> last_start_;  // by hub
};

// The pools that a station file asks for, on the ports of this line.
std::vector<Admission::Pool> pools_of(const config::StationConfig& station,
                                      const std::vector<dfu::ControllerInfo>& controllers);

}  // namespace scheduler
