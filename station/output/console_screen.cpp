#include "station/output/console_screen.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "station/live/advice.h"
#include "station/output/columns.h"
#include "station/text.h"

namespace station {

namespace {

// From here on the head of the screen is as full as it gets.
constexpr int tall = 16;
constexpr int gap = 2;         // between two columns of slots
constexpr int name_most = 24;  // of a slot's name, where there is room
constexpr int name_most_narrow = 10;
constexpr int word_width = 11;      // sign, blank, "(STOPPED)"
constexpr int narrowest_full = 64;  // a cell with step, rate and time left
constexpr int narrowest_bar = 32;   // one with a bar
// An erase may take two seconds in which a sound unit finishes nothing; after this a person may begin to wonder.
constexpr double stuck_after = 3;
constexpr std::size_t most_messages = 3;
// Flash may take half as long again as is typical, and nobody is to blame.
constexpr double slow_everywhere = 1.5;

int width_of(const Row& row) {
  int width = 0;
  for (const Piece& piece : row) width += columns_of(piece.text);
  return width;
}

// Exactly `width` columns.
Row filled(Row row, int width) {
  Row out;
  for (Piece& piece : row) {
    const int columns = columns_of(piece.text);
    if (columns > width) piece.text = cut(piece.text, width);
    width -= columns_of(piece.text);
    out.push_back(std::move(piece));
    if (width == 0) break;
  }
  if (width > 0) out.push_back({fit("", width)});
  return out;
}

std::string seconds_text(double seconds) {
  return seconds < 99.95 ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.0f} s", seconds);
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(std::max(seconds, 0.0));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// "[#####.....]"
std::string bar(double fraction, int width) {
  const int inside = std::max(width - 2, 0);
  const int done = std::clamp(static_cast<int>(fraction * inside), 0, inside);
  return "[" + std::string(static_cast<std::size_t>(done), '#') +
         std::string(static_cast<std::size_t>(inside - done), '.') + "]";
}

// ---- one slot

bool is_good(scheduler::Outcome outcome) {
  return outcome == scheduler::Outcome::passed || outcome == scheduler::Outcome::already;
}

bool is_bad(scheduler::Outcome outcome) {
  return outcome == scheduler::Outcome::failed || outcome == scheduler::Outcome::error;
}

std::string phase_word(dfu::OperationKind phase) {
  if (phase == dfu::OperationKind::read) return "verify";
  if (phase == dfu::OperationKind::proof) return "boot";
  return std::string(to_string(phase));
}

char sign_of(scheduler::Outcome outcome) {
  if (is_good(outcome)) return '+';
  if (outcome == scheduler::Outcome::failed) return 'x';
  return outcome == scheduler::Outcome::error ? '!' : '-';
}

Piece verdict_piece(const SlotNow& slot) {
  const scheduler::Outcome outcome = *slot.verdict;
  const std::string_view said = word(outcome);
  const Look look = is_bad(outcome) ? Look::bad : is_good(outcome) ? Look::good : Look::warning;
  if (!slot.present) return {fmt::format("{} ({})", sign_of(outcome), said), is_bad(outcome) ? look : Look::muted};
  return {fmt::format("{} {}", sign_of(outcome), said), look};
}

// In one word.
Piece state_piece(const SlotNow& slot) {
  switch (slot.state) {
    case SlotState::empty:
      return {"empty", Look::muted};
    case SlotState::foreign:
      return {"other", Look::muted};
    case SlotState::queued:
      return {"waits", Look::busy};
    case SlotState::working:
      return {phase_word(slot.phase), Look::busy};
    case SlotState::between:
      return {advise(slot) == Advice::plug_back ? "GONE" : "again", Look::warning};
    case SlotState::verdict:
      return verdict_piece(slot);
    case SlotState::quarantined:
      return {"# CLOSED", Look::warning};
    case SlotState::skipped:
      return {"~ skipped", Look::muted};
    case SlotState::no_hub:
      return {"no hub", Look::warning};
  }
  return {};
}

std::string ending_text(const SlotNow& slot) {
  if (!slot.last) return "not begun";
  const Ending& last = *slot.last;
  if (last.fault) return std::string(dfu::to_string(last.fault->code)) + ": " + last.fault->text;
  return fit_right(seconds_text(last.seconds), 6) + "  " + proof(last.outcome, last.verified, last.booted) +
         (slot.attempt > 1 ? fmt::format(", at try {}", slot.attempt) : "");
}

// Unit after unit fails here: then the socket is the first thing to look at.
std::string hint(const SlotNow& slot) {
  if (slot.failed_in_a_row < hint_after) return {};
  return fmt::format("{} units in a row failed here, check socket and cable; ", slot.failed_in_a_row);
}

std::string verdict_text(const SlotNow& slot) {
  if (is_good(*slot.verdict)) return (slot.present ? "" : "taken out  ") + ending_text(slot);
  return hint(slot) + std::string(english(advise(slot))) + ": " + ending_text(slot);
}

// What there is to say of a slot in which no data is moved.
std::string remark(const SlotNow& slot) {
  switch (slot.state) {
    case SlotState::empty:
      return {};
    case SlotState::working:  // the station can do nothing but wait, and a full bar would ask to unplug it
      return fmt::format("do not unplug, {:.0f} s", slot.stuck_seconds);
    case SlotState::foreign:
      return "not for this recipe, left alone";
    case SlotState::queued:
      return slot.last ? "for its next try: " + ending_text(slot) : "for its turn";
    case SlotState::between:
      if (advise(slot) != Advice::plug_back) return ending_text(slot);
      return fmt::format("{}, it left in try {}", english(Advice::plug_back), slot.attempt);
    case SlotState::verdict:
      return verdict_text(slot);
    case SlotState::quarantined:
      return slot.quarantine;
    case SlotState::skipped:
      return "not in use: " + slot.skip->reason;
    case SlotState::no_hub:
      return "connect hub " + slot.port.hub().text;
  }
  return {};
}

std::string step_text(const SlotNow& slot) {
  return slot.attempt > 1 ? fmt::format("try {} {}", slot.attempt, slot.step) : slot.step;
}

bool is_stuck(const SlotNow& slot) {
  return slot.stuck_seconds >= stuck_after && slot.phase != dfu::OperationKind::proof;
}

// While it is surveyed nobody knows of how much.
std::string percent(const SlotNow& slot) {
  using enum dfu::OperationKind;
  if (slot.phase == open || slot.phase == survey || slot.phase == proof) return {};
  return fmt::format("{}%", std::clamp(static_cast<int>(slot.fraction * 100), 0, 100));
}

// How wide the parts of all cells are, so that they stand below one another.
struct Cells {
  int width = 80;
  int name = 8;
  int step = 8;
  bool short_names = false;
};

std::string name_of(const SlotNow& slot, bool in_short) {
  if (!in_short) return place(slot.port, slot.label);
  return slot.name();
}

constexpr int percent_width = 5, rate_width = 11, left_width = 8;

int full_bar(const Cells& cells, int room) {
  constexpr int longest = 52;
  return std::min(room - cells.step - 1 - percent_width - rate_width - left_width, longest);
}

Row full_work(const SlotNow& slot, const Cells& cells, int room) {
  const int bar_width = full_bar(cells, room);
  std::string rate = slot.bytes_per_second ? fmt::format("{:.0f} KiB/s", *slot.bytes_per_second / 1024) : "";
  if (is_stuck(slot)) rate = fmt::format("stuck {:.0f} s", slot.stuck_seconds);
  const std::string left = slot.left_seconds && !is_stuck(slot) ? seconds_text(*slot.left_seconds) : "";
  return {{fit(step_text(slot), cells.step) + " "},
          {bar(slot.fraction, bar_width), Look::busy},
          {fit_right(percent(slot), percent_width)},
          {fit_right(rate, rate_width), is_stuck(slot) ? Look::warning : Look::plain},
          {fit_right(left, left_width)}};
}

Row bar_work(const SlotNow& slot, int room) {
  const bool stuck = is_stuck(slot);
  const std::string left = stuck               ? "stuck"
                           : slot.left_seconds ? fmt::format("{:.0f} s", std::ceil(*slot.left_seconds))
                                               : "";
  const int narrow_left = stuck ? 7 : 6;
  return {{bar(slot.fraction, room - percent_width - narrow_left), Look::busy},
          {fit_right(percent(slot), percent_width)},
          {fit_right(left, narrow_left), stuck ? Look::warning : Look::plain}};
}

// What of it still says enough where there is no room for all.
std::string remark_in(const SlotNow& slot, int room) {
  std::string whole = remark(slot);
  const bool good = slot.state == SlotState::verdict && is_good(*slot.verdict) && slot.last;
  if (!good || columns_of(whole) <= room) return whole;
  return slot.present ? seconds_text(slot.last->seconds) : "taken out";
}

int remark_room(const Cells& cells) {
  return cells.width - cells.name - 1 - word_width - 1;
}

// The whole cell of one slot, exactly as wide as all are.
Row slot_cell(const SlotNow& slot, const Cells& cells) {
  Row row{{fit(name_of(slot, cells.short_names), cells.name) + " "}};
  Piece state = state_piece(slot);
  const bool working = slot.state == SlotState::working;
  if (cells.width < narrowest_bar) {
    const int room = cells.width - cells.name - 1;
    if (working) {
      constexpr int narrow = 4;
      row.push_back(
          {fit(is_stuck(slot) ? "stuck" : state.text, room - narrow), is_stuck(slot) ? Look::warning : state.look});
      row.push_back({fit_right(percent(slot), narrow)});
    } else {
      row.push_back(std::move(state));
    }
    return filled(std::move(row), cells.width);
  }
  row.push_back({fit(state.text, word_width) + " ", state.look});
  const int room = remark_room(cells);
  Row rest{{remark_in(slot, room), slot.state == SlotState::verdict ? Look::plain : Look::muted}};
  if (working && slot.phase != dfu::OperationKind::proof)
    rest = cells.width >= narrowest_full ? full_work(slot, cells, room) : bar_work(slot, room);
  row.insert(row.end(), rest.begin(), rest.end());
  return filled(std::move(row), cells.width);
}

// ---- the head

std::string_view word(RunState state) {
  switch (state) {
    case RunState::running:
      return "RUNNING";
    case RunState::paused:
      return "PAUSED";
    case RunState::commissioning:
      return "COMMISSIONING";
    case RunState::halted:
      return "STOPPED";
    case RunState::stopping:
      return "STOPPING";
    case RunState::stopping_at_once:
      return "STOPPING NOW";
  }
  return {};
}

Row title(const LineNow& line, const ScreenFacts& facts, int width) {
  const std::string right = fmt::format("{}  {} ", word(line.state), clock_text(line.seconds));
  const std::string left = fmt::format(" {}, station {}", facts.program, facts.station);
  const int room = std::max(width - columns_of(right), 0);
  return filled({{fit(left, room) + right, Look::title}}, width);
}

void add(Row& row, int width, Piece piece) {
  const std::string between = row.size() > 1 ? "   " : "";
  if (width_of(row) + columns_of(between + piece.text) > width) return;
  row.push_back({between});
  row.push_back(std::move(piece));
}

Row units_row(const LineNow& line, int width) {
  const Counts& counts = line.counts;
  Row row{{"units    "}};
  add(row, width, {fmt::format("{} passed", counts.passed), counts.passed > 0 ? Look::good : Look::plain});
  const auto add_some = [&](int count, const char* what, Look look) {
    if (count > 0) add(row, width, {fmt::format("{} {}", count, what), look});
  };
  add_some(counts.already, "already", Look::good);
  add(row, width, {fmt::format("{} failed", counts.failed), counts.failed > 0 ? Look::bad : Look::plain});
  add_some(counts.error, "error", Look::bad);
  add_some(counts.cancelled, "cancelled", Look::warning);
  if (line.units_per_hour) add(row, width, {fmt::format("{:.0f} good/h", *line.units_per_hour)});
  if (counts.units > 0) {
    const auto share = [&](int part) { return 100.0 * part / counts.units; };
    add(row, width, {fmt::format("yield {:.1f} %", share(counts.good()))});
    add(row, width, {fmt::format("at first try {:.1f} %", share(counts.first_pass))});
  }
  return row;
}

int slots_of(const LineNow& line) {
  std::size_t count = 0;
  for (const HubNow& hub : line.hubs) count += hub.slots.size();
  return static_cast<int>(count);
}

std::string waiting(int units) {
  return counted(static_cast<std::uint64_t>(units), "unit") + (units == 1 ? " waits" : " wait");
}

std::string bound_text(const LineNow& line) {
  const Bound& bound = line.bound;
  switch (bound.by) {
    case Bound::By::people:
      return fmt::format("OPERATOR: {} of {} slots wait for people", bound.slots, slots_of(line));
    case Bound::By::units:
      if (bound.times_slower < slow_everywhere) {
        return fmt::format("UNITS: {} in work, each at its own pace", bound.slots);
      }
      return fmt::format("UNITS: {} in work, {:.1f} times slower than they need: is this PC busy?", bound.slots,
                         bound.times_slower);
    case Bound::By::bus:
      return fmt::format("BUS: {} units share the 12 Mbit/s of hub {}, {:.1f} times slower", bound.slots, bound.name,
                         bound.times_slower);
    case Bound::By::limit:
      return fmt::format("LIMIT: {}, {} allows no more units at once", waiting(bound.slots),
                         bound.name.empty() ? "the station file" : "hub " + bound.name);
    case Bound::By::pause:
      return fmt::format("PAUSE: {} for the line to go on", waiting(bound.slots));
    case Bound::By::order:
      return bound.slots == 0 ? "ORDER: no unit is started before the next one"
                              : fmt::format("ORDER: {} for the next one", waiting(bound.slots));
    case Bound::By::hub_stopped:
      return fmt::format("HUB: {}, hub {} is stopped", waiting(bound.slots), bound.name);
    case Bound::By::hub_slowed:
      return fmt::format("HUB: {}, hub {} takes fewer at once", waiting(bound.slots), bound.name);
  }
  return {};
}

Row bound_row(const LineNow& line) {
  switch (line.state) {
    case RunState::running:
      break;
    case RunState::paused:
      if (line.bound.by == Bound::By::pause) break;
      return {{"bound    "}, {"PAUSE: units that are plugged in wait; SIGUSR1 goes on", Look::warning}};
    case RunState::halted:
      return {{"stop     "}, {"all work is stopped on the board; \"Go on\" there or SIGUSR1 goes on", Look::warning}};
    case RunState::commissioning:
      return {{"line     "}, {"the sockets get their labels on the board, no unit is flashed", Look::warning}};
    case RunState::stopping:
      return {{"stop     "}, {"units in work stop at a safe point; Ctrl-C again stops at once", Look::warning}};
    case RunState::stopping_at_once:
      return {{"stop     "}, {"at once; what was in work is recorded", Look::warning}};
  }
  const bool people_or_units = line.bound.by == Bound::By::people || line.bound.by == Bound::By::units;
  const bool warns = line.state == RunState::paused || !(people_or_units || line.bound.by == Bound::By::order);
  return {{"bound    "}, {bound_text(line), warns ? Look::warning : Look::plain}};
}

// How a hub that failed too often goes on. Typed into this window it would be lost: what a scanner reads comes here.
std::vector<Row> hub_rows(const LineNow& line) {
  std::vector<Row> rows;
  for (const HubNow& hub : line.hubs) {
    if (!hub.trouble) continue;
    rows.push_back({{"hub      "},
                    {fmt::format("{} is {}: flashline release {} --operator NAME --reason WHY", hub.name(),
                                 hub.trouble->stopped ? "stopped" : "slowed", hub.port.text),
                     Look::warning}});
  }
  return rows;
}

std::string order_text(const LineNow& line, const ScreenFacts& facts) {
  const std::string order = line.order.value_or(facts.job);
  if (line.without_order) return "none: the line works without one";
  if (order.empty()) return "none: the line waits for one";
  if (!line.still_to_make) return order;
  return order + ": " + counted(static_cast<std::uint64_t>(*line.still_to_make), "unit") + " still to be made";
}

std::vector<Row> head(const LineNow& line, const ScreenFacts& facts, ScreenSize size) {
  std::vector<Row> rows{title(line, facts, size.columns)};
  if (size.rows >= tall) {
    rows.push_back({{"recipe   " + described(line.recipe.get())}});
    if (!facts.job.empty() || line.order) rows.push_back({{"order    " + order_text(line, facts)}});
    rows.push_back({{"record   " + facts.record}});
    if (!facts.board.empty()) rows.push_back({{"board    " + facts.board}});
  }
  rows.push_back(units_row(line, size.columns));
  rows.push_back(bound_row(line));
  for (Row& row : hub_rows(line)) rows.push_back(std::move(row));
  if (!line.note.text.empty()) rows.push_back({{"note     "}, {line.note.text, Look::warning}});
  if (size.rows >= tall) rows.emplace_back();
  return rows;
}

// ---- all slots

struct Item {
  const HubNow* hub = nullptr;    // a heading
  const SlotNow* slot = nullptr;  // or a slot
};

using Column = std::vector<Item>;

// Column by column; a heading does not stand alone at the end of one.
std::vector<Column> in_columns(const std::vector<Item>& items, int rows) {
  std::vector<Column> columns(1);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const int needed = items[i].hub && i + 1 < items.size() ? 2 : 1;
    if (static_cast<int>(columns.back().size()) + needed > rows) columns.emplace_back();
    columns.back().push_back(items[i]);
  }
  return columns;
}

// What needs eyes comes first.
int rank(const SlotNow& slot) {
  switch (slot.state) {
    case SlotState::between:
      return 0;
    case SlotState::verdict:
      if (is_bad(*slot.verdict)) return slot.present ? 0 : 2;
      return slot.present ? 3 : 5;
    case SlotState::quarantined:
      return 2;
    case SlotState::working:
    case SlotState::queued:
      return 1;
    case SlotState::foreign:
      return 4;
    case SlotState::no_hub:
      return 2;
    case SlotState::empty:
    case SlotState::skipped:
      return 6;
  }
  return 6;
}

struct Table {
  std::vector<Column> columns{};
  std::vector<const SlotNow*> hidden{};
  Cells cells{};
};

std::vector<const SlotNow*> all_slots(const LineNow& line) {
  std::vector<const SlotNow*> all;
  for (const HubNow& hub : line.hubs) {
    for (const SlotNow& slot : hub.slots) all.push_back(&slot);
  }
  return all;
}

// Headings tell hubs apart, and how full the bus of one is that shares it.
std::vector<Item> all_items(const LineNow& line, bool headings) {
  std::vector<Item> items;
  for (const HubNow& hub : line.hubs) {
    if (headings && (line.hubs.size() > 1 || hub.bus_load || hub.trouble)) items.push_back({.hub = &hub});
    for (const SlotNow& slot : hub.slots) items.push_back({.slot = &slot});
  }
  return items;
}

Cells cells_for(const std::vector<const SlotNow*>& slots, int columns, int width) {
  Cells cells;
  cells.width = std::max((width - gap * (columns - 1)) / columns, 1);
  cells.short_names = cells.width < narrowest_full;
  int name = 4, step = 6;
  for (const SlotNow* slot : slots) {
    name = std::max(name, columns_of(name_of(*slot, cells.short_names)));
    step = std::max(step, columns_of(step_text(*slot)));
  }
  cells.name = std::min({name, cells.short_names ? name_most_narrow : name_most, cells.width});
  cells.step = std::min(step, 20);
  return cells;
}

// The narrowest cell that still says name, state and percentage.
int narrowest_cell(const Cells& cells) {
  return cells.name + 1 + 11;
}

Table lay_out(const LineNow& line, int width, int rows) {
  Table table;
  const std::vector<const SlotNow*> slots = all_slots(line);
  if (rows <= 0) return {.hidden = slots};
  table.cells = cells_for(slots, 1, width);
  int most = 1;
  for (int columns = 1;; ++columns) {
    const Cells cells = cells_for(slots, columns, width);
    if (columns > 1 && cells.width < narrowest_cell(cells)) break;
    most = columns;
    table.cells = cells;
    for (const bool headings : {true, false}) {
      table.columns = in_columns(all_items(line, headings), rows);
      if (static_cast<int>(table.columns.size()) <= columns) return table;
    }
  }
  auto chosen = slots;
  std::ranges::stable_sort(chosen, {}, [](const SlotNow* slot) { return rank(*slot); });
  const auto room = std::min(chosen.size(), static_cast<std::size_t>(most) * static_cast<std::size_t>(rows - 1));
  table.hidden.assign(chosen.begin() + static_cast<std::ptrdiff_t>(room), chosen.end());
  std::vector<Item> items;
  for (const SlotNow* slot : slots) {
    if (!std::ranges::count(table.hidden, slot)) items.push_back({.slot = slot});
  }
  table.columns = rows > 1 ? in_columns(items, rows - 1) : std::vector<Column>{};
  return table;
}

Row heading(const HubNow& hub, int width) {
  std::string text = "hub " + place(hub.port, hub.label);
  if (hub.missing) text += ", not connected";
  if (hub.trouble) text += hub.trouble->stopped ? ", stopped" : ", slowed";
  if (hub.bus_load) text += fmt::format(", single TT, bus {:.0f} % full", *hub.bus_load * 100);
  return filled({{std::move(text), Look::muted}}, width);
}

Row not_shown(const std::vector<const SlotNow*>& hidden) {
  int bad = 0, in_work = 0, passed = 0, rest = 0;
  for (const SlotNow* slot : hidden) {
    const int how = rank(*slot);
    ++(how == 0 || how == 2 ? bad : how == 1 ? in_work : how == 3 || how == 5 ? passed : rest);
  }
  std::string text = fmt::format("{} not shown:", counted(hidden.size(), "slot"));
  const auto say = [&text](int count, const char* what) {
    if (count > 0) text += fmt::format("{} {} {}", text.ends_with(':') ? "" : ",", count, what);
  };
  say(bad, "FAIL or ERROR");
  say(in_work, "in work");
  say(passed, "with another verdict");
  say(rest, "empty");
  return {{std::move(text), Look::warning}};
}

std::vector<Row> table_rows(const Table& table, int width) {
  std::size_t rows = 0;
  for (const Column& column : table.columns) rows = std::max(rows, column.size());
  std::vector<Row> out(rows);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    for (std::size_t r = 0; r < rows; ++r) {
      if (c > 0) out[r].push_back({std::string(gap, ' ')});
      Row cell = filled({}, table.cells.width);
      if (r < column.size()) {
        const Item& item = column[r];
        cell = item.hub ? heading(*item.hub, table.cells.width) : slot_cell(*item.slot, table.cells);
      }
      out[r].insert(out[r].end(), cell.begin(), cell.end());
    }
  }
  if (!table.hidden.empty()) out.push_back(filled(not_shown(table.hidden), width));
  return out;
}

