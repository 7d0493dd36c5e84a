// Where a Cortex-M program was linked, as far as its vector table and its other pointers tell. A program that is
// flashed elsewhere does not start. Pure; any thread; any bytes are safe input.
#pragma once

#include <optional>
#include <vector>

#include "dfu/bytes.h"

namespace dfu {

// A vector table must begin at a multiple of this: the seven lowest bits of VTOR do not exist.
inline constexpr std::uint32_t vector_alignment = 128;

// From the lowest to behind the highest of the reset, NMI and hard fault handlers. Nothing for what is no program.
std::optional<Range> handlers_of(ByteView program);

// What of STM32 flash the processor sees at other addresses too: from 0, when it starts from flash; at 0x00200000 by
// the ITCM bus of F7; at 0x0C000000 as secure memory. True if `address` is in `memory` by one of them.
bool reaches(std::uint32_t address, Range memory);

// Of `starts`, ascending, the one that the program was linked for; nothing where none fits its pointers. A program for
// one of those windows was linked for the flash behind it.
std::optional<std::uint32_t> link_address(ByteView program, const std::vector<std::uint32_t>& starts);

// The handlers lie in the program's own bytes at `address`, and yet it was linked for another one, which is returned:
// many of its pointers lead past its end there and few to its beginning, or its pointers lead to the beginnings of
// functions there and not here. Nothing where that is not certain.
std::optional<std::uint32_t> linked_elsewhere(ByteView program, std::uint32_t address,
                                              const std::vector<std::uint32_t>& starts);

}  // namespace dfu
