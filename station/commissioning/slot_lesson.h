// Commissioning: which socket of the fixture is which port. A person plugs in one unit after the other, the sockets get
// their labels in that order, and the station file gets the text for them. Pure; one thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/station_config.h"
#include "dfu/bus.h"
#include "dfu/hubs.h"

namespace station {

class SlotLesson {
 public:
  // `first`: the label to begin with; the next ones count its number up, past labels that are taken.
  SlotLesson(config::StationConfig station, dfu::Topology topology, std::string first);

  // The port's label; empty if it is still to get one.
  std::string label_of(const dfu::PortPath& port) const;
  // The label whose turn it is.
  std::string proposal() const;
  // Why a label cannot be taken; empty if it can.
  std::string problem_with(const std::string& label) const;
  // The text that the station file gets: a slot, and before it its controller if that has no name yet, so that the
  // port is still the same after a reboot. REQUIRES: a port without label, a label without problem.
  std::string learn(const dfu::PortPath& port, const std::string& label);
  // The port as the station file names it: "C1-1.2", or "1-1.2" where no controller can stand for the bus. `text` gets
  // the controller, if it has no name yet.
  std::string name_for(const dfu::PortPath& port, std::string& text);

 private:
  config::StationConfig station_;
  const dfu::Topology topology_;
  std::string next_;
};

// A slot as a table of the station file, with an empty line before it.
std::string slot_text(const std::string& port, const std::string& label);
// As TOML writes a text. REQUIRES: no control characters.
std::string quoted(const std::string& text);

// "A2" after "A1", "B-10" after "B-9", "left2" after "left".
std::string label_after(const std::string& label);

}  // namespace station
