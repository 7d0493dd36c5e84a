// The console's screen for lines of every size: what is on it, and that it never is too wide or too long.
#include "station/output/console_screen.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/output/columns.h"
#include "tests/station/sample_values.h"

namespace station {
namespace {

using scheduler::Outcome;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const ScreenFacts facts{"flashline 0.1.0", "line-3", "/var/lib/flashline/flashline.db", "4711"};

dfu::Fault fault_of(dfu::FaultCode code) {
  dfu::Fault fault;
  fault.code = code;
  return fault;
}

dfu::Fault unit_gone() {
  return {.code = dfu::FaultCode::unit_gone,
          .step = "system-part2",
          .operation = dfu::OperationKind::write,
          .address = 0x08061000,
          .block = 40,
          .text =
              "While writing 0x08061000: the transfer failed on the wire. The unit has left the bus: it was "
              "pulled, or its cable or plug is loose."};
}

// One slot in each state, in turn.
SlotNow sample_slot(int index) {
  SlotNow slot{.port = {fmt::format("1-{}.{}", index / 7 + 1, index % 7 + 1)}};
  slot.present = true;
  slot.attempt = 1;
  switch (index % 10) {
    case 0:
    case 1:
      slot.state = SlotState::working;
      slot.phase = dfu::OperationKind::survey;
      slot.step = "system-part2";
      slot.bytes_per_second = 190000;
      if (index % 10 == 0) break;
      slot.phase = dfu::OperationKind::write;
      slot.fraction = 0.529;
      slot.left_seconds = 3.14;
      break;
    case 2:
      slot.state = SlotState::verdict;
      slot.verdict = Outcome::failed;
      slot.last = Ending{.outcome = Outcome::failed, .fault = unit_gone()};
      break;
    case 3:
      slot.state = SlotState::empty;
      slot.present = false;
      break;
    case 4:
      slot.state = SlotState::working;
      slot.phase = dfu::OperationKind::read;
      slot.step = "user";
      slot.fraction = 0.97;
      slot.attempt = 2;
      slot.stuck_seconds = 4.2;
      break;
    case 5:
      slot.state = SlotState::between;
      slot.present = false;
      slot.last = Ending{.outcome = Outcome::failed, .fault = unit_gone()};
      break;
    case 6:
      slot.state = SlotState::queued;
      break;
    case 7:
      slot.state = SlotState::foreign;
      break;
    case 8:
      slot.state = SlotState::verdict;
      slot.verdict = Outcome::passed;
      slot.present = false;
      slot.last = Ending{.outcome = Outcome::passed, .verified = true, .booted = true, .seconds = 9.2};
      break;
    default:
      slot.state = SlotState::verdict;
      slot.verdict = Outcome::error;
      slot.last = Ending{.outcome = Outcome::error, .fault = fault_of(dfu::FaultCode::access_denied)};
      break;
  }
  return slot;
}

LineNow sample_line(int slots) {
  LineNow line;
  line.recipe = sample_recipe();
  line.seconds = 3723;
  for (int i = 0; i < slots; ++i) {
    if (i % 7 == 0) line.hubs.push_back({.port = {fmt::format("1-{}", i / 7 + 1)}});
    line.hubs.back().slots.push_back(sample_slot(i));
  }
  line.counts = {.units = 15, .passed = 12, .already = 1, .failed = 2, .attempts = 17, .first_pass = 11};
  line.units_per_hour = 480;
  line.still_to_make = 1;
  line.bound = {.by = Bottleneck::By::units, .slots = 3};
  return line;
}

std::vector<std::string> text_of(const LineNow& line, ScreenSize size, const std::vector<std::string>& messages = {}) {
  std::vector<std::string> rows;
  for (const Row& row : draw(line, facts, messages, size)) rows.push_back(plain_text(row));
  return rows;
}

std::string row_of(const std::vector<std::string>& rows, const std::string& port) {
  const auto row = std::ranges::find_if(rows, [&](const std::string& one) { return one.starts_with(port + " "); });
  return row == rows.end() ? "" : *row;
}

TEST(ConsoleScreen, EightSlotsAt80x24) {
  const std::vector<std::string> expected{
      " flashline 0.1.0, station line-3                               RUNNING  1:02:03",
      "recipe   made-up revision B: 1 step, 1,000 bytes",
      "order    4711: 1 unit still to be made",
      "record   /var/lib/flashline/flashline.db",
      "units    12 passed   1 already   2 failed   480 good/h   yield 86.7 %",
      "limit    UNITS: 3 in work, each at its own pace",
      "",
      "slot  state       step         progress                             rate    left",
      "hub 1-1",
      "1-1.1 survey      system-part2 [.......................]       186 KiB/s",
      "1-1.2 write       system-part2 [############...........]  52%  186 KiB/s   3.1 s",
      "1-1.3 x FAIL      unplug it, plug it in again: unit-gone: While writing 0x0806..",
      "1-1.4 empty",
      "1-1.5 verify      try 2 user   [######################.]  97%  stuck 4 s",
      "1-1.6 GONE        plug it back in, it left in try 1",
      "1-1.7 waits       for its turn",
      "hub 1-2",
      "1-2.1 other       not for this recipe, left alone",
      "",
      "1-1.3  unit-gone, step system-part2, write at 0x08061000, block 40: While",
      "       writing 0x08061000: the transfer failed on the wire. The unit has left",
      "       the bus: it was pulled, or its cable or plug is loose.",
      "",
      ""};
  const auto rows = text_of(sample_line(8), {80, 24});
  ASSERT_EQ(rows.size(), expected.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i], expected[i]);
  }
}

