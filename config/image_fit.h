// Whether one image may be flashed to one kind of unit, and where: what it is, whether it is sound, for which platform
// it was built, and whether its slot holds it. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "dfu/image/image.h"
#include "dfu/particle/slots.h"
#include "dfu/profile.h"

namespace config {

// Why not: what follows the file's name, and the remedy.
struct Unfit {
  std::string problem;
  std::string hint;
  bool about_address = false;  // the recipe's `address` is wrong, not the image
};

struct Placement {
  std::uint32_t address = 0;
  std::optional<std::uint32_t> header_offset;
  std::optional<dfu::particle::Slot> slot;  // of a Particle module
};

// Judges the image alone, for any unit: nothing if it is sound.
// `may_be_raw`: the recipe could say that it is flashed all the same.
std::optional<Unfit> unsound(const dfu::Image& image, bool may_be_raw);

// What a recipe must say so that a file of no known format is flashed: a sentence without its full stop.
std::string how_to_take(const dfu::Image& image);
// The format is not known, and nothing is known to be wrong with the file. Plain DFU prescribes no format, so such a
// file is flashed to a unit of plain DFU if the recipe has its SHA-256.
bool may_be_taken(const dfu::Image& image);

// REQUIRES: unsound() found nothing. `address` is the one in the recipe, if it has one.
std::variant<Unfit, Placement> place(const dfu::Image& image, const dfu::Profile& profile,
                                     std::optional<std::uint32_t> address);

}  // namespace config
