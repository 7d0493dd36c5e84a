#include "config/line_file.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>

#include "config/files.h"
#include "config/port_name.h"
#include "config/table_reader.h"

namespace config {

namespace {

using dfu::virt::LineSpec;

class Loader {
 public:
  Loader(const std::string& path, Report& report) : path_(path), report_(report) {}

  LineSpec load(const TomlNode& root) {
    TableReader file(root, "this file", report_);
    if (auto line = file.table("line")) {
      if (const auto speed = line->number("speed", 0.001, 100000)) line_.speed = speed->value;
      if (const auto control = line->text("control")) line_.control = beside(path_, control->value);
      line->finish();
    }
    for (TableReader& table : file.tables("hub")) hub(table);
    for (TableReader& table : file.tables("unit")) unit(table);
    file.finish();
    for (const Given<std::string>& port : hub_ports_) check_parent(port, "hub");
    for (const Given<std::string>& port : unit_ports_) check_parent(port, "unit");
    return std::move(line_);
  }

 private:
  // Nothing if the port is no port, or taken.
  std::optional<Given<std::string>> port_of(TableReader& table) {
    auto port = table.text("port", Need::required);
    if (!port) return {};
    const auto name = parse_port_name(port->value);
    if (!name || !name->by_bus_number()) {
      report_.error(port->place, port->written, "'" + port->value + "' is not a port of a virtual line",
                    "Write the bus, then the ports from the controller on: 1-1 or 1-1.2 (ports 1 to 31).");
      return {};
    }
    const auto [first, added] = taken_.emplace(port->value, port->place.line);
    if (added) return port;
    report_.error(port->place, port->written,
                  "port '" + port->value + "' is taken already, on line " + std::to_string(first->second),
                  "One port holds one unit or one hub.");
    return {};
  }

  void hub(TableReader& table) {
    dfu::virt::HubSpec hub;
    const auto port = port_of(table);
    if (const auto ports = table.integer("ports", {1, 31})) hub.ports = static_cast<int>(ports->value);
    if (const auto tt = table.word<dfu::TransactionTranslator>(
            "tt", {{"multi", dfu::TransactionTranslator::multi}, {"single", dfu::TransactionTranslator::single}})) {
      hub.tt = tt->value;
    }
    if (const auto power = table.word<dfu::PortPower>("power", {{"per-port", dfu::PortPower::per_port},
                                                                {"ganged", dfu::PortPower::ganged},
                                                                {"none", dfu::PortPower::none}})) {
      hub.power = power->value;
    }
    if (const auto absent = table.word<bool>("starts", {{"present", false}, {"absent", true}})) {
      hub.absent = absent->value;
    }
    table.finish();
    if (!port) return;
    hub.port = {port->value};
    line_.hubs.push_back(std::move(hub));
    hub_ports_.push_back(*port);
  }

  // The hub that a port belongs to must be in this file and have that port; a hub on a controller's own port needs
  // none.
  void check_parent(const Given<std::string>& port, const std::string& what) {
    const dfu::PortPath parent = dfu::PortPath{port.value}.hub();
    const bool on_controller = parent.is_root();
    if (on_controller && what == "hub") return;
    const auto hub = std::ranges::find(line_.hubs, parent, &dfu::virt::HubSpec::port);
    if (hub == line_.hubs.end()) {
      report_.error(port.place, port.written,
                    "the " + what + " at '" + port.value + "' has no hub" +
                        (on_controller ? "" : ": there is no [[hub]] with port '" + parent.text + "'"),
                    on_controller ? "Add a [[hub]] at this port and put the unit behind it: " + port.value + ".1"
                                  : "Add that [[hub]], or move the " + what + " to a hub of this file.");
      return;
    }
    int number = 0;
    const std::size_t last = port.value.find_last_of("-.") + 1;
    std::from_chars(port.value.data() + last, port.value.data() + port.value.size(), number);
    if (number <= hub->ports) return;
    report_.error(port.place, port.written,
                  "the " + what + " at '" + port.value + "' is beyond its hub: " + parent.text + " has " +
                      std::to_string(hub->ports) + " ports",
                  "Use a free port, or give the hub more ports.");
  }