// ---- what a row had no room for

// Broken at blanks where there are any.
std::vector<std::string> wrapped(std::string text, int width) {
  std::vector<std::string> lines;
  while (columns_of(text) > width) {
    std::size_t end = text.size();
    while (end > 0 && columns_of(text.substr(0, end)) > width) {
      const auto blank = text.rfind(' ', end - 1);
      end = blank == std::string::npos ? 0 : blank;
    }
    if (end == 0) break;  // one long word: cut when it is shown
    lines.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  lines.push_back(std::move(text));
  return lines;
}

// Whole sentences about what went wrong, as far as there is room.
std::vector<Row> sentences(const LineNow& line, const Cells& cells, int width, int rows) {
  std::vector<Row> out;
  if (rows < 2) return out;
  out.emplace_back();
  for (const SlotNow* slot : all_slots(line)) {
    const bool bad = slot->state == SlotState::verdict && is_bad(*slot->verdict);
    if (!bad || !slot->last || !slot->last->fault) continue;
    if (cells.width >= narrowest_bar && columns_of(remark(*slot)) <= remark_room(cells)) continue;
    const std::string name = place(slot->port, slot->label) + "  ";
    const int indent = columns_of(name);
    const auto lines = wrapped(sentence(*slot->last->fault), std::max(width - indent, 20));
    if (static_cast<int>(out.size() + lines.size()) > rows) break;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      out.push_back({{i == 0 ? name : fit("", indent), Look::bad}, {lines[i]}});
    }
  }
  return out;
}

