#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "station/live/advice.h"
#include "station/output/columns.h"
#include "station/output/screen_parts.h"
#include "station/text.h"

namespace station::screen {

// Flash may take half as long again as is typical, and nobody is to blame.
constexpr double slow_everywhere = 1.5;

int slots_of(const LineNow& line) {
  std::size_t count = 0;
  for (const HubNow& hub : line.hubs) count += hub.slots.size();
  return static_cast<int>(count);
}

namespace {

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

std::string waiting(int units) {
  return counted(static_cast<std::uint64_t>(units), "unit") + (units == 1 ? " waits" : " wait");
}

std::string bottleneck_text(const LineNow& line) {
  const Bottleneck& bottleneck = line.bound;
  switch (bottleneck.by) {
    case Bottleneck::By::people:
      return fmt::format("OPERATOR: {} of {} slots wait for people", bottleneck.slots, slots_of(line));
    case Bottleneck::By::units:
      if (bottleneck.times_slower < slow_everywhere) {
        return fmt::format("UNITS: {} in work, each at its own pace", bottleneck.slots);
      }
      return fmt::format("UNITS: {} in work, {:.1f} times slower than they need: is this PC busy?", bottleneck.slots,
                         bottleneck.times_slower);
    case Bottleneck::By::bus:
      return fmt::format("BUS: {} units share the 12 Mbit/s of hub {}, {:.1f} times slower", bottleneck.slots,
                         bottleneck.name, bottleneck.times_slower);
    case Bottleneck::By::limit:
      return fmt::format("LIMIT: {}, {} allows no more units at once", waiting(bottleneck.slots),
                         bottleneck.name.empty() ? "the station file" : "hub " + bottleneck.name);
    case Bottleneck::By::pause:
      return fmt::format("PAUSE: {} for the line to go on", waiting(bottleneck.slots));
    case Bottleneck::By::order:
      return bottleneck.slots == 0 ? "ORDER: no unit is started before the next one"
                                   : fmt::format("ORDER: {} for the next one", waiting(bottleneck.slots));
    case Bottleneck::By::hub_stopped:
      return fmt::format("HUB: {}, hub {} is stopped", waiting(bottleneck.slots), bottleneck.name);
    case Bottleneck::By::hub_slowed:
      return fmt::format("HUB: {}, hub {} takes fewer at once", waiting(bottleneck.slots), bottleneck.name);
  }
  return {};
}

Row bottleneck_row(const LineNow& line) {
  switch (line.state) {
    case RunState::running:
      break;
    case RunState::paused:
      if (line.bound.by == Bottleneck::By::pause) break;
      return {{"limit    "}, {"PAUSE: units that are plugged in wait; SIGUSR1 continues", Look::warning}};
    case RunState::halted:
      return {{"stop     "}, {"all work is stopped on the board; \"Go on\" there or SIGUSR1 continues", Look::warning}};
    case RunState::commissioning:
      return {{"line     "}, {"the sockets get their labels on the board, no unit is flashed", Look::warning}};
    case RunState::stopping:
      return {{"stop     "}, {"units in work stop at a safe point; Ctrl-C again stops at once", Look::warning}};
    case RunState::stopping_at_once:
      return {{"stop     "}, {"at once; what was in work is recorded", Look::warning}};
  }
  const bool people_or_units = line.bound.by == Bottleneck::By::people || line.bound.by == Bottleneck::By::units;
  const bool warns = line.state == RunState::paused || !(people_or_units || line.bound.by == Bottleneck::By::order);
  return {{"limit    "}, {bottleneck_text(line), warns ? Look::warning : Look::plain}};
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

}  // namespace

std::vector<Row> head(const LineNow& line, const ScreenFacts& facts, ScreenSize size) {
  std::vector<Row> rows{title(line, facts, size.columns)};
  if (size.rows >= tall) {
    rows.push_back({{"recipe   " + described(line.recipe.get())}});
    if (!facts.job.empty() || line.order) rows.push_back({{"order    " + order_text(line, facts)}});
    rows.push_back({{"record   " + facts.record}});
    if (!facts.board.empty()) rows.push_back({{"board    " + facts.board}});
  }
  rows.push_back(units_row(line, size.columns));
  rows.push_back(bottleneck_row(line));
  for (Row& row : hub_rows(line)) rows.push_back(std::move(row));
  if (!line.note.text.empty()) rows.push_back({{"note     "}, {line.note.text, Look::warning}});
  if (size.rows >= tall) rows.emplace_back();
  return rows;
}

}  // namespace station::screen
