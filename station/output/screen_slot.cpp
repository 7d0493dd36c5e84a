#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "scheduler/outcome.h"
#include "station/live/advice.h"
#include "station/output/columns.h"
#include "station/output/screen_parts.h"
#include "station/text.h"

namespace station::screen {

// An erase may take two seconds in which a sound unit finishes nothing; after this a person may begin to wonder.
constexpr double stuck_after = 3;

int width_of(const Row& row) {
  int width = 0;
  for (const Piece& piece : row) width += columns_of(piece.text);
  return width;
}

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

std::string name_of(const SlotNow& slot, bool in_short) {
  if (!in_short) return place(slot.port, slot.label);
  return slot.name();
}

int full_bar(const Cells& cells, int room) {
  constexpr int longest = 52;
  return std::min(room - cells.step - 1 - percent_width - rate_width - left_width, longest);
}

Row full_work(const SlotNow& slot, const Cells& cells, int room) {
  const int bar_width = full_bar(cells, room);
  constexpr double least_shown =
      512;  // bytes; less would be "0 KiB/s", which says nothing that "stuck" does not say soon
  const double bytes = slot.bytes_per_second.value_or(0);
  std::string rate = bytes >= least_shown ? fmt::format("{:.0f} KiB/s", bytes / 1024) : "";
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

}  // namespace station::screen
