#include "config/station_config.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include <arpa/inet.h>

#include "config/files.h"
#include "config/label_pattern.h"
#include "config/port_name.h"
#include "config/table_reader.h"

namespace config {

namespace {

dfu::Duration from_seconds(double value) {
  return std::chrono::duration_cast<dfu::Duration>(std::chrono::duration<double>(value));
}

// How a visit can end while the program runs.
const std::vector<std::string> outcomes = {"passed", "already", "failed", "error", "cancelled"};

// Things of which each may be named once; remembers the line of the first.
class Once {
 public:
  Once(Report& report, std::string what) : report_(report), what_(std::move(what)) {}

  void add(const Given<std::string>& given) {
    const auto [first, added] = lines_.emplace(given.value, given.place.line);
    if (added) return;
    report_.error(given.place, given.written,
                  what_ + " '" + given.value + "' was given on line " + std::to_string(first->second) + " already",
                  "Remove one of the two, or change it.");
  }

 private:
  Report& report_;
  std::string what_;
  std::map<std::string, int> lines_;
};

class Loader {
 public:
  Loader(const std::string& path, Report& report) : path_(path), report_(report) {}

  StationConfig load(const TomlNode& root) {
    TableReader file(root, "this file", report_);
    if (const auto name = file.text("name")) {
      station_.name = name->value;
      station_.has_name = true;
    }
    if (const auto database = file.text("database")) station_.database = beside(path_, database->value);
    if (const auto keep = file.boolean("archive_images")) station_.archive_images = keep->value;
    if (const auto cap = file.integer("cap", {1, 10000})) {
      station_.cap = static_cast<int>(cap->value);
      station_.has_cap = true;
    }
    if (const auto wait = file.number("insert_after", 0.1, 3600)) station_.insert_after = from_seconds(wait->value);
    if (const auto stagger = file.number("stagger", 0, 60)) station_.stagger = from_seconds(stagger->value);
    if (const auto unit = file.integer("unit_milliamperes", {1, 5000})) {
      station_.unit_milliamperes = static_cast<int>(unit->value);
    }
    if (const auto gap = file.integer("clock_gap_days", {1, 3650})) {
      station_.clock_gap = std::chrono::days(gap->value);
    }
    if (const auto after = file.integer("quarantine_after", {0, 1000})) {
      station_.quarantine_after = static_cast<int>(after->value);
    }
    for (TableReader& table : file.tables("controller")) controller(table);
    for (TableReader& table : file.tables("hub")) hub(table);
    for (TableReader& table : file.tables("slot")) slot(table);
    for (TableReader& table : file.tables("hook")) hook(table);
    if (auto table = file.table("board")) board(*table);
    if (auto table = file.table("labels")) labels(*table);
    file.finish();
    return std::move(station_);
  }

 private:
  void controller(TableReader& table) {
    const auto path = table.text("path", Need::required);
    const auto name = table.text("name", Need::required);
    table.finish();
    if (path) controller_paths_.add(*path);
    if (!name) return;
    // Known from here on even if wrong, so that each port that uses it is not wrong too.
    station_.controllers.push_back({path ? path->value : std::string(), name->value});
    if (is_controller_name(name->value)) {
      controller_names_.add(*name);
      return;
    }
    report_.error(name->place, name->written, "'" + name->value + "' cannot be a controller's name",
                  "Use letters, digits and '_', beginning with a letter: L");
  }

  // A port by bus number, or of a controller that this file names.
  bool check_port(const Given<std::string>& port) {
    const auto name = parse_port_name(port.value);
    if (!name) {
      report_.error(port.place, port.written, "'" + port.value + "' is not a port path",
                    "Write the controller or bus, then the ports from the controller on: L-1.2 or 1-1.2 (ports 1 to "
                    "31, at most 7 of them).");
      return false;
    }
    if (name->by_bus_number()) return true;
    std::vector<std::string> names;
    for (const ControllerName& one : station_.controllers) names.push_back(one.name);
    if (std::ranges::find(names, name->controller) != names.end()) return true;
    report_.error(port.place, port.written,
                  "'" + port.value + "' names the controller '" + name->controller +
                      "', which has no [[controller]] in this file",
                  names.empty() ? "Add a [[controller]] with path and name, or write the bus number: 1-1.2"
                                : did_you_mean(name->controller, names));
    return false;
  }

