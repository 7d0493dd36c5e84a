#include "station/live/line_view.h"

#include <algorithm>

#include "dfu/fit.h"
#include "dfu/particle/identity.h"

namespace station {

namespace {

// The interface decides: one id may stand for both modes (docs/devices.md, "DFU functional descriptor").
UnitMode mode_of(const dfu::UnitInfo& unit, const dfu::Profile* profile) {
  const auto& alternates = unit.configuration.alternates;
  const auto in_dfu_mode = [&](const dfu::AltSetting& one) { return dfu::is_dfu_mode(one, unit.id); };
  if (std::ranges::any_of(alternates, in_dfu_mode)) return UnitMode::dfu;
  if (std::ranges::any_of(alternates, &dfu::AltSetting::is_dfu)) return UnitMode::runtime;
  return profile && profile->application == unit.id ? UnitMode::application : UnitMode::other;
}

bool knows(const dfu::Profile& profile, const dfu::UnitInfo& unit) {
  return profile.dfu == unit.id || profile.application == unit.id;
}

void judge(UnitView& view, const dfu::Profile& profile) {
  view.profile = profile.name;
  view.fit = dfu::fit(view.info, profile);
  const std::string why = dfu::unfit_because(view.info, profile);
  if (!why.empty()) view.unfit = why + ". " + dfu::unfit_remedy(view.info, profile) + ".";
}

UnitView unit_view(const dfu::UnitInfo& unit, const dfu::Topology& topology, const config::StationConfig& station,
                   const std::vector<dfu::Profile>& profiles) {
  const auto found = std::ranges::find_if(profiles, [&](const dfu::Profile& each) { return knows(each, unit); });
  const dfu::Profile* profile = found == profiles.end() ? nullptr : &*found;
  UnitView view;
  view.info = unit;
  view.slot = station.label_of(unit.port, topology.controllers);
  view.mode = mode_of(unit, profile);
  if (profile) judge(view, *profile);
  if (profile && profile->platform) view.id = dfu::particle::device_id(unit);
  return view;
}

bool has_port(const dfu::Topology& topology, const dfu::PortPath& port) {
  return std::ranges::any_of(topology.hubs, [&](const dfu::HubInfo& hub) {
    for (int number = 1; number <= hub.ports; ++number) {
      if (child(hub.port, number) == port) return true;
    }
    return false;
  });
}

}  // namespace

std::string_view to_string(UnitMode mode) {
  switch (mode) {
    case UnitMode::dfu:
      return "dfu";
    case UnitMode::runtime:
      return "runtime";
    case UnitMode::application:
      return "application";
    case UnitMode::other:
      return "other";
  }
  return {};
}

LineView line_view(dfu::Topology topology, std::vector<dfu::UnitInfo> units, const config::StationConfig& station,
                   const std::vector<dfu::Profile>& profiles) {
  LineView line;
  line.topology = std::move(topology);
  std::ranges::sort(units, {}, &dfu::UnitInfo::port);
  for (const dfu::UnitInfo& unit : units) line.units.push_back(unit_view(unit, line.topology, station, profiles));
  for (const config::SlotConfig& slot : station.slots) {
    const auto port = station.port_of(slot.port, line.topology.controllers);
    const bool occupied = port && std::ranges::any_of(units, [&](const auto& unit) { return unit.port == *port; });
    if (!occupied && !(port && has_port(line.topology, *port))) line.missing.push_back(slot);
  }
  return line;
}

dfu::PortPath child(const dfu::PortPath& hub, int number) {
  if (hub.is_root()) return {hub.text.substr(0, hub.text.size() - 1) + std::to_string(number)};
  return {hub.text + "." + std::to_string(number)};
}

std::string name_of(const dfu::ControllerInfo& controller, const config::StationConfig& station) {
  const auto found = std::ranges::find(station.controllers, controller.path, &config::ControllerName::path);
  return found == station.controllers.end() ? "" : found->name;
}

std::string label_of(const dfu::HubInfo& hub, const config::StationConfig& station,
                     const std::vector<dfu::ControllerInfo>& controllers) {
  for (const config::HubLimits& limits : station.hubs) {
    if (station.port_of(limits.port, controllers) == hub.port) return limits.label;
  }
  return "";
}

}  // namespace station
