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

constexpr std::uint64_t limit = std::numeric_limits<std::uint32_t>::max();
// Real maps have at most a few thousand; a hostile string must not cost gigabytes.
constexpr std::size_t most_sectors = 65536;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Blanks, and what is no text: some units end their strings in bytes that they never set.
bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t most = 24;
  return '"' + std::string(text.substr(0, most)) + (text.size() > most ? "...\"" : "\"");
}

// Takes a number off the front of `text`, and the blanks behind it; nothing without a digit or beyond 32 bits.
std::optional<std::uint64_t> take_number(std::string_view& text, int base) {
  std::uint64_t value = 0;
  bool any = false;
  for (; !text.empty(); text.remove_prefix(1), any = true) {
    const char c = text.front();
    const int digit = is_digit(c)                          ? c - '0'
                      : base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : base == 16 && c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                           : -1;
    if (digit < 0) break;
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    if (value > limit) return {};
  }
  text = trimmed(text);
  return any ? std::optional(value) : std::nullopt;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text = trimmed(text.substr(1));
  return true;
}

// The type letter, in either case: its low three bits count.
std::optional<int> type_of(char c) {
  const bool known = (c >= 'a' && c <= 'g') || (c >= 'A' && c <= 'G');
  return known ? std::optional(c & 7) : std::nullopt;
}

struct Group {
  std::uint64_t count = 0, bytes = 0;  // of each
  std::optional<int> type;             // nothing: its size is clear, its rights are not
  std::string_view tail;               // text behind it
};

// The length of "B" or "iB" between a K or M and a type: a person has written it as units of measure are written.
std::size_t bytes_in_words(std::string_view text) {
  for (const std::string_view word : {"iB", "B"}) {
    if (!text.starts_with(word)) continue;
    const std::string_view behind = trimmed(text.substr(word.size()));
    if (!behind.empty() && type_of(behind.front())) return word.size();
  }
  return 0;
}

// COUNT*SIZE MULT TYPE. The multiplier may be absent or a blank, and `b` alone is a type. Nothing if it cannot be told
// how far it reaches.
std::optional<Group> read_group(std::string_view text) {
  Group group;
  const auto count = take_number(text, 10);
  if (!count || !take(text, '*')) return {};
  const auto size = take_number(text, 10);
  if (!size || text.empty()) return {};
  group.count = *count;
  group.bytes = *size;
  const char first = text.front();
  const bool two = text.size() > 1 && type_of(text[1]);
  if (first == 'K' || first == 'k' || first == 'M' || first == 'm') {
    group.bytes *= first == 'K' || first == 'k' ? 1024 : 1024 * 1024;
    text.remove_prefix(bytes_in_words(text.substr(1)));
  } else if (!(first == 'B' || (first == 'b' && two))) {
    if (!type_of(first)) return {};
    group.type = type_of(first);
  }
  text = trimmed(text.substr(1));
  if (!group.type && !text.empty() && type_of(text.front())) {
    group.type = type_of(text.front());
    text = trimmed(text.substr(1));
  }
  group.tail = text;
  if (group.bytes > limit || (group.count != 0 && group.bytes > limit / group.count)) return {};
  return group;
}