  void hub(TableReader& table) {
    HubLimits hub;
    const auto port = table.text("port", Need::required);
    if (const auto label = table.text("label")) hub.label = label->value;
    if (const auto width = table.integer("width", {1, 1000})) hub.width = static_cast<int>(width->value);
    if (const auto budget = table.integer("milliamperes", {1, 1000000})) {
      hub.milliamperes = static_cast<int>(budget->value);
    }
    if (const auto power = table.word<dfu::PortPower>("power", {{"per-port", dfu::PortPower::per_port},
                                                                {"ganged", dfu::PortPower::ganged},
                                                                {"none", dfu::PortPower::none}})) {
      hub.power = power->value;
    }
    table.finish();
    if (!port || !check_port(*port)) return;
    ports_.add(*port);
    hub.port = port->value;
    station_.hubs.push_back(std::move(hub));
  }

  void slot(TableReader& table) {
    SlotConfig slot;
    const auto port = table.text("port", Need::required);
    const auto label = table.text("label", Need::required);
    if (const auto recipe = table.text("recipe")) slot.recipe = beside(path_, recipe->value);
    if (const auto skip = table.boolean("skip")) slot.skip = skip->value;
    table.finish();
    if (label) labels_.add(*label);
    if (!port || !check_port(*port)) return;
    ports_.add(*port);
    slot.port = port->value;
    if (label) slot.label = label->value;
    station_.slots.push_back(std::move(slot));
  }

  void hook(TableReader& table) {
    HookConfig hook;
    for (const Given<std::string>& outcome : table.texts("on")) {
      if (std::ranges::find(outcomes, outcome.value) == outcomes.end()) table.not_allowed("on", outcome, outcomes);
      hook.outcomes.push_back(outcome.value);
    }
    if (!table.has("on")) hook.outcomes = outcomes;
    const std::vector<Given<std::string>> run = table.texts("run", Need::required);
    if (const auto limit = table.number("timeout", 0.1, 60)) hook.timeout = from_seconds(limit->value);
    table.finish();
    if (run.empty()) return;
    for (const Given<std::string>& word : run) hook.run.push_back(word.value);
    hook.run.front() = beside(path_, run.front().value);
    check_program(run.front(), hook.run.front());
    station_.hooks.push_back(std::move(hook));
  }

  // Now, not at the first unit. It may go missing later all the same; then the log says so.
  void check_program(const Given<std::string>& given, const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::file_status found = fs::status(path, ignored);
    const auto may_run = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
    if (!fs::is_regular_file(found)) {
      report_.error(given.place, given.written, "there is no program '" + path + "'",
                    "Write its full path, or its path relative to the folder of this file. PATH is not searched.");
    } else if ((found.permissions() & may_run) == fs::perms::none) {
      report_.error(given.place, given.written, "'" + path + "' is not executable", "Do: chmod +x " + path);
    }
  }

  void labels(TableReader& table) {
    const auto pattern = table.text("pattern", Need::required);
    table.finish();
    if (!pattern) return;
    const std::string problem = problem_of_label_pattern(pattern->value);
    if (problem.empty()) {
      station_.label_pattern = pattern->value;
    } else {
      report_.error(pattern->place, pattern->written, "'" + pattern->value + "' " + problem,
                    "Write one that a whole label matches: pattern = \"SN-[0-9]{6}\"");
    }
  }

