#include "dfu/virtual/flash.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;
using Run = FlashGeometry::Run;

constexpr std::array<Run, 3> stm32f2_runs{{{4, 0x4000, 250ms}, {1, 0x10000, 550ms}, {7, 0x20000, 1s}}};
constexpr std::array<Run, 1> stm32f1_runs{{{128, 0x400, 20ms}}};
constexpr std::array<Run, 1> plain_runs{{{64, 0x1000, 25ms}}};

constexpr FlashGeometry stm32f2{{0x08000000, 0x08100000}, stm32f2_runs, 16us, 8s};
constexpr FlashGeometry stm32f1{{0x08000000, 0x08020000}, stm32f1_runs, 105us, 20ms};
constexpr FlashGeometry plain{{0, 0x40000}, plain_runs, 20us, 1600ms};

}  // namespace

const FlashGeometry& stm32f2_flash() {
  return stm32f2;
}
const FlashGeometry& stm32f1_flash() {
  return stm32f1;
}
const FlashGeometry& plain_flash() {
  return plain;
}

std::shared_ptr<const FlashGeometry> make_geometry(std::uint32_t first, std::vector<FlashGeometry::Run> runs,
                                                   std::uint32_t granule) {
  struct Part : FlashGeometry {
    std::vector<Run> own;
  };
  auto part = std::make_shared<Part>();
  part->own = std::move(runs);
  part->runs = part->own;
  std::uint32_t size = 0;
  for (const FlashGeometry::Run& run : part->own) size += run.count * run.size;
  part->range = {first, first + size};
  part->program_word = 16us;
  part->mass_erase = 8s;
  part->granule = granule;
  part->once = granule > 4;
  return part;
}

std::optional<Range> FlashGeometry::sector(std::uint32_t address) const {
  std::uint32_t begin = range.begin;
  for (const Run& run : runs) {
    const std::uint32_t end = begin + run.count * run.size;
    if (Range{begin, end}.contains(address)) {
      const std::uint32_t here = address - (address - begin) % run.size;
      return Range{here, here + run.size};
    }
    begin = end;
  }
  return {};
}

Duration FlashGeometry::erase_time(Range sector) const {
  const auto run = std::find_if(runs.begin(), runs.end(), [&](const Run& one) { return one.size == sector.size(); });
  assert(run != runs.end());
  return run->erase;
}

Flash::Flash(const FlashGeometry& geometry) : geometry_(&geometry), bytes_(geometry.range.size(), 0xFF) {}

Flash::Flash(Bytes bytes, const FlashGeometry& geometry) : geometry_(&geometry), bytes_(std::move(bytes)) {
  assert(bytes_.size() == geometry.range.size());
}

ByteView Flash::view(Range part) const {
  assert(range().contains(part));
  return ByteView(bytes_).subspan(part.begin - range().begin, part.size());
}

Range Flash::part(std::uint32_t address, std::uint32_t size) const {
  if (!range().contains(address)) return {};
  return {address, address + std::min(size, range().end - address)};
}

void Flash::erase(Range sector) {
  std::fill_n(bytes_.begin() + (sector.begin - range().begin), sector.size(), std::uint8_t{0xFF});
}

bool Flash::program(std::uint32_t address, std::uint32_t word) {
  if (address % 4 != 0 || !range().contains(address)) return false;
  for (int i = 0; i < 4; ++i) bytes_[address - range().begin + i] &= static_cast<std::uint8_t>(word >> 8 * i);
  return true;
}

bool Flash::may_program(std::uint32_t address, std::uint32_t size) const {
  if (!geometry_->once) return true;
  if (address % geometry_->granule != 0 || size % geometry_->granule != 0) return false;
  const ByteView held = view(part(address, size));
  return std::ranges::all_of(held, [](std::uint8_t byte) { return byte == 0xFF; });
}

void Flash::place(std::uint32_t address, ByteView bytes) {
  assert(range().contains(address) && bytes.size() <= range().end - address);
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + (address - range().begin));
}

}  // namespace dfu::virt
