// What is fixed per platform and kind of module: where the header stands and which addresses there are. Source:
// docs/devices.md, "Where the header is", "Particle USB ids". Only for the sources of this folder. Pure; any thread.
#pragma once

#include "dfu/particle/module.h"

namespace dfu::particle {

enum class Mcu { stm32f1, stm32f2, nrf52840, rtl872x };

Mcu mcu_of(Platform platform);

inline constexpr std::uint32_t header_size = 24;

// Every place where some kind of module keeps its header.
inline constexpr std::uint32_t header_offsets[] = {0, 0x184, 0x10C, 0x200, 0x20};

// Offsets that this kind really uses. On RTL872x the later of the two boot stages before the bootloader has the same
// function number as the bootloader, but has no Realtek header in front.
bool may_keep_header_at(std::uint32_t offset, const Module& module);

// Files that another processor or the file system takes: their addresses begin at 0.
bool placed_by_the_unit(Function function);

// True if a module of this kind can stand at its start and end addresses and carry its index.
bool possible_addresses(const Module& module);

}  // namespace dfu::particle