  void board(TableReader& table) {
    const auto listen = table.text("listen");
    for (const Given<std::string>& name : table.texts("names")) board_name(name);
    if (const auto proxy = table.text("trusted_proxy")) board_proxy(*proxy);
    table.finish();
    if (!listen) return;
    const auto colon = listen->value.rfind(':');
    const std::string_view host = std::string_view(listen->value).substr(0, colon);
    unsigned port = 0;
    bool sound = colon != std::string::npos && !host.empty() && host.find(' ') == std::string_view::npos &&
                 (host.find(':') == std::string_view::npos || (host.starts_with('[') && host.ends_with(']')));
    if (sound) {
      const char* const end = listen->value.data() + listen->value.size();
      const auto [stop, error] = std::from_chars(listen->value.data() + colon + 1, end, port);
      sound = error == std::errc{} && stop == end && port >= 1 && port <= 65535;
    }
    if (sound) {
      station_.board_listen = listen->value;
    } else {
      report_.error(listen->place, listen->written, "'" + listen->value + "' is not an address to listen on",
                    "Write ADDRESS:PORT with a port from 1 to 65535: \"127.0.0.1:8080\" or \"[::1]:8080\"");
    }
  }

  void board_proxy(const Given<std::string>& proxy) {
    unsigned char bytes[16];
    const bool is_ip =
        inet_pton(AF_INET, proxy.value.c_str(), bytes) == 1 || inet_pton(AF_INET6, proxy.value.c_str(), bytes) == 1;
    if (is_ip) return station_.board_proxies.push_back(proxy.value);
    report_.error(proxy.place, proxy.written, "'" + proxy.value + "' is not an IP address",
                  "Write the address from which the proxy connects to the board: \"127.0.0.1\"");
  }

  void board_name(const Given<std::string>& name) {
    std::string host = name.value;
    for (char& c : host) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") == std::string::npos) {
      station_.board_names.push_back(std::move(host));
      return;
    }
    report_.error(name.place, name.written, "'" + name.value + "' is not a host name",
                  "Write the name alone, as it stands in the address of a browser: \"line-3.local\"");
  }

  const std::string& path_;
  Report& report_;
  StationConfig station_;
  Once controller_paths_{report_, "the controller path"};
  Once controller_names_{report_, "the controller name"};
  Once ports_{report_, "the port"};
  Once labels_{report_, "the slot label"};
};

}  // namespace

StationResult load_station(const std::string& path) {
  StationResult result;
  Report report(path);
  if (const auto file = load_toml(path, report, result.input_missing)) {
    StationConfig station = Loader(path, report).load(file->root);
    if (!report.failed()) result.station = std::make_shared<const StationConfig>(std::move(station));
  }
  result.diagnostics = report.take();
  return result;
}

std::string StationConfig::label_of(const dfu::PortPath& port, const std::vector<dfu::ControllerInfo>& present) const {
  const auto parsed = parse_port_name(port.text);
  if (!parsed) return {};
  // From the port to its names, not the other way: both buses of a USB 3 controller have one path.
  std::vector<std::string> names{port.text};
  for (const dfu::ControllerInfo& info : present) {
    if (std::to_string(info.bus) != parsed->controller) continue;
    for (const ControllerName& one : controllers) {
      if (one.path == info.path) names.push_back(one.name + "-" + parsed->chain);
    }
  }
  for (const SlotConfig& slot : slots) {
    if (std::ranges::find(names, slot.port) != names.end()) return slot.label;
  }
  return {};
}

bool StationConfig::skips(const dfu::PortPath& port, const std::vector<dfu::ControllerInfo>& present) const {
  return std::ranges::any_of(slots,
                             [&](const SlotConfig& slot) { return slot.skip && port_of(slot.port, present) == port; });
}

std::optional<dfu::PortPath> StationConfig::port_of(const std::string& named,
                                                    const std::vector<dfu::ControllerInfo>& present) const {
  const auto parsed = parse_port_name(named);
  if (!parsed) return {};
  if (parsed->by_bus_number()) return dfu::PortPath{named};
  const auto controller = std::ranges::find(controllers, parsed->controller, &ControllerName::name);
  if (controller == controllers.end()) return {};
  // Of the two buses of a USB 3 controller the lower one is its USB 2 half, where every DFU unit is (docs/devices.md,
  // "Port paths").
  std::optional<int> bus;
  for (const dfu::ControllerInfo& info : present) {
    if (info.path == controller->path && (!bus || info.bus < *bus)) bus = info.bus;
  }
  if (!bus) return {};
  return dfu::PortPath{std::to_string(*bus) + "-" + parsed->chain};
}

}  // namespace config
