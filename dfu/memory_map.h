// DfuSe memory maps: the string of an alternate setting's iInterface, parsed into sectors.
// `@name/0xADDR/COUNT*SIZE MULT TYPE[,...][/0xADDR/...]` in all the forms of facts/dfu.md 2.4. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/bytes.h"

namespace dfu {

struct Sector {
  Range range;
  bool readable = false;
  bool erasable = false;
  bool writable = false;

  bool operator==(const Sector&) const = default;
};

struct MemoryMap {
  std::string name;             // without trailing blanks
  std::vector<Sector> sectors;  // ascending, not overlapping

  // The sector that holds the address; nullptr if none does.
  const Sector* find(std::uint32_t address) const;
  // Every sector that the range touches, ascending. Empty if any byte of it lies in no sector.
  std::vector<Sector> covering(Range range) const;
};

// Nothing when the text is no layout string; `problem`, if given, says why.
std::optional<MemoryMap> parse_memory_map(std::string_view text, std::string* problem = nullptr);

}  // namespace dfu