// Takes in what is clear and says what it left out.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(trimmed(text)) {}

  bool read() {
    if (rest_.empty() || rest_.front() != '@') return fail("does not begin with '@'");
    const std::size_t first = next_region(0);
    if (first == std::string_view::npos) return fail("has no region with an address like /0x08000000/");
    map_.name = std::string(trimmed(rest_.substr(1, first - 1)));
    rest_.remove_prefix(first);
    while (!rest_.empty()) region();
    drop_overlaps();
    if (!map_.sectors.empty()) return true;
    return fail("has no sectors" + (map_.ignored.empty() ? "" : ": " + map_.ignored.front()));
  }

  MemoryMap take_map() { return std::move(map_); }
  const std::string& problem() const { return problem_; }

 private:
  bool fail(std::string why) {
    problem_ = std::move(why);
    return false;
  }

  void ignore(std::string what) { map_.ignored.push_back(std::move(what)); }

  // The next '/' with an address behind it. A name may have one too.
  std::size_t next_region(std::size_t from) const {
    for (std::size_t at = rest_.find('/', from); at != std::string_view::npos; at = rest_.find('/', at + 1)) {
      const std::string_view behind = trimmed(rest_.substr(at + 1));
      if (behind.starts_with("0x") || behind.starts_with("0X")) return at;
    }
    return std::string_view::npos;
  }

  // REQUIRES: `rest_` begins with a region. Takes it off, with all up to the next one.
  void region() {
    const std::size_t end = std::min(next_region(1), rest_.size());
    std::string_view text = trimmed(trimmed(rest_.substr(1, end - 1)).substr(2));
    const bool last = end == rest_.size();
    rest_.remove_prefix(end);
    const auto begin = take_number(text, 16);
    if (!begin || !take(text, '/')) return ignore("a region whose address is not a 32-bit number");
    const std::size_t slash = text.find('/');
    if (slash != std::string_view::npos) {
      const std::string_view behind = trimmed(text.substr(slash + 1));
      ignore(behind.empty() ? "a '/' at the end" : "the text " + quoted(behind));
      text = trimmed(text.substr(0, slash));
    }
    if (text.empty())
      return ignore("the region at " + hex_address(static_cast<std::uint32_t>(*begin)) + ", without sectors");
    groups(*begin, text, last);
  }

  void groups(std::uint64_t at, std::string_view text, bool last_region) {
    while (true) {
      const std::size_t comma = text.find(',');
      const bool last = comma == std::string_view::npos;
      if (!group(at, trimmed(text.substr(0, comma)), last && last_region)) return;
      if (last) return;
      text = trimmed(text.substr(comma + 1));
      if (text.empty()) return ignore("a ',' at the end");
    }
  }

  // False: where the next group begins cannot be told.
  bool group(std::uint64_t& at, std::string_view text, bool last) {
    const auto group = read_group(text);
    if (!group || group->count * group->bytes > limit - std::min(at, limit)) {
      ignore((text.empty() ? "an empty group" : quoted(text)) + (last ? "" : " and what follows it in its region"));
      return false;
    }
    const std::uint64_t begin = at;
    at += group->count * group->bytes;
    if (begin == at) {
      ignore(quoted(text) + ", which is empty");
    } else if (!group->type) {
      ignore(quoted(text) + ", whose type is not known");
    } else if (!group->tail.empty() && !last) {
      ignore(quoted(text) + ", whose type is not clear");
    } else if (group->count > most_sectors - std::min(most_sectors, map_.sectors.size())) {
      ignore(quoted(text) + ", which has too many sectors");
    } else {
      if (!group->tail.empty()) ignore("the text " + quoted(group->tail) + " at the end");
      add(begin, *group);
    }
    return true;
  }

  void add(std::uint64_t at, const Group& group) {
    const int type = *group.type;
    for (std::uint64_t i = 0; i < group.count; ++i, at += group.bytes) {
      const Range range{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + group.bytes)};
      map_.sectors.push_back({range, (type & 1) != 0, (type & 2) != 0, (type & 4) != 0});
    }
  }

  // Which of two sectors at one place is the true one cannot be told, unless they are alike.
  void drop_overlaps() {
    auto& sectors = map_.sectors;
    std::ranges::stable_sort(sectors, {}, [](const Sector& one) { return one.range.begin; });
    sectors.erase(std::unique(sectors.begin(), sectors.end()), sectors.end());
    std::vector<bool> unclear(sectors.size());
    std::size_t furthest = 0;  // the one that reaches furthest so far
    for (std::size_t i = 1; i < sectors.size(); ++i) {
      if (sectors[i].range.begin < sectors[furthest].range.end) unclear[i] = unclear[furthest] = true;
      if (sectors[i].range.end > sectors[furthest].range.end) furthest = i;
    }
    const auto first = std::ranges::find(unclear, true);
    if (first == unclear.end()) return;
    ignore("sectors that overlap, from " +
           hex_address(sectors[static_cast<std::size_t>(first - unclear.begin())].range.begin) + " on");
    std::size_t at = 0;
    std::erase_if(sectors, [&](const Sector&) { return unclear[at++]; });
  }

  std::string_view rest_;
  MemoryMap map_;
  std::string problem_;
};

}  // namespace

std::optional<MemoryMap> parse_memory_map(std::string_view text, std::string* problem) {
  Reader reader(text);
  if (reader.read()) return reader.take_map();
  if (problem) *problem = reader.problem();
  return {};
}

}  // namespace dfu
