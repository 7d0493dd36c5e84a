// Port names as people write them: "1-1.2" by bus number, or "L-1.2" by the name of a controller. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace config {

struct PortName {
  std::string controller;  // "1" or "L"
  std::string chain;       // "1.2"

  bool by_bus_number() const { return controller[0] >= '0' && controller[0] <= '9'; }
};

// Ports count from 1 to 31 and a chain has at most 7 of them (docs/devices.md, "Port paths"). Nothing for any other
// text.
std::optional<PortName> parse_port_name(std::string_view text);

// Letters, digits and '_', beginning with a letter: cannot be taken for a bus number.
bool is_controller_name(std::string_view text);

}  // namespace config
