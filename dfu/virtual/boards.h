// The Particle boards that share the Photon's bootloader and boot rules, as data: docs/devices.md, "Particle USB ids",
// "Flash maps of Gen 2". Immutable; any thread.
#pragma once

#include <array>
#include <string_view>

#include "dfu/descriptors.h"
#include "dfu/virtual/flash.h"

namespace dfu::virt {

struct ParticleBoard {
  std::string_view profile;
  std::uint16_t platform = 0;
  UsbId dfu, application;
  std::string_view dfu_product, product;
  std::uint16_t transfer_size = 4096;
  // The two alternate settings' names, which are their memory maps.
  std::array<std::string_view, 2> maps;
  const FlashGeometry* flash = nullptr;
  std::uint32_t protected_end = 0;  // the bootloader refuses to change what lies below
  Range dct{};                      // alternate 1, where it is a part of this flash; empty otherwise
  std::uint32_t dct_at = 0;         // where its copy in use lies

  // Where the modules belong; 0: there is none. Without a first part the board boots by vector table alone.
  std::uint32_t part1 = 0, part2 = 0, part3 = 0, user = 0, factory = 0;
  std::uint16_t part3_since = 0;  // version of part 2 from which there must be a part 3
  bool tests_bootloader = true;   // system part 2 tests the bootloader from 0.7.0 on
  bool has_generations = true;    // of the bootloader; the Core's is one of its own
};

// nullptr for a board that is not modelled.
const ParticleBoard* find_board(std::string_view profile);
const ParticleBoard& photon_board();

}  // namespace dfu::virt
