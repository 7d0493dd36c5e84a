#include "dfu/image/linked.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "dfu/image/formats.h"

namespace dfu {

namespace {

template <class Visit>
void each_word(ByteView program, Visit visit) {
  for (std::size_t at = 0; at + 4 <= program.size(); at += 4) visit(le32(program, at));
}

// The pointer that leads furthest, of those that a program with these handlers can have into itself: a startup routine
// has one to the initial values of its variables, which end the program.
std::uint32_t furthest(ByteView program, Range handlers) {
  const auto size = static_cast<std::uint32_t>(program.size());
  std::uint32_t last = handlers.end;
  each_word(program, [&](std::uint32_t word) {
    if (word > last && word - handlers.begin <= size) last = word;
  });
  return last;
}

}  // namespace

std::optional<Range> handlers_of(ByteView program) {
  if (!is_cortex_m_program(program)) return std::nullopt;
  Range handlers{std::numeric_limits<std::uint32_t>::max(), 0};
  for (std::size_t vector = 1; vector <= 3; ++vector) {
    const std::uint32_t address = le32(program, vector * 4) & ~1u;
    handlers.begin = std::min(handlers.begin, address);
    handlers.end = std::max(handlers.end, address + 2);
  }
  return handlers;
}

bool reaches(std::uint32_t address, Range memory) {
  constexpr std::uint32_t flash = 0x08000000;
  constexpr std::uint32_t size = 0x00200000;  // of the windows; no part has more flash behind one
  for (const std::uint32_t window : {flash, 0x00000000u, 0x00200000u, 0x0C000000u}) {
    if (address >= window && address - window < size && memory.contains(address - window + flash)) return true;
  }
  return memory.contains(address);
}

std::optional<std::uint32_t> link_address(ByteView program, const std::vector<std::uint32_t>& starts) {
  const auto handlers = handlers_of(program);
  if (!handlers) return std::nullopt;
  const auto size = static_cast<std::uint32_t>(program.size());
  const std::uint32_t end = furthest(program, *handlers);
  // What follows the last pointer that leads anywhere is seldom longer. Of several places people take a round one.
  constexpr std::uint32_t tail = 4096;
  std::optional<std::uint32_t> first, best;
  for (const std::uint32_t start : starts) {
    if (start > handlers->begin || end - start > size) continue;
    if (!first) first = best = start;
    if (start - *first < tail && std::countr_zero(start) > std::countr_zero(*best)) best = start;
  }
  return best;
}

std::optional<std::uint32_t> linked_higher(ByteView program, std::uint32_t address,
                                           const std::vector<std::uint32_t>& starts) {
  const auto start = link_address(program, starts);
  if (!start || *start <= address) return std::nullopt;
  const auto size = static_cast<std::uint32_t>(program.size());
  // Programs know addresses below their own, a bootloader's or those of settings, and few that lie behind them.
  constexpr int several = 4;
  int past_the_end = 0, to_the_beginning = 0;
  each_word(program, [&](std::uint32_t word) {
    to_the_beginning += word >= address && word < *start;
    past_the_end += word - address > size && word >= *start && word - *start <= size;
  });
  if (past_the_end < several || past_the_end <= several * to_the_beginning) return std::nullopt;
  return start;
}

}  // namespace dfu
