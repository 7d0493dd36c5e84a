#include "dfu/particle/beside.h"

#include <algorithm>

namespace dfu::particle {

namespace {

constexpr std::uint16_t particle_vendor = 0x2B04;
constexpr std::uint16_t p1_product = 0xD008, first_gen_3 = 0xD00C;
constexpr UsbId core{0x1D50, 0x607F};  // its keys lie in the flash of alternate setting 1
constexpr std::uint8_t store = 1, external_flash = 2;

// Of the store: the flag of an update that waits, and "setup is done".
constexpr Range harmless[] = {{1753, 1754}, {8134, 8135}};

// B5 SoM, Tracker and E SoM X have 8 MiB, the others 4.
Range file_system(std::uint16_t product) {
  constexpr std::uint32_t begin = 0x80000000;
  const bool large = product == 0xD00F || product == 0xD019 || product == 0xD01A;
  return {begin, begin + (large ? 0x400000u : 0x200000u)};
}

}  // namespace

std::optional<MemoryBeside> memory_beside(Platform platform) {
  if (platform != Platform::p1) return {};
  return MemoryBeside{2, "@Serial Flash   /0x00000000/256*004Kg"};
}

std::optional<std::string> untouchable_beside(UsbId dfu, std::optional<std::uint8_t> alternate, Range bytes) {
  if ((dfu.vendor != particle_vendor && dfu != core) || (dfu.product == p1_product && alternate == 2)) return {};
  if (!alternate) return "For Particle units, name this memory by the number of its alternate setting, with 'alt'.";
  const bool gen_3 = dfu != core && dfu.product >= first_gen_3;
  if (gen_3 && alternate == store) {
    if (std::ranges::any_of(harmless, [&](Range one) { return one.contains(bytes); })) return {};
    return "Alternate setting 1 of Particle units holds their keys. Only the byte at 8134, which says that setup is "
           "done, and the one at 1753, which says that an update waits, may be written.";
  }
  if (gen_3 && alternate == external_flash) {
    const Range files = file_system(dfu.product);
    if (!bytes.overlaps(files)) return {};
    return hex_address(files.begin) + " to " + hex_address(files.end) +
           " hold the file system, and in it the unit's keys and credentials. Use addresses above that range.";
  }
  return "Alternate setting " + std::to_string(*alternate) + " of Particle units is not for recipes.";
}

}  // namespace dfu::particle
