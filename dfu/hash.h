// Digests of images and flash contents. SHA-256 by libsodium, CRC-32 by zlib. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "dfu/bytes.h"

namespace dfu {

using Sha256 = std::array<std::uint8_t, 32>;

Sha256 sha256(ByteView bytes);

// CRC-32 as zlib computes it (reflected 0xEDB88320, initial and final 0xFFFFFFFF).
std::uint32_t crc32(ByteView bytes);

}  // namespace dfu
