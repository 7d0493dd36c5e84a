// Which unit ids were seen where in this run, and whether one appears where it should not. Pure. Only true ids come
// here; a serial that is a constant of the firmware is none. The newest `most` are remembered: a line runs for years,
// and a unit that is flashed again after weeks is found in the record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "dfu/bus.h"
#include "scheduler/remark.h"

namespace scheduler {

class Identities {
 public:
  // A week of two shifts with 600 units each, in 3 MiB.
  static constexpr std::size_t most = 8192;

  struct Sighting {
    dfu::PortPath port;
    std::string slot;
    std::string visit;
    std::string attempt{};
  };

  // A unit is on this port, or has left it.
  void arrived(const dfu::PortPath& port) { occupied_.insert(port); }
  void left(const dfu::PortPath& port) { occupied_.erase(port); }

  // This id was read from the unit of this visit of this attempt. Where it was seen before if that was another visit,
  // once per visit.
  std::optional<Remark> saw(const std::string& id, const Sighting& here);

 private:
  struct Seen {
    Sighting last;
    std::uint64_t number = 0;
  };
  void remember(const std::string& id, const Sighting& here);

  std::set<dfu::PortPath> occupied_;
  std::map<std::string, Seen> seen_;                                       // by id
  std::map<std::uint64_t, std::map<std::string, Seen>::iterator> by_age_;  // by their number, the oldest first
  std::uint64_t sightings_ = 0;
  std::map<dfu::PortPath, std::string> last_on_port_;  // id
};

}  // namespace scheduler
