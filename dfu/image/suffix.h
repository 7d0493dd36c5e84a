// The 16 bytes (or more) that DFU 1.1 appends to a firmware file: ids, version and a CRC over the whole file. Source:
// facts/dfu.md 1.6. Pure; any thread; any bytes are safe input.
#pragma once

#include <optional>

#include "dfu/bytes.h"
#include "dfu/image/image.h"

namespace dfu {

// Nothing for a file whose end does not carry the signature "UFD" and a possible length.
std::optional<DfuSuffix> parse_suffix(ByteView file);

// What the CRC of a file with a suffix should be.
std::uint32_t suffix_crc(ByteView file);

// The bytes before the suffix. REQUIRES: parse_suffix(file) gave this suffix.
ByteView without_suffix(ByteView file, const DfuSuffix& suffix);

}  // namespace dfu
