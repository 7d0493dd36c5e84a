#include "station/output/console_screen.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "station/live/advice.h"
#include "station/output/columns.h"
#include "station/output/screen_parts.h"
#include "station/text.h"

namespace station {

namespace {

using namespace screen;

constexpr int gap = 2;         // between two columns of slots
constexpr int name_most = 24;  // of a slot's name, where there is room
constexpr int name_most_narrow = 10;
constexpr std::size_t most_messages = 3;

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

}  // namespace station
