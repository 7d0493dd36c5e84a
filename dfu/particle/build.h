// Makes valid Particle modules: header, suffix, SHA-256 and CRC-32 right. For the example recipe and for tests, which
// must run without third-party binaries. Source: docs/devices.md, "Module header".
#pragma once

#include "dfu/bytes.h"
#include "dfu/particle/module.h"

namespace dfu::particle {

struct ModuleSpec {
  Platform platform = Platform::photon;
  Function function = Function::user_part;
  std::uint8_t index = 1;
  std::uint16_t version = 1;
  std::uint32_t start = 0;
  std::uint32_t file_size = 0;  // of the whole file, CRC included
  std::vector<Dependency> dependencies{};
  std::uint32_t seed = 1;  // of the filling bytes
  std::vector<AssetNeed> assets{};
};

// REQUIRES: file_size is large enough for vector table (where the function has one), header, suffix and CRC.
// The first word is a plausible stack pointer where the header stands at 0x184, as on STM32F2.
Bytes build_module(const ModuleSpec& spec);

}  // namespace dfu::particle