  void unit(TableReader& table) {
    dfu::virt::UnitSpec unit;
    const auto port = port_of(table);
    if (const auto profile = table.text("profile")) read_profile(table, *profile, unit);
    if (const auto generation = table.integer("generation", {0, 1000})) read_generation(*generation, unit);
    if (const auto id = table.text("id")) read_id(*id, unit);
    if (const auto starts = table.word<dfu::virt::Starts>("starts", {{"dfu", dfu::virt::Starts::dfu},
                                                                     {"application", dfu::virt::Starts::application},
                                                                     {"absent", dfu::virt::Starts::absent}})) {
      unit.starts = starts->value;
    }
    if (const auto flash = table.text("flash")) unit.flash_file = flash_file(*flash);
    read_part(table, unit);
    for (TableReader& memory : table.tables("memory")) read_memory(memory, unit);
    read_option(table, "read_protected", "stm32-rom", unit.profile, unit.read_protected);
    read_option(table, "can_upload", "dfu11", unit.profile, unit.can_upload);
    read_option(table, "manifestation_tolerant", "dfu11", unit.profile, unit.manifestation_tolerant);
    read_option(table, "will_detach", "dfu11", unit.profile, unit.will_detach);
    if (const auto number = table.integer("interface", {0, 31})) {
      unit.interface_number = static_cast<std::uint8_t>(number->value);
    }
    if (const auto shown = table.integer("protocol", {0, 255})) {
      unit.shown_protocol = static_cast<std::uint8_t>(shown->value);
    }
    if (const auto size = table.integer("transfer_size", {0, 65535})) read_transfer_size(*size, unit);
    for (TableReader& fault : table.tables("fault")) read_fault(fault, unit);
    table.finish();
    if (!port) return;
    unit.port = {port->value};
    line_.units.push_back(std::move(unit));
    unit_ports_.push_back(*port);
  }

  void read_profile(TableReader& table, const Given<std::string>& profile, dfu::virt::UnitSpec& unit) {
    const auto known = dfu::virt::virtual_profile_names();
    if (std::ranges::find(known, profile.value) == known.end()) table.not_allowed("profile", profile, known);
    unit.profile = profile.value;
  }

  void read_option(TableReader& table, std::string_view key, const std::string& profile, const std::string& unit,
                   bool& option) {
    const auto given = table.boolean(key);
    if (!given) return;
    option = given->value;
    if (unit == profile) return;
    report_.error(given->place, given->written,
                  "'" + std::string(key) + "' means nothing for a unit of profile '" + unit + "'",
                  "It is for units of profile \"" + profile + "\".");
  }

  void read_generation(const Given<std::int64_t>& generation, dfu::virt::UnitSpec& unit) {
    std::vector<std::string> known;
    for (const int number : dfu::virt::generation_numbers()) known.push_back(std::to_string(number));
    if (std::ranges::count(known, std::to_string(generation.value)) == 0) {
      report_.error(generation.place, generation.written,
                    "'generation' must be one of " + listed(known) + ", not " + generation.written,
                    "It is the generation of a Photon's bootloader.");
    }
    unit.generation = static_cast<int>(generation.value);
  }

  void read_id(const Given<std::string>& id, dfu::virt::UnitSpec& unit) {
    constexpr std::size_t digits = 24;
    if (id.value.size() != digits || id.value.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
      report_.error(id.place, id.written, "'id' must be 24 hexadecimal digits",
                    id.value.size() == digits ? "Only 0-9 and a-f are hexadecimal digits."
                                              : "This has " + std::to_string(id.value.size()) + " characters.");
    }
    unit.id = id.value;
  }

  // A unit without one has its usual one, and does not say it. Of other units than the ROM it cannot be changed.
  static void read_transfer_size(const Given<std::int64_t>& size, dfu::virt::UnitSpec& unit) {
    const auto value = static_cast<std::uint16_t>(size.value);
    if (unit.profile == "stm32-rom" && value != 0) {
      unit.transfer_size = value;
    } else {
      unit.shown_transfer_size = value;
    }
  }

  // Another part than the one that the profile has. `sectors` is what it has where the map that it shows is damaged.
  void read_part(TableReader& table, dfu::virt::UnitSpec& unit) {
    const auto map = table.text("map");
    const auto sectors = table.text("sectors");
    const std::uint32_t granule = granule_of(table);
    if (!map && !sectors) return;
    if (map) unit.map = map->value;
    unit.part = part_of(sectors ? *sectors : *map, granule);
    if (unit.profile == "stm32-rom") return;
    const Given<std::string>& given = map ? *map : *sectors;
    report_.error(
        given.place, given.written,
        std::string(map ? "'map'" : "'sectors'") + " means nothing for a unit of profile '" + unit.profile + "'",
        "It is for units of profile \"stm32-rom\".");
  }

