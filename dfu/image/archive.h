// Zip archives, read whole: Particle's bundles are such, one application and a folder "assets". Pure; any thread; any
// bytes are safe input.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "dfu/bytes.h"

namespace dfu {

struct Member {
  std::string name;  // with its folders; what a terminal obeys is replaced
  Bytes bytes;
};

// The files in it, in the order of its directory, each with its CRC checked; or what is wrong, to follow the file's
// name. Stored and deflated members only, not encrypted, not in several volumes, not beyond 4 GiB.
std::variant<std::vector<Member>, std::string> read_zip(ByteView file);

}  // namespace dfu
