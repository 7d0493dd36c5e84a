// What stands where on the line, in the words of `list`: hubs, ports, slots, units, and which of the units are ours.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/station_config.h"
#include "dfu/bus.h"
#include "dfu/fit.h"
#include "dfu/hubs.h"
#include "dfu/profile.h"

namespace station {

enum class UnitMode {
  dfu,          // a DFU interface in DFU mode
  runtime,      // a DFU interface that offers to go there
  application,  // none, but a profile knows this id as its application
  other,
};

std::string_view to_string(UnitMode mode);  // "dfu", "runtime", "application", "other"

struct UnitView {
  dfu::UnitInfo info;
  std::string slot;  // label; empty: the port has none
  UnitMode mode = UnitMode::other;
  std::string profile;            // empty: none matches
  std::optional<std::string> id;  // where it shows one that is its own
  dfu::Fit fit = dfu::Fit::other;
  std::string unfit;  // why it would not be flashed as it is, and what to do; empty: it would, or is foreign

  bool foreign() const { return profile.empty(); }
  // In DFU mode, and not to be flashed all the same.
  bool unfit_in_dfu() const { return !foreign() && mode == UnitMode::dfu && !unfit.empty(); }
  // A DFU device of another kind, which is to be left alone.
  bool foreign_dfu() const { return foreign() && (mode == UnitMode::dfu || mode == UnitMode::runtime); }
};

struct LineView {
  dfu::Topology topology;
  std::vector<UnitView> units;              // in port order
  std::vector<config::SlotConfig> missing;  // slots of the station file whose ports this line does not have
};

// `profiles`: whose units are ours.
LineView line_view(dfu::Topology topology, std::vector<dfu::UnitInfo> units, const config::StationConfig& station,
                   const std::vector<dfu::Profile>& profiles);

// The port with this number: "1-1" of "1-0", "1-1.2" of "1-1".
dfu::PortPath child(const dfu::PortPath& hub, int number);

// A controller's or a hub's name in the station file; empty: none.
std::string name_of(const dfu::ControllerInfo& controller, const config::StationConfig& station);
std::string label_of(const dfu::HubInfo& hub, const config::StationConfig& station,
                     const std::vector<dfu::ControllerInfo>& controllers);

// What a person reads: controllers, hubs and each of their ports, then what is to be said about them all.
std::string as_text(const LineView& line, const config::StationConfig& station);
// docs/formats.md, "JSON of list"; one line with its end.
std::string as_json(const LineView& line, const config::StationConfig& station);

}  // namespace station