TEST(ConsoleScreen, AClosedPortIsSaidInAWordWithASignAndItsReason) {
  LineNow line = sample_line(8);
  SlotNow& slot = line.hubs[0].slots[3];
  slot.state = SlotState::quarantined;
  slot.quarantine = "3 units in a row failed here: this port is no longer used.";
  EXPECT_THAT(row_of(text_of(line, {120, 30}), "1-1.4"),
              HasSubstr("# CLOSED    3 units in a row failed here: this port is no longer used."));
}

TEST(ConsoleScreen, ASlotThatIsNotInUseIsSaidInAWordWithASignAndItsReason) {
  LineNow line = sample_line(8);
  SlotNow& slot = line.hubs[0].slots[3];
  slot.state = SlotState::skipped;
  slot.skip = Skip{Skip::By::somebody, "Cable is bad"};
  EXPECT_THAT(row_of(text_of(line, {120, 30}), "1-1.4"), HasSubstr("~ skipped   not in use: Cable is bad"));
}

TEST(ConsoleScreen, AVerdictThatAsksForAPersonSaysWhatToDoFirst) {
  LineNow line = sample_line(8);
  line.hubs[0].slots[2].present = true;
  line.hubs[0].slots[2].asked = true;
  EXPECT_THAT(row_of(text_of(line, {120, 30}), "1-1.3"), HasSubstr("unplug it, plug it in again: unit-gone"));
}

TEST(ConsoleScreen, SixtyFourSlotsAt80x24AreFourColumnsOfCompactCells) {
  const auto rows = text_of(sample_line(64), {80, 24});
  EXPECT_THAT(rows, Contains(HasSubstr("1-1.2  write   52%")));
  EXPECT_THAT(rows, Contains(HasSubstr("1-1.3  x FAIL")));
  EXPECT_THAT(rows, Contains(HasSubstr("1-2.2  + (PASS)")));
  EXPECT_THAT(rows, Contains(HasSubstr("1-1.5  stuck   97%")));
  EXPECT_THAT(rows, Not(Contains(HasSubstr("not shown"))));
}

TEST(ConsoleScreen, EverySlotIsOnTheScreenOrCounted) {
  for (const int slots : {1, 8, 24, 64, 200}) {
    for (const ScreenSize size : {ScreenSize{80, 24}, {200, 50}, {80, 50}, {200, 24}, {40, 12}}) {
      std::string all;
      for (const std::string& row : text_of(sample_line(slots), size)) all += row + " \n";
      int shown = 0, hidden = 0;
      for (int i = 0; i < slots; ++i) {
        const std::string port = sample_slot(i).port.text + " ";
        const auto at = all.find(port);
        if (at != std::string::npos && (at == 0 || all[at - 1] == '\n' || all[at - 1] == ' ')) ++shown;
      }
      if (const auto at = all.find(" slots not shown"); at != std::string::npos) {
        hidden = std::stoi(all.substr(all.rfind('\n', at) + 1));
      }
      EXPECT_EQ(shown + hidden, slots) << size.columns << "x" << size.rows << "\n" << all;
    }
  }
}

