#include "station/output/columns.h"

#include <algorithm>
#include <cstddef>

#include <uniwidth.h>

#include "reports/character.h"

namespace station {

namespace {

// One character of the text as it may be shown.
struct Shown {
  std::string_view bytes;
  int width = 1;
};

// Takes the next character off the text.
Shown next(std::string_view& text) {
  const reports::Character character = reports::first_character(text);
  const std::string_view bytes = text.substr(0, std::max<std::size_t>(character.bytes, 1));
  text.remove_prefix(bytes.size());
  const int width = uc_width(character.code, "UTF-8");  // negative: a control character
  if (character.bytes == 0 || reports::steers_terminal(character.code) || width < 0) return {"?", 1};
  return {bytes, width};
}

// As many characters as take at most `width` columns.
std::string take(std::string_view text, int width) {
  std::string out;
  while (!text.empty()) {
    const Shown character = next(text);
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
