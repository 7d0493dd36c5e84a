#include "dfu/memory_map.h"

#include <algorithm>
#include <limits>

namespace dfu {

const Sector* MemoryMap::find(std::uint32_t address) const {
  const auto after = std::upper_bound(sectors.begin(), sectors.end(), address,
                                      [](std::uint32_t at, const Sector& sector) { return at < sector.range.begin; });
  if (after == sectors.begin()) return nullptr;
  const Sector& sector = *std::prev(after);
  return sector.range.contains(address) ? &sector : nullptr;
}

std::vector<Sector> MemoryMap::covering(Range range) const {
  std::vector<Sector> out;
  for (std::uint32_t at = range.begin; at < range.end; at = out.back().range.end) {
    const Sector* sector = find(at);
    if (!sector) return {};
    out.push_back(*sector);
  }
  return out;
}

namespace {

// Reads one layout string from left to right; the first thing that is wrong ends it with a sentence.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  bool parse(MemoryMap& map) {
    if (!take('@')) return fail("does not begin with '@'");
    const auto slash = rest_.find('/');
    if (slash == std::string_view::npos) return fail("has no '/' after its name");
    map.name = trimmed(rest_.substr(0, slash));
    rest_.remove_prefix(slash);
    while (take('/')) {
      if (!region(map)) return false;
    }
    skip_blanks();
    if (!rest_.empty()) return fail("ends in text that is no region");
    const auto before = [](const Sector& a, const Sector& b) { return a.range.begin < b.range.begin; };
    std::stable_sort(map.sectors.begin(), map.sectors.end(), before);
    for (std::size_t i = 1; i < map.sectors.size(); ++i) {
      if (map.sectors[i - 1].range.overlaps(map.sectors[i].range)) return fail("has regions that overlap");
    }
    return !map.sectors.empty() || fail("has no sectors");
  }

  const std::string& problem() const { return problem_; }

 private:
  bool fail(const char* why) {
    problem_ = why;
    return false;
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_blanks() {
    while (take(' ')) {
    }
  }

  static std::string trimmed(std::string_view text) {
    const auto end = text.find_last_not_of(' ');
    return end == std::string_view::npos ? std::string() : std::string(text.substr(0, end + 1));
  }

  // Any number of digits; nothing without a digit or beyond 2^32.
  std::optional<std::uint64_t> number(int base) {
    std::uint64_t value = 0;
    bool any = false;
    for (; !rest_.empty(); rest_.remove_prefix(1), any = true) {
      const char c = rest_.front();
      const int digit = c >= '0' && c <= '9'                 ? c - '0'
                        : base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : base == 16 && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                             : -1;
      if (digit < 0) break;
      value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
      if (value > limit) return {};
    }
    return any ? std::optional(value) : std::nullopt;
  }

  bool region(MemoryMap& map) {
    skip_blanks();
    if (!take('0') || !(take('x') || take('X'))) return fail("has a region without an address like 0x08000000");
    const auto begin = number(16);
    if (!begin) return fail("has a region address that is no 32-bit number");
    if (!take('/')) return fail("has an address without sectors");
    std::uint64_t at = *begin;
    do {
      if (!group(map, at)) return false;
    } while (take(','));
    return true;
  }

  // COUNT*SIZE MULT TYPE: the multiplier may be blank or absent, the type is a letter whose low three bits count.
  bool group(MemoryMap& map, std::uint64_t& at) {
    skip_blanks();
    const auto count = number(10);
    if (!count || !take('*')) return fail("has a sector group that is not COUNT*SIZE");
    const auto size = number(10);
    if (!size) return fail("has a sector group without a size");
    std::uint64_t bytes = *size;
    if (take('K')) {
      bytes *= 1024;
    } else if (take('M')) {
      bytes *= 1024 * 1024;
    } else if (!take('B')) {
      take(' ');
    }
    if (rest_.empty() || rest_.front() < 'a' || rest_.front() > 'g')
      return fail("has a sector group without a type a-g");
    const int type = rest_.front() & 7;
    rest_.remove_prefix(1);
    skip_blanks();
    if (bytes == 0 || *count == 0) return fail("has an empty sector group");
    if (*count > max_sectors - map.sectors.size()) return fail("has more than 65536 sectors");
    if (bytes > limit || *count * bytes > limit - std::min(at, limit)) return fail("reaches beyond 32-bit addresses");
    for (std::uint64_t i = 0; i < *count; ++i, at += bytes) {
      const Range range{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + bytes)};
      map.sectors.push_back({range, (type & 1) != 0, (type & 2) != 0, (type & 4) != 0});
    }
    return true;
  }

  static constexpr std::uint64_t limit = std::numeric_limits<std::uint32_t>::max();
  // Real maps have at most a few thousand; a hostile string must not cost gigabytes.
  static constexpr std::size_t max_sectors = 65536;

  std::string_view rest_;
  std::string problem_;
};

}  // namespace

std::optional<MemoryMap> parse_memory_map(std::string_view text, std::string* problem) {
  MemoryMap map;
  Parser parser(text);
  if (parser.parse(map)) return map;
  if (problem) *problem = parser.problem();
  return {};
}

}  // namespace dfu
