// What lies in Particle units beside the flash that they start from: which memories, and what of them no recipe may
// touch, because keys and settings are there. Source:
// docs/devices.md, "Flash maps of Gen 2", "Configuration store", "Gen 3 flash and boot". Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dfu/bytes.h"
#include "dfu/descriptors.h"
#include "dfu/particle/module.h"

namespace dfu::particle {

struct MemoryBeside {
  std::uint8_t alternate = 0;
  std::string map;
};

// The one that recipes may write on units of this platform; nothing: there is none.
std::optional<MemoryBeside> memory_beside(Platform platform);

// Why a recipe may not touch these bytes of an alternate setting other than 0, and what it may: a sentence. Nothing: it
// may, or the id is not Particle's. `alternate`: nothing where only the unit knows the number.
std::optional<std::string> untouchable_beside(UsbId dfu, std::optional<std::uint8_t> alternate, Range bytes);

}  // namespace dfu::particle
