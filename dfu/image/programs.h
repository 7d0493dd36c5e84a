// ELF and UF2, as far as it takes to say what such a file is for: neither is flashed. Pure; any thread; any bytes are
// safe input.
#pragma once

#include <string>
#include <vector>

#include "dfu/bytes.h"

namespace dfu {

struct ProgramFacts {
  std::string text;  // what it is, to follow the file's name: "is an ELF program for ARM"
  std::vector<Range>
      ranges;  // where its bytes go, ascending, touching ones put together; empty for one that is damaged
};

// REQUIRES: is_elf().
ProgramFacts read_elf(ByteView file);
// REQUIRES: is_uf2().
ProgramFacts read_uf2(ByteView file);

}  // namespace dfu
