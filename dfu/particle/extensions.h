// What stands behind a module's code, before its CRC: hash, product, and since Device OS 3 a list of records that may
// also follow the header. Source: docs/devices.md, "Module suffix and checksums", "Module flags and extensions". Only
// for the sources of this folder. Pure; any thread.
#pragma once

#include "dfu/particle/module.h"

namespace dfu::particle {

// Hash, its own size and a reserved field: what every suffix ends in.
inline constexpr std::uint32_t base_suffix_size = 36;

// Hash, product, name, assets and further dependencies, as far as `body` has them; what is not plausible is left out,
// for it is no damage. REQUIRES: `body` is the module without its CRC, `module` its header.
void read_tail(ByteView body, Module& module);

// Of the whole suffix, records included; 0 if there is none.
std::uint32_t suffix_size(ByteView body, const Module& module);
// Of the header and the records that follow it.
std::uint32_t prefix_size(ByteView body, const Module& module);

}  // namespace dfu::particle
