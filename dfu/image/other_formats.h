// Files that are recognised by their own marks and are no plain program: boot images, bitstreams, file systems, and
// what is not ready for flash at all (compressed files, pointers to files that were not fetched). Pure; any thread; any
// bytes are safe input.
#pragma once

#include <optional>
#include <string>

#include "dfu/image/image.h"

namespace dfu {

struct OtherFormat {
  ImageKind kind = ImageKind::unknown;  // unknown: not to be flashed as it is
  std::string name;                     // "a gzip archive"
  std::string remedy;                   // of one that is not to be flashed: "Unpack it: gunzip FILE."
};

std::optional<OtherFormat> other_format(ByteView file);

// What a Cortex-M program is beyond that: "a Nordic SoftDevice". "a Cortex-M program" for all others.
std::string describe_cortex_m(ByteView file);

}  // namespace dfu
