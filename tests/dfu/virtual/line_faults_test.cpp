// What faults, hubs and power do to a line: units that come back late, elsewhere or not at all, a shared bus, switches.
#include <gtest/gtest.h>

#include "tests/dfu/virtual/diary.h"

namespace dfu::virt {
namespace {

using namespace testing;
using namespace std::chrono_literals;

constexpr std::uint32_t user_at = 0x080A0000;

LineSpec struck(FaultKind kind, const char* at, int generation = 12) {
  return one_unit(generation, {{kind, *fault_point_from(at)}});
}

// Installs what boots, leaves DFU mode and waits for what comes.
Duration leave(Line& line) {
  line.line.with_unit(first, [](VirtualUnit& unit) { install(unit.flash(), 3); });
  line.open();
  line.download(2, {});
  line.status();
  const Duration left = line.clock.now();
  line.clock.run();
  return line.times.back() - left;
}

TEST(LineFaults, ALateUnitReturnsSecondsLaterButWithinFifteen) {
  for (const int generation : {3, 12}) {
    Line punctual(one_unit(generation));
    Line line(struck(FaultKind::late, "leave", generation));
    const Duration usual = leave(punctual), late = leave(line);
    EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 app"}));
    EXPECT_GE(late - usual, 5s);
    EXPECT_LT(late, 15s);
  }
}

TEST(LineFaults, AUnitThatNeverComesBackIsSoundAndBootsWithNewPower) {
  Line line(struck(FaultKind::never_back, "leave"));
  leave(line);
  EXPECT_EQ(line.diary.back(), "-1-1.1");
  line.line.with_unit(first, [](VirtualUnit& unit) {
    EXPECT_EQ(unit.mode(), VirtualUnit::Mode::off_bus);
    EXPECT_FALSE(unit.last_boot()) << "it never booted";
  });
  line.line.pull(first);
  line.line.plug(first);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "+1-1.1 app");
}

TEST(LineFaults, AMovedUnitComesBackOnTheFirstFreePortOfItsHub) {
  LineSpec spec = photon_line(3, 12);
  spec.units[2].port.text = "1-1.4";
  spec.hubs.push_back({.port = {"1-1.3"}, .ports = 4});
  spec.units[0].faults.push_back({FaultKind::move, *fault_point_from("leave")});
  Line line(spec);
  leave(line);
  EXPECT_EQ(line.diary,
            (std::vector<std::string>{"+1-1.1 dfu", "+1-1.2 dfu", "+1-1.4 dfu", "listed", "-1-1.1", "+1-1.5 app"}));
  EXPECT_EQ(line.open_unit(line.handle({"1-1.5"})).status, OpenStatus::ok);
  line.line.pull(first);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "-1-1.5");
  line.line.plug(first);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "+1-1.1 app") << "put back where it belongs";
}

TEST(LineFaults, PowerGoesByThePortAtWhichAUnitIsNow) {
  Line line(struck(FaultKind::move, "leave"));
  leave(line);
  ASSERT_EQ(line.diary.back(), "+1-1.2 app");
  const auto set = [&](const char* port, bool on) {
    const bool done = line.wait<bool>([&](auto answer) { line.line.set_power({port}, on, answer); });
    line.clock.run();
    return done;
  };
  EXPECT_TRUE(set("1-1.1", false));
  EXPECT_EQ(line.diary.back(), "+1-1.2 app");
  EXPECT_TRUE(set("1-1.2", false));
  EXPECT_EQ(line.diary.back(), "-1-1.2");
  EXPECT_TRUE(set("1-1.2", true));
  EXPECT_EQ(line.diary.back(), "+1-1.2 app");
}

TEST(LineFaults, WhereNoPortIsFreeAUnitComesBackOnItsOwn) {
  LineSpec spec = photon_line(7, 12);
  spec.units[0].faults.push_back({FaultKind::move, *fault_point_from("leave")});
  Line line(spec);
  leave(line);
  EXPECT_EQ(line.diary.back(), "+1-1.1 app");
}

TEST(LineFaults, AUnitThatMovesInTheMiddleOfABlockIsSomewhereElseAtOnce) {
  Line line(struck(FaultKind::move, "block:1"));
  line.open();
  line.download(0, dfuse_set_address(user_at));
  line.status();
  line.status();
  EXPECT_EQ(line.download(2, Bytes(4096, 1)).status, TransferStatus::io_error);
  line.clock.run();
  EXPECT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.2 dfu"}));
}

TEST(LineFaults, AUnitIsPulledSoManyMillisecondsAfterItsReturn) {
  for (const int wait : {0, 1, 250, 4000}) {
    Line line(struck(FaultKind::unplug, ("return:" + std::to_string(wait)).c_str()));
    leave(line);
    ASSERT_EQ(line.diary, (std::vector<std::string>{"+1-1.1 dfu", "listed", "-1-1.1", "+1-1.1 app", "-1-1.1"}));
    EXPECT_EQ(line.times[4] - line.times[3], wait * 1ms + 100ms);
    line.line.plug(first);
    line.clock.run();
    EXPECT_EQ(line.diary.back(), "+1-1.1 app") << "and only once";
  }
}

