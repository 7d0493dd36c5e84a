// The settings in a Photon's configuration store that a recipe may write, by name: never keys, secrets, the list of
// pending copies, or anything that is not in this list. Source: docs/devices.md, "Configuration store". Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dfu/bytes.h"

namespace dfu::particle {

struct Setting {
  std::uint32_t offset = 0;
  Bytes bytes;
};

std::vector<std::string> setting_names();

// What to write where for a value as a person writes it; or what is wrong with it: "must be 63 characters long".
// REQUIRES: `name` is one of setting_names().
std::variant<Setting, std::string> setting(std::string_view name, std::string_view value);

// Says to the system that a bootloader waits in the update area (docs/devices.md, "Bootloader updates").
Setting bootloader_waits();

}  // namespace dfu::particle
