#include "db/excerpt.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace db {

namespace {

// Takes a text apart from its front; after the first mismatch every further read fails.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  bool literal(std::string_view expected) {
    if (!text_.starts_with(expected)) return good_ = false;
    text_.remove_prefix(expected.size());
    return good_;
  }
  bool at(std::string_view expected) const { return good_ && text_.starts_with(expected); }
  // Up to `end`, which is taken, too.
  std::string_view until(char end) {
    const std::size_t size = text_.find(end);
    if (!good_ || size == std::string_view::npos) {
      good_ = false;
      return {};
    }
    const std::string_view word = text_.substr(0, size);
    text_.remove_prefix(size + 1);
    return word;
  }
  std::int64_t number(char end) {
    const std::string_view word = until(end);
    std::int64_t value = 0;
    const auto [rest, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
    good_ = good_ && problem == std::errc() && rest == word.data() + word.size() && value >= 0;
    return value;
  }
  Sha256 digest(char end) {
    const std::string_view word = until(end);
    Sha256 digest{};
    good_ = good_ && word.size() == 2 * digest.size();
    for (std::size_t i = 0; good_ && i < digest.size(); ++i) {
      const char* two = word.data() + 2 * i;
      const auto [rest, problem] = std::from_chars(two, two + 2, digest[i], 16);
      good_ = problem == std::errc() && rest == two + 2;
    }
    return digest;
  }
  bool good() const { return good_; }
  bool finished() const { return good_ && text_.empty(); }

 private:
  std::string_view text_;
  bool good_ = true;
};

constexpr const char* kTimeForm = "%Y-%m-%dT%H:%M:%SZ";

std::string time_text(Time at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, kTimeForm, &parts)};
}

std::optional<Time> time_from(const std::string& text) {
  std::tm parts{};
  const char* rest = strptime(text.c_str(), kTimeForm, &parts);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return Time(std::chrono::seconds(timegm(&parts)));
}

// A number stays on its line, whatever was typed.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

RowRange take_range(Words& words) {
  words.literal("rows: ");
  RowRange range;
  range.before.seq = words.number(' ') - 1;
  range.last.seq = words.number(' ');
  range.before.hash = words.digest(' ');
  range.last.hash = words.digest('\n');
  return range;
}

// Ascending, one behind the other, and none empty.
bool in_order(const std::vector<RowRange>& ranges) {
  std::int64_t last = -1;
  for (const RowRange& range : ranges) {
    if (range.before.seq <= last || range.last.seq <= range.before.seq) return false;
    last = range.last.seq;
  }
  return !ranges.empty();
}

}  // namespace

std::string to_text(const Excerpt& excerpt) {
  std::string text = "flashline excerpt 1\norder: " + one_line(excerpt.order) + "\n";
  text += "installation: " + to_string(excerpt.installation) + "\nrow: " + std::to_string(excerpt.head.seq) +
          "\nhash: " + hex(excerpt.head.hash) + "\ntime: " + time_text(excerpt.at) + "\n";
  text += "start: " + std::to_string(excerpt.start.seq) + " " + hex(excerpt.start.hash) + "\n";
  for (const RowRange& range : excerpt.ranges) {
    text += "rows: " + std::to_string(range.before.seq + 1) + " " + std::to_string(range.last.seq) + " " +
            hex(range.before.hash) + " " + hex(range.last.hash) + "\n";
  }
  return text + "public_key: " + excerpt.public_key + "\n";
}

std::optional<Excerpt> parse_excerpt(std::string_view text) {
  Words words(text);
  Excerpt excerpt;
  words.literal("flashline excerpt 1\norder: ");
  excerpt.order = words.until('\n');
  words.literal("installation: ");
  const auto installation = parse_uuid(words.until('\n'));
  words.literal("row: ");
  excerpt.head.seq = words.number('\n');
  words.literal("hash: ");
  excerpt.head.hash = words.digest('\n');
  words.literal("time: ");
  const auto at = time_from(std::string(words.until('\n')));
  words.literal("start: ");
  excerpt.start.seq = words.number(' ');
  excerpt.start.hash = words.digest('\n');
  while (words.at("rows: ")) excerpt.ranges.push_back(take_range(words));
  words.literal("public_key: ");
  excerpt.public_key = words.until('\n');
  if (!words.finished() || !installation || !at || !in_order(excerpt.ranges)) return std::nullopt;
  excerpt.installation = *installation;
  excerpt.at = *at;
  return excerpt;
}

std::vector<RowRange> united(const std::vector<Excerpt>& excerpts) {
  std::vector<RowRange> all;
  for (const Excerpt& excerpt : excerpts) all.insert(all.end(), excerpt.ranges.begin(), excerpt.ranges.end());
  std::ranges::sort(all, {}, [](const RowRange& range) { return range.before.seq; });
  std::vector<RowRange> apart;
  for (const RowRange& range : all) {
    if (apart.empty() || range.before.seq > apart.back().last.seq) {
      apart.push_back(range);
    } else if (range.last.seq > apart.back().last.seq) {
      apart.back().last = range.last;
    }
  }
  return apart;
}

bool covers(const Excerpt& larger, const Excerpt& smaller) {
  const std::vector<RowRange> ranges = united({larger});
  return std::ranges::all_of(smaller.ranges, [&](const RowRange& inner) {
    const auto behind =
        std::ranges::upper_bound(ranges, inner.before.seq, {}, [](const RowRange& range) { return range.before.seq; });
    return behind != ranges.begin() && inner.last.seq <= std::prev(behind)->last.seq;
  });
}

}  // namespace db
