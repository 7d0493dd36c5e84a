// Files that say themselves where their bytes go: the DfuSe container, Intel HEX and Motorola S-records. Read strictly,
// because an accepted mistake puts firmware at a wrong place; lines that carry no data are not checked. Source:
// docs/devices.md, "DfuSe files". Pure; any thread; any bytes are safe input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dfu/bytes.h"

namespace dfu {

struct Content {
  std::vector<Range> ranges;                // ascending, not touching each other, none empty
  Bytes bytes;                              // of all ranges, one after the other
  std::optional<std::uint8_t> alternate{};  // of a DfuSe container: the memory it is for
  std::string remark{};                     // what the file holds beside them; to follow its name, or empty
};

// Content, or what is wrong, to follow the file's name.
using ContentResult = std::variant<Content, std::string>;

// One content for each target, at least one, each for another alternate setting; or what is wrong.
using TargetsResult = std::variant<std::vector<Content>, std::string>;
// The sizes of the targets must add up to the file's, and the suffix must be whole.
TargetsResult parse_dfuse(ByteView file);
// Record types 0 to 5, each with its checksum, the last the end record; in any order otherwise. Start addresses are not
// used. Comments (; # //), empty lines, a byte order mark, and NULs, ^Z or blanks around lines and at the end are let
// pass.
ContentResult parse_intel_hex(ByteView file);
// S0 to S3 and S5 to S9, likewise; the last ends it.
ContentResult parse_s_records(ByteView file);

}  // namespace dfu
