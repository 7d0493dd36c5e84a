// The console's screen as a value: what the line is now, drawn into so many columns and rows. Pure.
// Every state is a word, every verdict a word and a sign (+ PASS, x FAIL, ! ERROR, - STOPPED); colour only repeats
// them. No row is wider than the screen and there are never more rows than it has. If the slots are more than the rows,
// they go into columns; if that is not enough, those that need attention are shown and the last row counts the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "station/live/live_line.h"

namespace station {

enum class Look { plain, title, good, bad, warning, busy, muted };

struct Piece {
  std::string text;
  Look look = Look::plain;
};
using Row = std::vector<Piece>;

struct ScreenSize {
  int columns = 80;
  int rows = 24;
  bool operator==(const ScreenSize&) const = default;
};

// What does not change while the line runs.
struct ScreenFacts {
  std::string program;  // "flashline 0.1.0"
  std::string station;
  std::string record;   // file
  std::string job;      // empty: none
  std::string board{};  // URL; empty: none
};

// `messages`: what was said on stderr meanwhile, the newest last.
std::vector<Row> draw(const LineNow& line, const ScreenFacts& facts, const std::vector<std::string>& messages,
                      ScreenSize size);

std::string plain_text(const Row& row);
// For a terminal; without `colour` the same as plain_text.
std::string terminal_text(const Row& row, bool colour);

}  // namespace station
