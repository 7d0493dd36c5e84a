#include "dfu/virtual/flash.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

struct Row {
  std::uint32_t size;
  Duration erase;
};

constexpr Row small{0x4000, 250ms}, middle{0x10000, 550ms}, large{0x20000, 1s};
constexpr std::array<Row, 12> rows{small, small, small, small, middle, large, large, large, large, large, large, large};

}  // namespace

Flash::Flash() : bytes_(range.size(), 0xFF) {}

Flash::Flash(Bytes bytes) : bytes_(std::move(bytes)) {
  assert(bytes_.size() == range.size());
}

ByteView Flash::view(Range part) const {
  assert(range.contains(part));
  return ByteView(bytes_).subspan(part.begin - range.begin, part.size());
}

std::optional<Range> Flash::sector(std::uint32_t address) {
  std::uint32_t begin = range.begin;
  for (const auto& row : rows) {
    const Range here{begin, begin + row.size};
    if (here.contains(address)) return here;
    begin = here.end;
  }
  return {};
}

Duration Flash::erase_time(Range sector) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& one) { return one.size == sector.size(); });
  assert(row != rows.end());
  return row->erase;
}

void Flash::erase(Range sector) {
  std::fill_n(bytes_.begin() + (sector.begin - range.begin), sector.size(), std::uint8_t{0xFF});
}

bool Flash::program(std::uint32_t address, std::uint32_t word) {
  if (address % 4 != 0 || !range.contains(address)) return false;
  for (int i = 0; i < 4; ++i) bytes_[address - range.begin + i] &= static_cast<std::uint8_t>(word >> 8 * i);
  return true;
}

void Flash::place(std::uint32_t address, ByteView bytes) {
  assert(range.contains(address) && bytes.size() <= range.end - address);
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + (address - range.begin));
}

}  // namespace dfu::virt
