// The station file: this line's name, limits, hubs and slots. Format: docs/station-file.md, "Station file".
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "dfu/clock.h"
#include "dfu/hubs.h"

namespace config {

struct ControllerName {
  std::string path;  // "pci-0000:00:14.0"
  std::string name;  // "L"
};

struct HubLimits {
  std::string port;  // "L-1" or "1-1"
  std::string label;
  std::optional<int> width;         // units in work at once behind this hub
  std::optional<int> milliamperes;  // budget; each unit in work counts with the station's unit_milliamperes
  std::optional<dfu::PortPower> power;
};

struct SlotConfig {
  std::string port;
  std::string label;
  std::string recipe;  // in the file relative to it, here resolved; empty: the line's recipe
  bool skip = false;   // units here are left alone
};

// A program to run when a unit has its verdict.
struct HookConfig {
  std::vector<std::string> outcomes;  // of a verdict, as the record spells them
  std::vector<std::string> run;       // program, resolved as `recipe` is, and its arguments
  dfu::Duration timeout = std::chrono::seconds(5);
};

struct StationConfig {
  std::string name = "flashline";
  bool has_name = false;       // the file gives the name; without one the station keeps the name that its record has
  std::string database;        // resolved as `recipe` is; empty: the default
  bool archive_images = true;  // keep each image beside the database when a recipe names it first
  // Units in work at once. Without one in the file it is for the station to say what its computer can do.
  int cap = 512;
  bool has_cap = false;
  dfu::Duration insert_after = std::chrono::seconds(2);
  dfu::Duration stagger{};  // between two starts behind one hub
  // A run that begins this much later than the record ends asks whether the clock is right. The default is longer than
  // a works holiday.
  std::chrono::days clock_gap{30};
  int quarantine_after = 3;     // units in a row that fail on a port close it (scheduler/quarantine.h); 0: never
  int unit_milliamperes = 500;  // what a unit in work draws at most: USB 2.0's limit for one port
  std::vector<ControllerName> controllers;
  std::vector<HubLimits> hubs;
  std::vector<SlotConfig> slots;
  std::vector<HookConfig> hooks;
  std::string board_listen;                // "127.0.0.1:8080"; empty: this file asks for no board
  std::vector<std::string> board_names;    // host names, beside addresses, under which browsers may call it; lower case
  std::string label_pattern;               // a regular expression that each printed label matches whole; empty: any
  std::vector<std::string> board_proxies;  // IP addresses of proxies whose X-Forwarded-For is believed

  // The slot's label for a port ("1-1.2"), given the line's controllers; empty if the port has none.
  std::string label_of(const dfu::PortPath& port, const std::vector<dfu::ControllerInfo>& controllers) const;
  // The slot at this port says `skip`.
  bool skips(const dfu::PortPath& port, const std::vector<dfu::ControllerInfo>& controllers) const;
  // "1-1.2" for a name in the file ("L-1.2" or "1-1.2"); nothing if its controller is not on this line.
  std::optional<dfu::PortPath> port_of(const std::string& named,
                                       const std::vector<dfu::ControllerInfo>& controllers) const;
};

struct StationResult {
  std::shared_ptr<const StationConfig> station;  // null when there is an error
  std::vector<Diagnostic> diagnostics;
  bool input_missing = false;
};

StationResult load_station(const std::string& path);

}  // namespace config
