#include "station/live/topology_changes.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace station {

namespace {

// Hubs, and the highest port of each that somebody wants.
using Wanted = std::map<dfu::PortPath, int>;

int number_of(const dfu::PortPath& port) {
  const std::size_t at = port.text.find_last_of("-.") + 1;
  int number = 0;
  std::from_chars(port.text.data() + at, port.text.data() + port.text.size(), number);
  return number;
}

const dfu::HubInfo* hub_at(const dfu::Topology& topology, const dfu::PortPath& hub) {
  const auto found = std::ranges::find(topology.hubs, hub, &dfu::HubInfo::port);
  return found == topology.hubs.end() ? nullptr : &*found;
}

bool is_at_or_behind(const dfu::PortPath& hub, const dfu::PortPath& top) {
  return hub == top || hub.is_behind(top);
}

// A port that holds a hub now is no longer a socket. Of a root hub some systems tell nothing: then it is believed.
bool is_there(const dfu::Topology& topology, const dfu::PortPath& port) {
  const dfu::HubInfo* hub = hub_at(topology, port.hub());
  if (!hub) return port.hub().is_root();
  return number_of(port) <= hub->ports && !hub_at(topology, port);
}

// The hub where a chain of missing ones begins.
dfu::PortPath top_of(dfu::PortPath hub, const dfu::Topology& topology) {
  while (!hub.hub().is_root() && !hub_at(topology, hub.hub())) hub = hub.hub();
  return hub;
}

bool could_be(const dfu::Topology& topology, const dfu::PortPath& there, const dfu::PortPath& top,
              const Wanted& missed) {
  return std::ranges::all_of(missed, [&](const auto& one) {
    if (!is_at_or_behind(one.first, top)) return true;
    const dfu::HubInfo* hub = hub_at(topology, {there.text + one.first.text.substr(top.text.size())});
    return hub && hub->ports >= one.second;
  });
}

// Where the missing hub `top` is now.
std::optional<dfu::PortPath> moved_to(const dfu::Topology& topology, const dfu::PortPath& top, const Wanted& missed,
                                      const std::set<dfu::PortPath>& in_use) {
  std::optional<dfu::PortPath> found;
  for (const dfu::HubInfo& hub : topology.hubs) {
    if (hub.port.is_root() || in_use.contains(hub.port) || !could_be(topology, hub.port, top, missed)) continue;
    if (found) return std::nullopt;
    found = hub.port;
  }
  return found;
}

}  // namespace

std::vector<ChangedSlot> changed_slots(const config::StationConfig& station, const dfu::Topology& topology) {
  std::vector<ChangedSlot> changed;
  Wanted missed;
  std::set<dfu::PortPath> in_use;  // hubs with slots that are where they were, and all hubs on the way to these
  for (const config::SlotConfig& slot : station.slots) {
    const auto port = station.port_of(slot.port, topology.controllers);
    if (!port) {
      changed.push_back({slot.label, slot.port, {}});
    } else if (is_there(topology, *port)) {
      for (dfu::PortPath hub = port->hub(); !hub.is_root(); hub = hub.hub()) in_use.insert(hub);
    } else {
      changed.push_back({slot.label, port->text, {}});
      int& most = missed[port->hub()];
      most = std::max(most, number_of(*port));
    }
  }
  for (ChangedSlot& slot : changed) {
    const dfu::PortPath hub = dfu::PortPath{slot.was}.hub();
    if (!missed.contains(hub) || hub_at(topology, hub)) continue;
    const dfu::PortPath top = top_of(hub, topology);
    if (const auto now = moved_to(topology, top, missed, in_use)) {
      slot.is = dfu::PortPath{now->text + slot.was.substr(top.text.size())};
    }
  }
  return changed;
}

scheduler::Remark remark_about(const std::vector<ChangedSlot>& changed) {
  if (changed.empty()) return scheduler::make_remark(scheduler::RemarkCode::slots_back, {}, {});
  constexpr std::size_t most_named = 4;
  std::string list;
  for (std::size_t i = 0; i < std::min(changed.size(), most_named); ++i) {
    const ChangedSlot& slot = changed[i];
    list += (i == 0 ? "" : ", ") + slot.label + " was " + slot.was + (slot.is ? ", now " + slot.is->text : ", is gone");
  }
  if (changed.size() > most_named) list += " and " + std::to_string(changed.size() - most_named) + " more";
  return scheduler::make_remark(scheduler::RemarkCode::slots_moved, {}, {},
                                {{"count", static_cast<std::int64_t>(changed.size())}, {"list", list}});
}

}  // namespace station
