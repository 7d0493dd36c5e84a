// Files that keep a virtual unit's flash between runs: raw bytes from the flash's first address.
#pragma once

#include <optional>
#include <string>

#include "dfu/virtual/flash.h"

namespace dfu::virt {

// Nothing when there is no such file. Throws std::runtime_error with a sentence when it cannot be read or does not have
// the size of the flash.
std::optional<Flash> read_flash_file(const std::string& path, const FlashGeometry& geometry);

// Whole or not at all: written beside the file and renamed. A sentence when it failed.
std::optional<std::string> write_flash_file(const std::string& path, ByteView bytes);

}  // namespace dfu::virt
