#include "dfu/image/programs.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace dfu {
namespace {

struct Named {
  std::uint32_t id;
  std::string_view name;
};

template <std::size_t N>
std::string name_of(const std::array<Named, N>& names, std::uint32_t id) {
  const auto found = std::ranges::find(names, id, &Named::id);
  return found == names.end() ? "" : std::string(found->name);
}

std::vector<Range> joined(std::vector<Range> ranges) {
  std::ranges::sort(ranges, {}, &Range::begin);
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (!out.empty() && range.begin <= out.back().end) {
      out.back().end = std::max(out.back().end, range.end);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

// e_machine of the processors that a file on a station is likely to be for.
constexpr std::array machines = {
    Named{3, "x86"},     Named{40, "ARM"},      Named{62, "x86-64"},   Named{83, "AVR"},
    Named{94, "Xtensa"}, Named{164, "Hexagon"}, Named{183, "AArch64"}, Named{243, "RISC-V"},
};
// Those of microcontrollers.
constexpr std::array<std::uint16_t, 4> small_machines = {40, 83, 94, 243};

constexpr std::size_t elf32_header = 52;
constexpr std::size_t elf32_segment = 32;
constexpr std::uint32_t loaded = 1;  // PT_LOAD

// What a 32-bit little-endian program puts into flash, by physical address; nothing if a segment is not in the file.
std::vector<Range> segments(ByteView file) {
  const std::uint32_t table = le32(file, 28);
  const std::size_t entry = le16(file, 42);
  const std::size_t count = le16(file, 44);
  if (entry < elf32_segment || table > file.size() || (file.size() - table) / entry < count) return {};
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView segment = file.subspan(table + i * entry, elf32_segment);
    const std::uint32_t offset = le32(segment, 4);
    const std::uint32_t address = le32(segment, 12);
    const std::uint32_t size = le32(segment, 16);
    if (le32(segment, 0) != loaded || size == 0) continue;
    if (offset > file.size() || file.size() - offset < size || size > 0xFFFFFFFFu - address) return {};
    ranges.push_back({address, address + size});
  }
  return joined(std::move(ranges));
}

// The chips that a UF2 file's family id may name, as its specification lists them.
constexpr std::array families = {
    Named{0xE48BFF56, "RP2040"},   Named{0xE48BFF59, "RP2350"},   Named{0x68ED2B88, "SAMD21"},
    Named{0x55114460, "SAMD51"},   Named{0xADA52840, "nRF52840"}, Named{0x5EE21072, "STM32F1"},
    Named{0x5D1A0A2E, "STM32F2"},  Named{0x6B846188, "STM32F3"},  Named{0x57755A57, "STM32F4"},
    Named{0x53B80F00, "STM32F7"},  Named{0x647824B6, "STM32F0"},  Named{0x6DB66082, "STM32H7"},
    Named{0x70D16653, "STM32WB"},  Named{0x00FF6919, "STM32L4"},  Named{0xBFDD4EEE, "ESP32-S2"},
    Named{0xC47E5767, "ESP32-S3"},
};

constexpr std::size_t uf2_block = 512;
constexpr std::size_t uf2_data = 476;

// Both magics at its front and the one at its end, its place in the file, and no more bytes than it has room for.
bool good_block(ByteView block, std::size_t number, std::size_t count) {
  return le32(block, 0) == 0x0A324655 && le32(block, 4) == 0x9E5D5157 && le32(block, 508) == 0x0AB16F30 &&
         le32(block, 20) == number && le32(block, 24) == count && le32(block, 16) <= uf2_data &&
         le32(block, 16) <= 0xFFFFFFFFu - le32(block, 12);
}

}  // namespace

ProgramFacts read_elf(ByteView file) {
  constexpr std::uint8_t bits32 = 1, little_endian = 1;
  if (file.size() < elf32_header) return {"is an ELF file that is cut off", {}};
  const std::uint16_t machine = le16(file, 18);
  const std::string name = name_of(machines, machine);
  std::string text = "is an ELF file";
  if (file[5] == little_endian && !name.empty()) text += " for " + name;
  const bool may_be_firmware = file[5] == little_endian && std::ranges::count(small_machines, machine) != 0;
  if (!may_be_firmware) return {text + ", not firmware", {}};
  if (file[4] != bits32) return {text + " of 64 bits; flash the .bin made from it", {}};
  auto ranges = segments(file);
  if (ranges.empty()) return {text + " without a whole program in it", {}};
  return {text, std::move(ranges)};
}

ProgramFacts read_uf2(ByteView file) {
  constexpr std::uint32_t not_for_flash = 1, has_family = 0x2000;
  const std::size_t count = file.size() / uf2_block;
  std::vector<Range> ranges;
  std::uint32_t family = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView block = file.subspan(i * uf2_block, uf2_block);
    if (!good_block(block, i, count)) return {"is a UF2 file whose block " + std::to_string(i) + " is damaged", {}};
    const std::uint32_t flags = le32(block, 8);
    if (flags & has_family) family = le32(block, 28);
    const std::uint32_t address = le32(block, 12);
    if (!(flags & not_for_flash) && le32(block, 16) != 0) ranges.push_back({address, address + le32(block, 16)});
  }
  if (file.size() % uf2_block != 0 || count == 0) return {"is a UF2 file that is cut off", {}};
  const std::string name = name_of(families, family);
  return {"is a UF2 file" + (name.empty() ? "" : " for " + name), joined(std::move(ranges))};
}

}  // namespace dfu
