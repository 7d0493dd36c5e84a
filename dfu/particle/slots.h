// Where each module of a Particle platform lives in flash. Source: docs/devices.md, "Flash maps of Gen 2".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/particle/module.h"

namespace dfu::particle {

struct Slot {
  std::string name;  // "system-part 1"
  Function function = Function::user_part;
  std::uint8_t index = 0;
  Range range;
};

// Slots that DFU may write on this platform; empty for a platform whose map is not known here.
const std::vector<Slot>& slots(Platform platform);

// The slot for this module, or nothing (a bootloader, a foreign function or index).
std::optional<Slot> slot_for(const Module& module);

// Where the application that a unit falls back on lies; nothing for a platform without one in its flash.
std::optional<Range> factory_slot(Platform platform);

// Where a bootloader waits until the system puts it into its place (docs/devices.md, "Bootloader updates"); nothing
// where none can.
std::optional<Range> update_area(Platform platform);

// All of the area in which it waits: the system keeps there what it downloads, until it has put it in place.
std::optional<Range> scratch(Platform platform);

// What no recipe may write, erase or read by address: bootloader, configuration store with its private keys, and
// emulated EEPROM (docs/devices.md, "Flash maps of Gen 2"). Empty for a platform whose map is not known here.
Range protected_range(Platform platform);

}  // namespace dfu::particle
