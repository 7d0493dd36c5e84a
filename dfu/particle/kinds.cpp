#include "dfu/particle/kinds.h"

#include <algorithm>

namespace dfu::particle {
namespace {

// Where modules of this kind lie, in every Device OS version. Small numbers make plausible addresses on nRF52840, whose
// flash begins at 0, so there each function has its own range.
Range flash_of(Mcu mcu, Function function) {
  switch (mcu) {
    case Mcu::stm32f1:
      return {0x08005000, 0x08020000};
    case Mcu::stm32f2:
      return {0x08000000, 0x08100000};
    case Mcu::nrf52840:
      if (function == Function::radio_stack) return {0x00001000, 0x00040000};
      if (function == Function::bootloader) return {0x000F0000, 0x00100000};
      if (function == Function::user_part) return {0x00080000, 0x00100000};
      return {0x00020000, 0x00100000};
    case Mcu::rtl872x:
      if (function == Function::user_part) return {0x08400000, 0x08600000};
      return {0x08000000, 0x08800000};
  }
  return {};
}

}  // namespace

Mcu mcu_of(Platform platform) {
  switch (platform) {
    case Platform::core:
      return Mcu::stm32f1;
    case Platform::photon:
    case Platform::p1:
    case Platform::electron:
      return Mcu::stm32f2;
    case Platform::argon:
    case Platform::boron:
    case Platform::xenon:
    case Platform::esomx:
    case Platform::asom:
    case Platform::bsom:
    case Platform::xsom:
    case Platform::b5som:
    case Platform::tracker:
      return Mcu::nrf52840;
    case Platform::trackerm:
    case Platform::p2:
    case Platform::msom:
      return Mcu::rtl872x;
  }
  return Mcu::stm32f2;
}

std::uint32_t header_offset(Platform platform, Function function, std::uint8_t index) {
  const bool starts_with_vectors =
      function == Function::bootloader || function == Function::monolithic || function == Function::system_part;
  if (!starts_with_vectors) return 0;
  switch (mcu_of(platform)) {
    case Mcu::stm32f1:
      return 0x10C;
    case Mcu::stm32f2:
      return function == Function::system_part && index > 2 ? 0 : 0x184;
    case Mcu::nrf52840:
      return 0x200;
    case Mcu::rtl872x:
      return function == Function::bootloader ? 0x20 : 0;
  }
  return 0;
}

bool may_keep_header_at(std::uint32_t offset, const Module& module) {
  if (offset == header_offset(module.platform, module.function, module.index)) return true;
  return offset == 0 && module.function == Function::bootloader && mcu_of(module.platform) == Mcu::rtl872x;
}

bool placed_by_the_unit(Function function) {
  return function == Function::ncp_firmware || function == Function::asset;
}

bool possible_addresses(const Module& module) {
  // No slot begins within a flash page, and none has a higher index.
  constexpr std::uint32_t page = 0x1000;
  constexpr std::uint8_t highest_index = 3;
  // Except on RTL872x: there they end at a fixed address and grow downwards, record by record (docs/devices.md, "Module
  // flags and extensions").
  const bool grows_down = module.function == Function::user_part && mcu_of(module.platform) == Mcu::rtl872x;
  if (module.start >= module.end || module.start % (grows_down ? 4 : page) != 0) return false;
  if (placed_by_the_unit(module.function)) return module.start == 0 && module.end <= 16 * 1024 * 1024;
  // Reserved names; no platform has a place for them.
  if (module.function == Function::resource || module.function == Function::settings) return false;
  // Platform id 0 is also what zeros look like: a Core has one kind of module in one place.
  if (module.platform == Platform::core && (module.function != Function::monolithic || module.start != 0x08005000)) {
    return false;
  }
  const Range flash = flash_of(mcu_of(module.platform), module.function);
  return module.index <= highest_index && flash.contains(module.range());
}

}  // namespace dfu::particle