Row column_titles(const Cells& cells) {
  Row row{{fit("slot", cells.name) + " " + fit("state", word_width) + " ", Look::muted}};
  const int room = remark_room(cells);
  row.push_back({fit("step", cells.step) + " " + fit("progress", full_bar(cells, room) + percent_width) +
                     fit_right("rate", rate_width) + fit_right("left", left_width),
                 Look::muted});
  return row;
}

}  // namespace

std::vector<Row> draw(const LineNow& line, const ScreenFacts& facts, const std::vector<std::string>& messages,
                      ScreenSize size) {
  std::vector<Row> rows = head(line, facts, size);
  const auto left = [&] { return size.rows - static_cast<int>(rows.size()); };
  int spoken = std::min(static_cast<int>(std::min(messages.size(), most_messages)), std::max(left() - 3, 0));
  const bool titles = size.rows >= tall && size.columns >= narrowest_full &&
                      slots_of(line) + static_cast<int>(line.hubs.size()) < left() - spoken;
  Table table = lay_out(line, size.columns, left() - spoken - (titles ? 1 : 0));
  if (titles && table.columns.size() == 1) rows.push_back(column_titles(table.cells));
  for (Row& row : table_rows(table, size.columns)) rows.push_back(std::move(row));
  for (Row& row : sentences(line, table.cells, size.columns, left() - spoken)) rows.push_back(std::move(row));
  while (left() > spoken && spoken < static_cast<int>(messages.size())) ++spoken;
  while (left() > spoken) rows.emplace_back();
  for (auto message = messages.end() - spoken; message != messages.end(); ++message) {
    rows.push_back({{*message, Look::warning}});
  }
  rows.resize(static_cast<std::size_t>(std::max(size.rows, 0)));
  for (Row& row : rows) {
    for (Piece& piece : row) piece.text = cut(piece.text, size.columns);  // also without what would move the cursor
    if (width_of(row) > size.columns) row = filled(std::move(row), size.columns);
  }
  return rows;
}

std::string plain_text(const Row& row) {
  std::string text;
  for (const Piece& piece : row) text += piece.text;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

namespace {

std::string_view attributes(Look look) {
  switch (look) {
    case Look::plain:
      return {};
    case Look::title:
      return "\x1b[7m";
    case Look::good:
      return "\x1b[1;32m";
    case Look::bad:
      return "\x1b[1;31m";
    case Look::warning:
      return "\x1b[33m";
    case Look::busy:
      return "\x1b[36m";
    case Look::muted:
      return "\x1b[2m";
  }
  return {};
}

}  // namespace

std::string terminal_text(const Row& row, bool colour) {
  if (!colour) return plain_text(row);
  std::string text;
  for (const Piece& piece : row) {
    const std::string_view begin = attributes(piece.look);
    text += begin;
    text += piece.text;
    if (!begin.empty()) text += "\x1b[0m";
  }
  return text;
}

}  // namespace station