TEST(ConsoleScreen, WhereNotAllFitTheOnesThatNeedEyesAreThere) {
  const auto rows = text_of(sample_line(200), {80, 24});
  EXPECT_THAT(rows.back() + rows[rows.size() - 2], HasSubstr("slots not shown: "));
  for (int i = 2; i < 60; i += 10) EXPECT_THAT(rows, Contains(HasSubstr(sample_slot(i).port.text + "  x FAIL")));
  EXPECT_THAT(rows, Not(Contains(HasSubstr("empty "))));
}

// Slots, messages and labels as wide as they come, on screens from nothing to very large.
TEST(ConsoleScreen, NoRowIsWiderThanTheScreenAndThereAreNeverMoreRows) {
  const std::vector<std::string> messages(5, std::string(300, 'm'));
  for (const int slots : {0, 8, 24, 64, 200}) {
    LineNow line = sample_line(slots);
    for (HubNow& hub : line.hubs) {
      hub.label = "左边的集线器";
      hub.bus_load = 0.99;
      hub.slots[0].label = "插槽一二三四五六七八九十";
      hub.slots[0].step = "系统部分一二三四五六七八九十";
    }
    for (int columns = 1; columns <= 210; columns += columns < 90 ? 1 : 7) {
      for (const int rows : {1, 2, 3, 5, 10, 15, 16, 24, 50}) {
        const auto drawn = draw(line, facts, messages, {columns, rows});
        ASSERT_EQ(drawn.size(), static_cast<std::size_t>(rows));
        for (const Row& row : drawn) {
          std::string whole;
          for (const Piece& piece : row) whole += piece.text;
          ASSERT_LE(columns_of(whole), columns) << columns << "x" << rows << ": " << whole;
        }
      }
    }
  }
}

TEST(ConsoleScreen, ColourOnlyRepeatsWhatWordsAndSignsSay) {
  for (const Row& row : draw(sample_line(24), facts, {"a message"}, {80, 50})) {
    EXPECT_EQ(terminal_text(row, false).find('\x1b'), std::string::npos);
    std::string coloured = terminal_text(row, true), without;
    for (std::size_t i = 0; i < coloured.size(); ++i) {
      if (coloured[i] == '\x1b') {
        i = coloured.find('m', i);
      } else {
        without += coloured[i];
      }
    }
    without.erase(without.find_last_not_of(' ') + 1);
    EXPECT_EQ(without, terminal_text(row, false));
  }
  const auto drawn = draw(sample_line(8), facts, {}, {80, 24});
  EXPECT_THAT(terminal_text(drawn[11], true), HasSubstr("\x1b[1;31mx FAIL"));
}

TEST(ConsoleScreen, AStoppedOrSlowedHubIsNamedWithTheCommandThatReleasesIt) {
  LineNow line = sample_line(8);
  line.hubs[0].label = "left";
  line.hubs[0].trouble = HubTrouble{true, {}};
  line.hubs[1].trouble = HubTrouble{false, {}};
  const auto rows = text_of(line, {80, 30});
  EXPECT_THAT(rows, testing::Contains("hub      left is stopped: flashline release 1-1 --operator NAME --reason WHY"));
  EXPECT_THAT(rows, testing::Contains("hub      1-2 is slowed: flashline release 1-2 --operator NAME --reason WHY"));
  EXPECT_THAT(rows, testing::Contains(HasSubstr("hub left (1-1), stopped")));
}