  void read_memory(TableReader& table, dfu::virt::UnitSpec& unit) {
    dfu::virt::MemorySpec memory;
    const auto alt = table.integer("alt", {1, 31}, Need::required);
    const auto map = table.text("map", Need::required);
    const std::uint32_t granule = granule_of(table);
    if (const auto flash = table.text("flash")) memory.flash_file = flash_file(*flash);
    table.finish();
    if (!alt || !map) return;
    memory.alternate = static_cast<std::uint8_t>(alt->value);
    memory.map = map->value;
    memory.part = unit.profile == "dfu11" ? dfu::virt::geometry_of_plain() : part_of(*map, granule);
    unit.beside.push_back(std::move(memory));
  }

  std::shared_ptr<const dfu::virt::FlashGeometry> part_of(const Given<std::string>& map, std::uint32_t granule) {
    auto part = dfu::virt::geometry_of_map(map.value, granule);
    constexpr std::uint32_t most_bytes = 64 << 20;  // each of them is in this process's memory
    if (!part) {
      report_.error(map.place, map.written, "no sector can be read out of this map",
                    "Write it as a unit shows it. If it shows a damaged one, say what it has: sectors = \"@...\"");
    } else if (part->range.size() > most_bytes) {
      report_.error(map.place, map.written, "the map reaches over more than 64 MiB", "Name fewer sectors.");
    }
    return part;
  }

  std::uint32_t granule_of(TableReader& table) {
    const auto granule = table.integer("granule", {4, 256});
    if (!granule) return 4;
    const auto value = static_cast<std::uint32_t>(granule->value);
    if (!std::has_single_bit(value)) {
      report_.error(granule->place, granule->written, "'granule' must be a power of two, from 4 to 256");
    }
    return value;
  }

  std::string flash_file(const Given<std::string>& flash) {
    std::string file = beside(path_, flash.value);
    const auto [first, added] = flash_files_.emplace(file, flash.place.line);
    if (added) return file;
    report_.error(flash.place, flash.written,
                  "the flash file '" + flash.value + "' belongs to another unit already, on line " +
                      std::to_string(first->second),
                  "Each unit needs a file of its own.");
    return file;
  }

  void read_fault(TableReader& table, dfu::virt::UnitSpec& unit) {
    dfu::virt::FaultSpec fault;
    const auto kind = table.text("kind", Need::required);
    const auto at = table.text("at", Need::required);
    if (const auto times = table.integer("times", {1, 1000000})) fault.times = static_cast<int>(times->value);
    if (const auto chance = table.number("probability", 0.0, 1.0)) fault.probability = chance->value;
    if (const auto seed = table.integer("seed", {0, 0xFFFFFFFF})) fault.seed = static_cast<std::uint32_t>(seed->value);
    table.finish();
    const bool known = kind && read_kind(table, *kind, fault);
    if (at) read_point(*at, known ? std::optional(kind->value) : std::nullopt, fault);
    unit.faults.push_back(fault);
  }

  static bool read_kind(TableReader& table, const Given<std::string>& given, dfu::virt::FaultSpec& fault) {
    const auto kind = dfu::virt::fault_kind_from(given.value);
    if (kind) fault.kind = *kind;
    if (!kind) table.not_allowed("kind", given, dfu::virt::fault_kind_names());
    return kind.has_value();
  }

  // `kind`: by its name, if it is a good one.
  void read_point(const Given<std::string>& at, const std::optional<std::string>& kind, dfu::virt::FaultSpec& fault) {
    const auto point = dfu::virt::fault_point_from(at.value);
    if (!point) {
      return report_.error(
          at.place, at.written, "'" + at.value + "' is not a point at which a fault can happen",
          "Write \"block:40\", \"request:12\", \"address:0x08061000\", \"leave\", \"survey\" or \"return\".");
    }
    fault.at = *point;
    if (!kind || dfu::virt::has_place(fault.kind, point->kind)) return;
    report_.error(at.place, at.written, "the fault '" + *kind + "' cannot happen at '" + at.value + "'",
                  "It can have: " + listed(dfu::virt::fault_places(fault.kind)) + ".");
  }

  const std::string& path_;
  Report& report_;
  LineSpec line_;
  std::map<std::string, int> taken_;  // port -> line
  std::map<std::string, int> flash_files_;
  std::vector<Given<std::string>> hub_ports_;
  std::vector<Given<std::string>> unit_ports_;
};

}  // namespace

LineResult load_line(const std::string& path) {
  LineResult result;
  Report report(path);
  if (const auto file = load_toml(path, report, result.input_missing)) {
    LineSpec line = Loader(path, report).load(file->root);
    if (!report.failed()) result.line = std::move(line);
  }
  result.diagnostics = report.take();
  return result;
}

}  // namespace config
