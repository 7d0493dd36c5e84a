// All steps of a recipe on one memory map: what must be where. Pure; `check` prints it.
#pragma once

#include <algorithm>
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
  // Offset of a header that makes a unit jump into the image: the block that holds it is written last (docs/devices.md,
  // "Unplugged during work").
  std::optional<std::uint32_t> header_offset;
  Does does = Does::write;
  // What becomes of bytes in its sectors that belong to no step, when such a sector must be erased. The recipe decides;
  // its default is `keep`.
  enum class Neighbours {
    erase,  // they are lost
    keep,   // they are read first, written back and read back
  } neighbours = Neighbours::erase;
  // The place that the family gives to this step as a whole, if it does: nothing in it is a neighbour.
  std::optional<Range> place{};
  // Where its addresses are: 0 is the profile's own memory, n the n-th of Profile::memories. A patch goes into the
  // store.
  std::size_t memory = 0;

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

// Chips whose flash has an error-correcting code program so many bytes at once, and each such unit only once after an
// erase: 8 on STM32L4 and G4, 16 on H5 and U5, 32 on H7. Writes to shared sectors begin and end between two of the
// largest; on other chips that costs nothing.
inline constexpr std::uint32_t flash_granule = 32;

// Bytes that belong to no step, in a sector that steps write.
struct Neighbour {
  std::size_t step = 0;  // the first one that writes the sector
  Sector sector;
  Range data;

  // With the rest of the words that it begins and ends in: what is asked of a unit.
  Range words() const { return {data.begin & ~3u, std::min((data.end + 3) & ~3u, sector.range.end)}; }
};

struct Layout {
  std::vector<Step> steps;            // in recipe order
  std::vector<Piece> pieces;          // in recipe order, ascending within a step
  std::vector<Neighbour> kept{};      // ascending
  std::vector<Neighbour> given_up{};  // likewise: lost when their sector is erased
  // Those that are written as a whole, ascending: they hold neighbours that stay, or two steps meet inside a unit of
  // flash that may be programmed once.
  std::vector<Sector> shared{};
};

struct Misfit {
  std::size_t step = 0;
  std::uint32_t address = 0;  // the first byte that does not fit
  std::string text;
};

// Misfit: a byte lies outside the map, in a sector that cannot be written and erased, or on another step's bytes; in
// a sector that one step leaves alone and another one does not; or in one whose addresses another memory has too, for
// an address names one place of the whole unit. `beside`: as Profile::memories.
std::variant<Layout, Misfit> lay_out(std::vector<Step> steps, const MemoryMap& map, const MemoryMap& store = {},
                                     const std::vector<MemoryMap>& beside = {});

// The first piece whose sector these maps, a unit's own, do not have with the same bounds and rights. The store is not
// looked at.
const Piece* misfit(const Layout& layout, const MemoryMap& map, const std::vector<MemoryMap>& beside = {});

// How many sectors a step has bytes in.
std::size_t sectors_of(const Layout& layout, std::size_t step);

}  // namespace dfu
