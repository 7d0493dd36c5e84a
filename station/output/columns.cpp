#include "station/output/columns.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace station {

namespace {

struct Range {
  std::uint32_t first, last;
};

// Unicode's marks that stand on the character before them, as far as labels may hold them.
constexpr std::array zero_width{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x0610, 0x061A}, Range{0x064B, 0x065F},
    Range{0x0E31, 0x0E31}, Range{0x0E34, 0x0E3A}, Range{0x0E47, 0x0E4E}, Range{0x1AB0, 0x1AFF}, Range{0x200B, 0x200F},
    Range{0x202A, 0x202E}, Range{0x2060, 0x2064}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F}};
// Marks that turn the direction of what follows, separators of lines, and codes that are no character.
constexpr std::array turns_the_line{Range{0x061C, 0x061C}, Range{0x200E, 0x200F}, Range{0x2028, 0x202E},
                                    Range{0x2066, 0x2069}, Range{0xFFFE, 0xFFFF}};
// East Asian Width "wide" and "fullwidth" (Unicode, UAX 11), in blocks.
constexpr std::array wide{
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0x33FF},   Range{0x3400, 0x4DBF},
    Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},   Range{0xA960, 0xA97F},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD}};

template <typename Ranges>
bool in(const Ranges& ranges, std::uint32_t code) {
  return std::ranges::any_of(ranges, [code](Range range) { return range.first <= code && code <= range.last; });
}

// One character of the text as it may be shown.
struct Character {
  std::string_view bytes;
  int width = 1;
};

constexpr std::string_view unknown = "?";

int bytes_in(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

// Takes the next character off the text.
Character next(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const int length = bytes_in(lead);
  const std::string_view bytes = text.substr(0, static_cast<std::size_t>(std::max(length, 1)));
  std::uint32_t code = length > 1 ? lead & (0x7FU >> length) : lead;
  bool good = length > 0 && bytes.size() == static_cast<std::size_t>(length);
  for (std::size_t i = 1; good && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    good = (byte & 0xC0) == 0x80;
    code = code << 6 | (byte & 0x3FU);
  }
  text.remove_prefix(good ? bytes.size() : 1);
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (!good || code < least[bytes.size()] || (code >= 0xD800 && code < 0xE000) || code > 0x10FFFF) return {unknown, 1};
  if (code < 0x20 || (code >= 0x7F && code < 0xA0) || in(turns_the_line, code)) return {unknown, 1};
  return {bytes, in(zero_width, code) ? 0 : in(wide, code) ? 2 : 1};
}

// As many characters as take at most `width` columns.
std::string take(std::string_view text, int width) {
  std::string out;
  while (!text.empty()) {
    const Character character = next(text);
    width -= character.width;
    if (width < 0) break;
    out += character.bytes;
  }
  return out;
}

std::string blanks(int count) {
  return std::string(static_cast<std::size_t>(std::max(count, 0)), ' ');
}

}  // namespace

int columns_of(std::string_view text) {
  int columns = 0;
  while (!text.empty()) columns += next(text).width;
  return columns;
}

std::string cut(std::string_view text, int width) {
  if (columns_of(text) <= width) return take(text, std::max(width, 0));
  constexpr std::string_view more = "..";
  const int kept = width - static_cast<int>(more.size());
  if (kept < 4) return take(text, std::max(width, 0));
  return take(text, kept).append(more);
}

std::string fit(std::string_view text, int width) {
  std::string out = cut(text, width);
  return out + blanks(width - columns_of(out));
}

std::string fit_right(std::string_view text, int width) {
  const std::string out = cut(text, width);
  return blanks(width - columns_of(out)) + out;
}

}  // namespace station
