// Raw deflate, as zip archives and compressed modules have it, by zlib. Pure; any thread; any bytes are safe input.
#pragma once

#include <cstddef>
#include <optional>

#include "dfu/bytes.h"

namespace dfu {

// Nothing if the bytes are damaged, do not end with the stream, or would unpack to more than `most`.
std::optional<Bytes> inflate(ByteView packed, std::size_t most);

}  // namespace dfu
