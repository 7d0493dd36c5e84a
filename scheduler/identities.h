// Which unit ids were seen where in this run, and whether one comes up where it should not. Pure. Only true ids come
// here; a serial that is a constant of the firmware is none.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "dfu/bus.h"

namespace scheduler {

class Identities {
 public:
  struct Sighting {
    dfu::PortPath port;
    std::string slot;
    std::string visit;
  };

  // A unit is on this port, or is not any more.
  void arrived(const dfu::PortPath& port) { occupied_.insert(port); }
  void left(const dfu::PortPath& port) { occupied_.erase(port); }

  // This id was read from the unit of this visit. Where it was seen before if that was another visit, once per visit;
  // in a sentence.
  std::optional<std::string> saw(const std::string& id, const Sighting& here);

 private:
  std::set<dfu::PortPath> occupied_;
  std::map<std::string, Sighting> last_;               // by id
  std::map<dfu::PortPath, std::string> last_on_port_;  // id
};

}  // namespace scheduler
