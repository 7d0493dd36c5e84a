// Zip archives of firmware. Particle's bundle is one application module beside the files that it wants, in the folder
// "assets" (docs/devices.md, "Module flags and extensions"). Pure; any thread; any bytes are safe input.
#pragma once

#include "dfu/image/image.h"

namespace dfu {

// Sound if it is a whole bundle; the problem of any other archive says what is in it. REQUIRES: is_zip().
ImageFacts identify_zip(ByteView file);

}  // namespace dfu
