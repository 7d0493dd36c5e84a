// What of the station file is not where it was: slots whose hub is missing, has too few ports, or was plugged in
// elsewhere. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/station_config.h"
#include "dfu/hubs.h"
#include "scheduler/remark.h"

namespace station {

struct ChangedSlot {
  std::string label;
  std::string was;                  // "1-1.2", or as the file names it where its controller is gone
  std::optional<dfu::PortPath> is;  // where its hub seems to be now; nothing: nobody can tell

  bool operator==(const ChangedSlot&) const = default;
};

// A hub seems to have moved when one hub, and only one, is on no slot's way and has all that is missed.
std::vector<ChangedSlot> changed_slots(const config::StationConfig& station, const dfu::Topology& topology);

// For the record and for a screen: what is elsewhere, or that nothing is any longer.
scheduler::Remark remark_about(const std::vector<ChangedSlot>& changed);

}  // namespace station
