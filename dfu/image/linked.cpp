#include "dfu/image/linked.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "dfu/image/formats.h"

namespace dfu {

namespace {

constexpr std::uint32_t flash = 0x08000000;
constexpr std::uint32_t window_size = 0x00200000;  // no part has more flash behind one
constexpr std::uint32_t windows[] = {flash, 0x00000000, 0x00200000, 0x0C000000};
constexpr int several = 4;

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
  for (const std::uint32_t window : windows) {
    if (address >= window && address - window < window_size && memory.contains(address - window + flash)) return true;
  }
  return memory.contains(address);
}

namespace {

// As link_address(), with the addresses that the program uses itself.
std::optional<std::uint32_t> start_of(ByteView program, Range handlers, const std::vector<std::uint32_t>& starts) {
  const auto size = static_cast<std::uint32_t>(program.size());
  const std::uint32_t end = furthest(program, handlers);
  // What follows the last pointer that leads anywhere is seldom longer. Of several places people take a round one.
  constexpr std::uint32_t tail = 4096;
  std::optional<std::uint32_t> first, best;
  for (const std::uint32_t start : starts) {
    if (start > handlers.begin || end - start > size) continue;
    if (!first) first = best = start;
    if (start - *first < tail && std::countr_zero(start) > std::countr_zero(*best)) best = start;
  }
  return best;
}

// What compilers begin a function with, and little else: a push of the return address, a wait for ever (most vector
// tables are full of pointers to one), the read of a special register.
bool begins_function(std::uint16_t code) {
  constexpr std::uint16_t push_wide = 0xE92D, for_ever = 0xE7FE, special = 0xF3EF;
  return (code & 0xFF00) == 0xB500 || code == push_wide || code == for_ever || code == special;
}

// To how many beginnings of functions its pointers lead if it begins at `address`.
int functions_found(ByteView program, const std::vector<std::uint32_t>& pointers, std::uint32_t address) {
  return static_cast<int>(std::ranges::count_if(pointers, [&](std::uint32_t pointer) {
    const std::uint32_t at = pointer - 1 - address;
    return at < program.size() - 1 && begins_function(le16(program, at));
  }));
}

// Words that may be pointers to code of the program, wherever it begins: each once, and no more than are needed.
std::vector<std::uint32_t> code_pointers(ByteView program, Range handlers) {
  constexpr std::size_t most = 4096;
  std::vector<std::uint32_t> pointers;
  const auto size = static_cast<std::uint32_t>(program.size());
  each_word(program, [&](std::uint32_t word) {
    const bool near = word - handlers.begin < size || handlers.begin - word < size;
    if ((word & 1) != 0 && near && pointers.size() < most) pointers.push_back(word);
  });
  std::ranges::sort(pointers);
  // clang 14, which builds the fuzzers, cannot read the result of std::ranges::unique.
  pointers.erase(std::unique(pointers.begin(), pointers.end()), pointers.end());
  return pointers;
}

// Of the places that have the handlers in the program's bytes, the one at which most pointers lead to functions, if
// they do not at `address`.
std::optional<std::uint32_t> place_of_functions(ByteView program, Range handlers, std::uint32_t address,
                                                const std::vector<std::uint32_t>& starts) {
  constexpr std::ptrdiff_t most_places = 256;
  const std::vector<std::uint32_t> pointers = code_pointers(program, handlers);
  int found = std::max(several - 1, several * functions_found(program, pointers, address));
  std::optional<std::uint32_t> best;
  const auto end = std::ranges::upper_bound(starts, handlers.begin);
  for (auto start = end; start != starts.begin() && end - start < most_places;) {
    --start;
    if (handlers.begin - *start >= program.size()) break;
    const int here = functions_found(program, pointers, *start);
    if (here <= found) continue;
    found = here;
    best = *start;
  }
  return best;
}

// Programs know addresses below their own, a bootloader's or those of settings, and few that lie behind them.
bool leads_past_its_end(ByteView program, std::uint32_t address, std::uint32_t start) {
  const auto size = static_cast<std::uint32_t>(program.size());
  int past_the_end = 0, to_the_beginning = 0;
  each_word(program, [&](std::uint32_t word) {
    to_the_beginning += word >= address && word < start;
    past_the_end += word - address > size && word >= start && word - start <= size;
  });
  return past_the_end >= several && past_the_end > several * to_the_beginning;
}

}  // namespace

std::optional<std::uint32_t> link_address(ByteView program, const std::vector<std::uint32_t>& starts) {
  const auto handlers = handlers_of(program);
  if (!handlers) return std::nullopt;
  if (const auto start = start_of(program, *handlers, starts)) return start;
  for (const std::uint32_t window : windows) {
    if (handlers->begin < window || handlers->begin - window >= window_size) continue;
    std::vector<std::uint32_t> seen;
    for (const std::uint32_t start : starts) {
      if (start >= flash && start - flash < window_size) seen.push_back(start - flash + window);
    }
    if (const auto start = start_of(program, *handlers, seen)) return *start - window + flash;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> linked_elsewhere(ByteView program, std::uint32_t address,
                                              const std::vector<std::uint32_t>& starts) {
  const auto handlers = handlers_of(program);
  if (!handlers) return std::nullopt;
  const auto start = start_of(program, *handlers, starts);
  if (start && *start > address && leads_past_its_end(program, address, *start)) return start;
  return place_of_functions(program, *handlers, address, starts);
}

}  // namespace dfu
