#include "station/output/fold.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

#include "station/output/columns.h"

namespace station {

namespace {

constexpr int least_width = 40, step = 4;

// Where the next column or word begins, in bytes: the last that `width` columns leave room for.
struct Break {
  std::size_t end = 0, next = 0;
};

bool is_gap(std::string_view line, std::size_t at) {
  return line.substr(at, 2) == "  ";
}

// The last blank, or gap between columns, of which what stands before fits. Behind `from`.
std::optional<Break> break_of(std::string_view line, std::size_t from, int width, bool gaps) {
  std::optional<Break> found;
  for (std::size_t at = line.find(' ', from); at != std::string_view::npos; at = line.find(' ', at)) {
    const std::size_t next = line.find_first_not_of(' ', at);
    if (next == std::string_view::npos || columns_of(line.substr(0, at)) > width) return found;
    if (!gaps || is_gap(line, at)) found = Break{at, next};
    at = next;
  }
  return found;
}

std::optional<Break> first_break(std::string_view line, std::size_t from) {
  const std::size_t at = line.find(' ', from);
  const std::size_t next = std::min(line.find_first_not_of(' ', at), line.size());
  return at == std::string_view::npos || next == line.size() ? std::nullopt : std::optional(Break{at, next});
}

// To a column that begins in the left half, which a sentence in the last column continues; else a little.
int indent_of(std::string_view line, int width) {
  const std::size_t text = std::min(line.find_first_not_of(' '), line.size());
  constexpr std::size_t deep = 16;  // it is itself under the beginning of a sentence
  int indent = static_cast<int>(text) + (text < deep ? step : 0);
  for (std::size_t at = line.find("  ", text); at != std::string_view::npos; at = line.find("  ", at)) {
    at = line.find_first_not_of(' ', at);
    if (at == std::string_view::npos) break;
    const int column = columns_of(line.substr(0, at));
    if (column > width * 2 / 5) break;
    indent = column;
  }
  return std::min(indent, width / 2);
}

void fold_line(std::string_view line, int width, std::string& out) {
  const int indent = indent_of(line, width);
  std::size_t from = std::min(line.find_first_not_of(' '), line.size());
  std::string rest(line);
  while (columns_of(rest) > width) {
    auto at = break_of(rest, from, width, true);
    // A gap far on the left is one in front of a sentence.
    if (!at || columns_of(std::string_view(rest).substr(0, at->end)) < width / 2) {
      if (const auto word = break_of(rest, from, width, false)) at = word;
    }
    // A single long word stays whole, and what follows it goes on a line of its own.
    if (!at) at = first_break(rest, from);
    if (!at) break;
    const Break first = *at;
    out += rest.substr(0, first.end) + "\n";
    rest = std::string(static_cast<std::size_t>(indent), ' ') + rest.substr(first.next);
    from = static_cast<std::size_t>(indent);
  }
  out += rest;
}

using Lines = std::vector<std::string_view>;

bool is_blank(std::string_view line, std::size_t at) {
  return at >= line.size() || line[at] == ' ';
}

// Where columns begin that all lines have: two blanks before, in each of them. Empty: this is no table.
std::vector<std::size_t> columns_in(const Lines& lines) {
  const auto is_ascii = [](std::string_view line) {
    return std::ranges::all_of(line, [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
  };
  std::vector<std::size_t> columns;
  if (lines.size() < 2 || !std::ranges::all_of(lines, is_ascii)) return columns;
  const std::size_t longest = std::ranges::max(lines, {}, &std::string_view::size).size();
  bool begun = false;  // before the first column there is nothing to break
  for (std::size_t at = 0; at < longest; ++at) {
    const bool begins = std::ranges::any_of(lines, [&](auto line) { return !is_blank(line, at); });
    const bool gap = begun && at >= 2 && std::ranges::all_of(lines, [&](auto line) {
                       return is_blank(line, at - 1) && is_blank(line, at - 2);
                     });
    if (gap && begins) columns.push_back(at);
    begun = begun || begins;
  }
  if (columns.size() < 2) columns.clear();  // names and values: each line by itself
  return columns;
}

// At which of them a line is broken; nothing if one column alone is wider than the screen, unless it is the last.
std::optional<std::vector<std::size_t>> breaks_of(const std::vector<std::size_t>& columns, std::size_t longest,
                                                  std::size_t width) {
  std::vector<std::size_t> breaks;
  std::size_t begin = 0, room = width;
  while (longest - begin > room) {
    std::size_t next = begin;
    for (const std::size_t column : columns) {
      if (column > begin && column - begin <= room + 2) next = column;
    }
    if (next == begin) break;
    breaks.push_back(next);
    begin = next;
    room = width - step;
  }
  const bool last_is_wide = longest - begin > room && (columns.empty() || begin != columns.back());
  return breaks.empty() || last_is_wide ? std::nullopt : std::optional(breaks);
}

std::string_view trimmed(std::string_view line) {
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

void fold_row(std::string_view line, std::vector<std::size_t> breaks, int width, std::string& out) {
  breaks.push_back(line.size());
  std::size_t begin = 0;
  for (const std::size_t end : breaks) {
    if (begin >= line.size() && begin > 0) return;
    const std::string_view piece = trimmed(line.substr(begin, std::max(end, begin) - begin));
    if (begin > 0 && !piece.empty()) out += '\n';
    if (begin == 0 || !piece.empty())
      fold_line((begin == 0 ? "" : std::string(step, ' ')) + std::string(piece), width, out);
    begin = end;
  }
}

// Lines without an empty one between them: a table, if all have the same columns.
void fold_block(Lines lines, int width, std::string& out) {
  for (std::string_view& line : lines) line = trimmed(line);
  const std::size_t longest = std::ranges::max(lines, {}, &std::string_view::size).size();
  std::optional<std::vector<std::size_t>> breaks;
  if (longest > static_cast<std::size_t>(width)) {
    breaks = breaks_of(columns_in(lines), longest, static_cast<std::size_t>(width));
  }
  for (const std::string_view line : lines) {
    if (!out.empty()) out += '\n';
    breaks ? fold_row(line, *breaks, width, out) : fold_line(line, width, out);
  }
}

}  // namespace

std::string folded(std::string_view text, int width) {
  if (width <= 0) return std::string(text);
  width = std::max(width, least_width);
  const bool ended = text.ends_with('\n');
  if (ended) text.remove_suffix(1);
  std::string out;
  Lines block;
  bool first = true;
  const auto finish_block = [&] {
    if (block.empty()) return;
    std::string folded_block;
    fold_block(std::exchange(block, {}), width, folded_block);
    out += (std::exchange(first, false) ? "" : "\n") + folded_block;
  };
  for (bool more = true; more;) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    more = end != std::string_view::npos;
    if (more) text.remove_prefix(end + 1);
    if (!trimmed(line).empty()) {
      block.push_back(line);
      continue;
    }
    finish_block();
    if (!std::exchange(first, false)) out += '\n';
  }
  finish_block();
  return ended ? out + "\n" : out;
}

int width_of_output() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* said = std::getenv("COLUMNS");
  int width = 0;
  if (said) std::from_chars(said, said + std::string_view(said).size(), width);
  return std::clamp(width, 0, 1000);
}

}  // namespace station
