// The tree that `list` prints.
#include <algorithm>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "station/live/line_view.h"
#include "station/text.h"

namespace station {

namespace {

class Tree {
 public:
  Tree(const LineView& line, const config::StationConfig& station) : line_(line), station_(station) {
    for (const config::SlotConfig& slot : station.slots) slot_width_ = std::max(slot_width_, slot.label.size());
    for (const UnitView& unit : line.units) serial_width_ = std::max(serial_width_, printable(unit.info.serial).size());
  }

  std::string text() {
    for (const dfu::ControllerInfo& controller : line_.topology.controllers) {
      const std::string name = name_of(controller, station_);
      text_ +=
          fmt::format("controller {}{}  {}\n", controller.bus, name.empty() ? "" : " (" + name + ")", controller.path);
      ports(dfu::PortPath{std::to_string(controller.bus) + "-0"}, 1);
    }
    return text_;
  }

 private:
  const dfu::HubInfo* hub_at(const dfu::PortPath& port) const {
    const auto found = std::ranges::find(line_.topology.hubs, port, &dfu::HubInfo::port);
    return found == line_.topology.hubs.end() ? nullptr : &*found;
  }

  const UnitView* unit_at(const dfu::PortPath& port) const {
    const auto found = std::ranges::find_if(line_.units, [&](const UnitView& unit) { return unit.info.port == port; });
    return found == line_.units.end() ? nullptr : &*found;
  }

  // The hub's own ports, and whatever claims to be plugged into it. A unit behind a hub that is not known stands
  // under its controller.
  std::set<dfu::PortPath> ports_of(const dfu::PortPath& hub) const {
    std::set<dfu::PortPath> found;
    const dfu::HubInfo* info = hub_at(hub);
    for (int number = 1; info && number <= info->ports; ++number) found.insert(child(hub, number));
    for (const dfu::HubInfo& each : line_.topology.hubs) {
      if (each.port.hub() == hub && each.port != hub) found.insert(each.port);
    }
    const bool root = hub.is_root();
    for (const UnitView& unit : line_.units) {
      const dfu::PortPath parent = unit.info.port.hub();
      const bool lost = root && !hub_at(parent) && std::atoi(parent.text.c_str()) == std::atoi(hub.text.c_str());
      if (parent == hub || lost) found.insert(unit.info.port);
    }
    return found;
  }

  void ports(const dfu::PortPath& hub, int depth) {
    for (const dfu::PortPath& port : ports_of(hub)) {
      if (const dfu::HubInfo* info = hub_at(port)) {
        hub_line(*info, depth);
        ports(port, depth + 1);
      } else {
        port_line(port, depth);
      }
    }
  }

  void hub_line(const dfu::HubInfo& hub, int depth) {
    const std::string label = label_of(hub, station_, line_.topology.controllers);
    const std::string tt = hub.tt == dfu::TransactionTranslator::none ? "no" : std::string(to_string(hub.tt));
    text_ += fmt::format("{:{}}hub {}{}  {}, {} TT, power {}\n", "", 2 * depth, hub.port.text,
                         label.empty() ? "" : " (" + label + ")",
                         counted(static_cast<std::uint64_t>(hub.ports), "port"), tt, to_string(hub.power));
  }

  void port_line(const dfu::PortPath& port, int depth) {
    constexpr int port_width = 12;
    const std::string slot = station_.label_of(port, line_.topology.controllers);
    std::string line = fmt::format("{:{}}{:<{}}", "", 2 * depth, port.text, port_width - 2 * depth + 4);
    if (slot_width_ > 0) line += fmt::format("{:<{}}  ", slot, slot_width_);
    if (const UnitView* unit = unit_at(port)) {
      line += fmt::format("{}  {:04x}  {:<11}  {:<9}  {:<{}}  {}", dfu::to_string(unit->info.id), unit->info.release,
                          to_string(unit->mode), unit->foreign() ? "-" : unit->profile, printable(unit->info.serial),
                          serial_width_, printable(unit->info.product));
      if (unit->foreign_dfu()) line += "  (foreign DFU device: ignored)";
      if (unit->unfit_in_dfu()) line += "  (does not fit, see below)";
    } else {
      line += "empty";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text_ += line + "\n";
  }

  const LineView& line_;
  const config::StationConfig& station_;
  std::size_t slot_width_ = 0;
  std::size_t serial_width_ = 0;
  std::string text_;
};

std::string counts(const LineView& line) {
  const auto count = [&](auto&& is) { return static_cast<std::uint64_t>(std::ranges::count_if(line.units, is)); };
  const auto ours = count([](const UnitView& unit) { return !unit.foreign(); });
  const auto in_dfu = count([](const UnitView& unit) { return !unit.foreign() && unit.mode == UnitMode::dfu; });
  const auto foreign = count([](const UnitView& unit) { return unit.foreign_dfu(); });
  const auto others = line.units.size() - ours - foreign;
  std::string text = fmt::format("{}, {} in DFU mode", counted(ours, "unit"), in_dfu);
  if (foreign > 0) text += "; " + counted(foreign, "foreign DFU device") + " ignored";
  if (others > 0) text += "; " + counted(others, "other device");
  return text + "\n";
}

}  // namespace

std::string as_text(const LineView& line, const config::StationConfig& station) {
  std::string text = Tree(line, station).text() + "\n" + counts(line);
  for (const UnitView& unit : line.units) {
    if (unit.unfit_in_dfu()) text += "The unit on port " + unit.info.port.text + " " + unit.unfit + "\n";
  }
  for (const config::SlotConfig& slot : line.missing) {
    text += fmt::format("Slot {} is missing: this line has no port {}.\n", slot.label, slot.port);
  }
  return text;
}

}  // namespace station
