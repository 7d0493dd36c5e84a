#include "dfu/particle/kinds.h"

#include <algorithm>

namespace dfu::particle {
namespace {

// Files that another processor or the file system takes: their addresses begin at 0.
bool placed_by_the_unit(Function function) {
  return function == Function::ncp_firmware || function == Function::asset;
}

Range flash_of(Mcu mcu) {
  switch (mcu) {
    case Mcu::stm32f1:
      return {0x08000000, 0x08020000};
    case Mcu::stm32f2:
      return {0x08000000, 0x08100000};
    case Mcu::nrf52840:
      return {0x00000000, 0x00100000};
    case Mcu::rtl872x:
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

bool possible_addresses(const Module& module) {
  if (module.start >= module.end || module.start % 4 != 0) return false;
  if (placed_by_the_unit(module.function)) return module.start == 0 && module.end <= 16 * 1024 * 1024;
  // Platform id 0 is also what zeros look like: a Core has one kind of module in one place.
  if (module.platform == Platform::core) return module.function == Function::monolithic && module.start == 0x08005000;
  return flash_of(mcu_of(module.platform)).contains(module.range());
}

}  // namespace dfu::particle
