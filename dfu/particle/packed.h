// Compressed modules: what an update over the air unpacks. Source: docs/devices.md, "Module flags and extensions". Only
// for the sources of this folder. Pure; any thread; any bytes are safe input.
#pragma once

#include <string>

#include "dfu/particle/module.h"

namespace dfu::particle {

// Unpacks and looks at what comes out: its size is set in `module`. What is wrong with it, to follow the file's name;
// empty if it is what it says. REQUIRES: `body` is the module without its CRC.
std::string unpack(ByteView body, Module& module);

}  // namespace dfu::particle
