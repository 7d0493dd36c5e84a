// What a running Particle unit says of its modules, in the two forms in which it says it. Any bytes are safe input; a
// report that is cut short or is none gives nothing. Source: docs/devices.md, "Asking a running system". Pure; any
// thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/particle/module.h"

namespace dfu::particle {

struct ReportedModule {
  Function function = Function::user_part;
  std::uint8_t index = 0;
  std::uint16_t version = 0;
  bool factory = false;  // the reserve copy, not what runs
  // What the unit found when it tested the module; true where it does not test.
  bool intact = true;
  bool dependencies_met = true;
  bool well_placed = true;       // right platform, in its bounds
  std::optional<Sha256> hash{};  // of its user part, from older firmware
  std::vector<Dependency> dependencies{};
};

struct ModuleReport {
  std::optional<std::uint16_t> platform;
  std::vector<ReportedModule> modules;  // places without a module are left out

  // What runs; nullptr if there is none.
  const ReportedModule* find(Function function, std::uint8_t index) const;
};

// JSON, with or without the braces around it, and with anything in front of it.
std::optional<ModuleReport> parse_json_report(std::string_view text);
// The reply of newer firmware to the request for modules.
std::optional<ModuleReport> parse_protobuf_report(ByteView reply);

}  // namespace dfu::particle