TEST(LineFaults, AUnitThatHasNotLeftIsNotPulledOnItsReturn) {
  Line line(struck(FaultKind::unplug, "return"));
  line.line.pull(first);
  line.line.with_unit(first, [](VirtualUnit& unit) { install(unit.flash(), 3); });
  line.line.plug(first);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "+1-1.1 app");
}

TEST(LineFaults, OtherFaultsAtTheReturnStrikeTheFirstTransferInApplicationMode) {
  Line line(struck(FaultKind::stall, "return"));
  leave(line);
  EXPECT_EQ(line.open().status, OpenStatus::failed);
  EXPECT_EQ(line.open().status, OpenStatus::ok);
}

TEST(LineFaults, AWedgedUnitIsLostByAResetAndBroughtBackByItsPort) {
  Line line(struck(FaultKind::wedge, "request:2"));
  line.open();
  EXPECT_EQ(line.status(1s).status, TransferStatus::timed_out);
  EXPECT_EQ(line.status(1s).status, TransferStatus::timed_out);
  EXPECT_EQ(line.reset(line.handle()), ResetStatus::lost);
  line.clock.run();
  EXPECT_EQ(line.diary.back(), "-1-1.1");
  for (const bool on : {false, true}) {
    EXPECT_TRUE(line.wait<bool>([&](auto done) { line.line.set_power(first, on, done); }));
    line.clock.run();
  }
  EXPECT_EQ(line.diary.back(), "+1-1.1 dfu");
  line.open();
  EXPECT_EQ(line.status().status, TransferStatus::ok);
}

// ---- a bus that is shared

// All units of the line read `blocks` times 4096 bytes of their flash at once. How long it takes.
Duration read_all(const LineSpec& spec, int blocks) {
  Line line(spec);
  std::size_t done = 0;
  std::function<void(UnitHandle, int)> next = [&](UnitHandle unit, int left) {
    if (left == 0) return void(++done);
    line.line.submit(unit, {setup(Request::upload, 2, 4096), {}, 60s}, [&next, unit, left](TransferResult result) {
      EXPECT_EQ(result.data.size(), 4096u);
      next(unit, left - 1);
    });
  };
  for (const auto& [port, unit] : line.here) EXPECT_EQ(line.open_unit(unit.handle).status, OpenStatus::ok);
  const Duration begin = line.clock.now();
  for (const auto& [port, unit] : line.here) next(unit.handle, blocks);
  line.clock.run();
  EXPECT_EQ(done, spec.units.size());
  return line.clock.now() - begin;
}

LineSpec shared(int units, TransactionTranslator tt) {
  LineSpec spec = photon_line(units, 12);
  for (auto& hub : spec.hubs) hub.tt = tt;
  return spec;
}

TEST(LineFaults, UnitsBehindASingleTranslatorShareItsTwelveMegabits) {
  const Duration one = read_all(shared(1, TransactionTranslator::single), 50);
  EXPECT_EQ(one, 50 * wire_time(4096));
  for (int units = 1; units <= 7; ++units) {
    EXPECT_EQ(read_all(shared(units, TransactionTranslator::single), 50), units * one) << units;
    EXPECT_EQ(read_all(shared(units, TransactionTranslator::multi), 50), one) << units;
  }
}

TEST(LineFaults, EachSingleTranslatorHubIsABusOfItsOwn) {
  EXPECT_EQ(read_all(shared(14, TransactionTranslator::single), 20), 7 * 20 * wire_time(4096));
}

TEST(LineFaults, FlashWorkDoesNotWaitForASharedBus) {
  Line line(shared(7, TransactionTranslator::single));
  for (const auto& [port, unit] : line.here) {
    line.open_unit(unit.handle);
    line.submit(unit.handle, setup(Request::dnload, 0, 5), dfuse_erase(user_at));
  }
  const Duration begin = line.clock.now();
  int erased = 0;
  for (const auto& [port, unit] : line.here) {
    line.line.submit(unit.handle, {setup(Request::getstatus, 0, 6), {}, 5s}, [&](TransferResult) { ++erased; });
  }
  line.clock.run();
  EXPECT_EQ(erased, 7);
  EXPECT_EQ(line.clock.now() - begin, 1s + 500us + 6 * wire_time(6));
}

// ---- switches

TEST(LineFaults, AGangedHubGoesOffWithTheLastPortThatIsAskedAndOnWithTheFirst) {
  LineSpec spec = photon_line(9, 12);
  spec.hubs[0].power = PortPower::ganged;
  Line line(spec);
  const auto set = [&](int port, bool on) {
    const PortPath path{"1-1." + std::to_string(port)};
    const bool done = line.wait<bool>([&](auto answer) { line.line.set_power(path, on, answer); });
    line.clock.run();
    return done;
  };
  for (int port = 1; port <= 6; ++port) EXPECT_FALSE(set(port, false));
  EXPECT_FALSE(set(3, true)) << "somebody wants it on again";
  EXPECT_FALSE(set(7, false));
  EXPECT_EQ(line.here.size(), 9u);
  EXPECT_TRUE(set(3, false)) << "now all of them";
  EXPECT_EQ(line.here.size(), 2u) << "the other hub stays";
  EXPECT_TRUE(set(5, true));
  EXPECT_EQ(line.here.size(), 9u) << "one switch for all";
}

}  // namespace
}  // namespace dfu::virt