TEST(ConsoleScreen, EveryBoundIsNamedInAWord) {
  LineNow line = sample_line(8);
  const auto said = [&](Bottleneck bound) {
    line.bound = std::move(bound);
    return text_of(line, {80, 24})[5];
  };
  EXPECT_EQ(said({.by = Bottleneck::By::people, .slots = 5}), "limit    OPERATOR: 5 of 8 slots wait for people");
  EXPECT_EQ(said({.by = Bottleneck::By::units, .slots = 5, .times_slower = 1.4}),
            "limit    UNITS: 5 in work, each at its own pace");
  EXPECT_EQ(said({.by = Bottleneck::By::units, .slots = 64, .times_slower = 7.96}),
            "limit    UNITS: 64 in work, 8.0 times slower than they need: is this PC busy?");
  EXPECT_EQ(said({.by = Bottleneck::By::bus, .slots = 7, .name = "left", .times_slower = 1.44}),
            "limit    BUS: 7 units share the 12 Mbit/s of hub left, 1.4 times slower");
  EXPECT_EQ(said({.by = Bottleneck::By::limit, .slots = 3, .name = "left"}),
            "limit    LIMIT: 3 units wait, hub left allows no more units at once");
  EXPECT_EQ(said({.by = Bottleneck::By::limit, .slots = 1}),
            "limit    LIMIT: 1 unit waits, the station file allows no more units at once");
  EXPECT_EQ(said({.by = Bottleneck::By::hub_stopped, .slots = 7, .name = "left"}),
            "limit    HUB: 7 units wait, hub left is stopped");
  EXPECT_EQ(said({.by = Bottleneck::By::hub_slowed, .slots = 1, .name = "left"}),
            "limit    HUB: 1 unit waits, hub left takes fewer at once");
  EXPECT_EQ(said({.by = Bottleneck::By::pause, .slots = 3}), "limit    PAUSE: 3 units wait for the line to go on");
}

// A full bar would say that it may be unplugged.
TEST(ConsoleScreen, AUnitThatStartsItsFirmwareShowsNoBarAndHowLongItTakes) {
  LineNow line = sample_line(2);
  SlotNow& slot = line.hubs[0].slots[1];
  slot.phase = dfu::OperationKind::proof;
  slot.fraction = 1;
  slot.stuck_seconds = 7.4;
  for (const int columns : {40, 80, 200}) {
    EXPECT_THAT(row_of(text_of(line, {columns, 24}), "1-1.2"), HasSubstr("boot        do not unplug, 7 s"));
  }
}

TEST(ConsoleScreen, AUnitThatHasJustFallenSilentShowsNoRateOfNothing) {
  LineNow line = sample_line(2);
  SlotNow& slot = line.hubs[0].slots[1];
  slot.bytes_per_second = 100;
  slot.left_seconds.reset();
  EXPECT_THAT(row_of(text_of(line, {80, 24}), "1-1.2"), Not(HasSubstr("KiB/s")));
}

TEST(ConsoleScreen, WhereThereIsNoRoomAPassKeepsItsSeconds) {
  LineNow line = sample_line(24);
  SlotNow& slot = line.hubs[1].slots[1];
  ASSERT_EQ(slot.verdict, Outcome::passed);
  const auto shown = [&] {
    for (const std::string& row : text_of(line, {80, 24})) {
      if (const auto at = row.find("1-2.2 "); at != std::string::npos) return row.substr(at, 36);
    }
    return std::string();
  };
  EXPECT_THAT(shown(), HasSubstr("+ (PASS)    taken out"));
  slot.present = true;
  EXPECT_THAT(shown(), HasSubstr("+ PASS      9.2 s"));
}

TEST(ConsoleScreen, PauseAndStopAreInTheTitle) {
  LineNow line = sample_line(8);
  line.state = RunState::paused;
  EXPECT_THAT(text_of(line, {80, 24})[0], HasSubstr("PAUSED  1:02:03"));
  line.state = RunState::commissioning;
  EXPECT_THAT(text_of(line, {80, 24})[0], HasSubstr("COMMISSIONING  1:02:03"));
  EXPECT_THAT(text_of(line, {80, 24})[5], HasSubstr("no unit is flashed"));
  line.state = RunState::stopping;
  EXPECT_THAT(text_of(line, {80, 24})[0], HasSubstr("STOPPING  1:02:03"));
  EXPECT_THAT(text_of(line, {80, 24})[5], HasSubstr("Ctrl-C again stops at once"));
}

TEST(ConsoleScreen, MessagesAreAtTheBottomTheNewestLast) {
  const auto rows = text_of(sample_line(8), {80, 24}, {"one", "two\x1b[2J"});
  EXPECT_EQ(rows[22], "one");
  EXPECT_EQ(rows[23], "two?[2J");
}

}  // namespace
}  // namespace station
