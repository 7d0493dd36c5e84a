// The 16 bytes (or more) that DFU 1.1 appends to a firmware file: ids, version and a CRC over the whole file. Source:
// docs/devices.md, "DFU file suffix". Pure; any thread; any bytes are safe input.
#pragma once

#include <optional>

#include "dfu/bytes.h"
#include "dfu/image/image.h"

namespace dfu {

// Nothing for a file whose end does not carry the signature "UFD". One damaged byte in the signature does not hide a
// suffix: what it leaves would be flashed as part of the program.
std::optional<DfuSuffix> parse_suffix(ByteView file);

// What is wrong with a file that ends in this suffix, to follow its name; empty if it is whole.
std::string suffix_problem(ByteView file, const DfuSuffix& suffix);

// The bytes before the suffix; the whole file if the suffix says an impossible length.
ByteView without_suffix(ByteView file, const DfuSuffix& suffix);

}  // namespace dfu
