#include "reports/printable.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "reports/character.h"

namespace reports {

namespace {

constexpr char digits[] = "0123456789abcdef";

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7F;
}

// Of a whole character, from its first byte; 0: no character begins so.
std::size_t size_from(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

void put_escape(std::string& out, std::uint32_t code) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[code >> shift & 0xF];
}

void put_byte(std::string& out, unsigned char byte) {
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 0xF];
}

bool is_break(std::string_view text) {
  return text[0] == '\n' || text[0] == '\t' || text.starts_with("\r\n");
}

// Bytes at the end that may be the beginning of a character, or of a line break.
std::size_t unfinished(std::string_view text) {
  if (text.ends_with('\r')) return 1;
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    return size_from(byte) > back ? back : 0;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view text, Breaks breaks) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Character character = first_character(text);
    if (character.bytes == 0) {
      put_byte(out, static_cast<unsigned char>(text[0]));
    } else if (steers_terminal(character.code) && !(breaks == Breaks::kept && is_break(text))) {
      put_escape(out, character.code);
    } else {
      out.append(text.substr(0, character.bytes));
      if (text.starts_with("\r\n")) out += '\n', text.remove_prefix(1);
    }
    text.remove_prefix(std::max<std::size_t>(character.bytes, 1));
  }
  return out;
}

std::string PrintableFilter::take(std::string_view piece) {
  std::string text = std::move(unfinished_);
  text += piece;
  const std::size_t keep = unfinished(text);
  unfinished_ = text.substr(text.size() - keep);
  return printable(std::string_view(text).substr(0, text.size() - keep), Breaks::kept);
}

std::string PrintableFilter::finish() {
  return printable(std::exchange(unfinished_, {}), Breaks::kept);
}

}  // namespace reports
