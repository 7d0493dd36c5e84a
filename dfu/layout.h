// All steps of a recipe on one memory map: what must be where. Pure; `check` prints it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dfu/image/image.h"
#include "dfu/memory_map.h"

namespace dfu {

struct Step {
  enum class Does {
    write,  // afterwards its bytes are what the flash holds
    erase,  // afterwards its sectors are blank; its bytes, all 0xFF, say which
    patch,  // its bytes are written into the store, Profile::store_map, where nothing is erased
    hold,   // its bytes must be there already, and stay
  };

  std::string name;
  std::shared_ptr<const Image> image;
  std::uint32_t address = 0;  // of its first byte
  // Offset of a header that makes a unit jump into the image: the block that holds it is written last
  // (facts/dfu.md 4.7).
  std::optional<std::uint32_t> header_offset;
  Does does = Does::write;

  // In flash, without gaps.
  std::uint32_t size() const { return static_cast<std::uint32_t>(image->payload().size()); }
  // Where its bytes go, ascending: one range, unless the image says more. The payload has them one after the other.
  std::vector<Range> ranges() const;
  // From its first byte to its last, gaps included.
  Range range() const { return {address, ranges().back().end}; }
  // REQUIRES: one of its ranges holds `bytes`.
  ByteView payload(Range bytes) const;
};

// The part of one step that lies in one sector: what is compared, erased and counted as one.
struct Piece {
  std::size_t step = 0;
  Sector sector;
  Range data;
};

struct Layout {
  std::vector<Step> steps;    // in recipe order
  std::vector<Piece> pieces;  // in recipe order, ascending within a step
};

struct Misfit {
  std::size_t step = 0;
  std::uint32_t address = 0;  // the first byte that does not fit
  std::string text;
};

// Misfit: a byte lies outside the map, in a sector that cannot be written and erased, or on another step's bytes; or in
// a sector that one step leaves alone and another one does not.
std::variant<Layout, Misfit> lay_out(std::vector<Step> steps, const MemoryMap& map, const MemoryMap& store = {});

// The first piece whose sector this map, a unit's own, does not have with the same bounds and rights. The store is not
// looked at.
const Piece* misfit(const Layout& layout, const MemoryMap& map);

}  // namespace dfu
