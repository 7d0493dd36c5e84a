// DfuSe memory maps: the string of an alternate setting's iInterface, parsed into sectors. `@name/0xADDR/COUNT*SIZE
// MULT TYPE[,...][/0xADDR/...]` in all the forms of docs/devices.md, "Memory map strings", as real units spell it.
// Parts that are not understood are left out and reported: no step can use that memory. Pure; any thread.
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
  // What was left out, each the part of a sentence: "\"01*016\", whose type is not known".
  std::vector<std::string> ignored{};

  // A store of settings behind DFU, which its bootloader copies whole with each change: what may be written there need
  // not be erased first (docs/devices.md, "Gen 3 in DFU mode", "RTL872x": "@DCT Flash", type e).
  bool is_store() const { return name.starts_with("DCT ") || name.starts_with("DCD "); }
  // The sector that holds the address; nullptr if none does.
  const Sector* find(std::uint32_t address) const;
  // Every sector that the range touches, ascending. Empty if any byte of it lies in no sector.
  std::vector<Sector> covering(Range range) const;
};

// Nothing when the text is no layout string, or nothing in it is clear; `problem`, if given, says why.
std::optional<MemoryMap> parse_memory_map(std::string_view text, std::string* problem = nullptr);

}  // namespace dfu
