// The parts of the console's screen: rows, the cell of a slot, the head. For console_screen.cpp alone. Pure.
#pragma once

#include <string>
#include <vector>

#include "station/live/live_line.h"
#include "station/output/console_screen.h"

namespace station::screen {

// From here on the head of the screen is as full as it gets.
constexpr int tall = 16;
constexpr int word_width = 11;      // sign, blank, "(STOPPED)"
constexpr int narrowest_full = 64;  // a cell with step, rate and time left
constexpr int narrowest_bar = 32;   // one with a bar
constexpr int percent_width = 5, rate_width = 11, left_width = 8;

// ---- rows

int width_of(const Row& row);
// Exactly `width` columns.
Row filled(Row row, int width);
std::string seconds_text(double seconds);
// "0:12:30"
std::string clock_text(double seconds);

// ---- one slot

bool is_bad(scheduler::Outcome outcome);

// How wide the parts of all cells are, so that they stand below one another.
struct Cells {
  int width = 80;
  int name = 8;
  int step = 8;
  bool short_names = false;
};

// What there is to say of a slot in which no data is moved.
std::string remark(const SlotNow& slot);
int remark_room(const Cells& cells);
std::string name_of(const SlotNow& slot, bool in_short);
int full_bar(const Cells& cells, int room);
std::string step_text(const SlotNow& slot);
// The whole cell of one slot, exactly as wide as all are.
Row slot_cell(const SlotNow& slot, const Cells& cells);

// ---- the head

int slots_of(const LineNow& line);
std::vector<Row> head(const LineNow& line, const ScreenFacts& facts, ScreenSize size);

}  // namespace station::screen
