// The computer stands still - overloaded, paused, stopped - at any moment of a line at work: no unit is blamed for it,
// and each is flashed.
#include <string>

#include <gtest/gtest.h>

#include "scheduler/fault_policy.h"
#include "scheduler/ladder.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using fleet::Fleet;
using fleet::port_of;

constexpr int units = 2;

// How many steps the whole line takes; it stands still after this one for so long.
int flash(int still_after, dfu::Duration time) {
  SCOPED_TRACE("stands still after step " + std::to_string(still_after) + " for " + std::to_string(dfu::seconds(time)) +
               " s");
  Fleet line(dfu::virt::photon_line(units, 8));
  line.start();
  int steps = 0;
  while (line.clock.step()) {
    if (++steps == still_after) line.clock.stand_still(time);
  }
  EXPECT_TRUE(line.totals.has_value());
  std::string timeline;
  for (int i = 0; i < units; ++i) {
    SCOPED_TRACE(port_of(i));
    for (const AttemptFinished& attempt : line.watcher.attempts[{port_of(i)}]) {
      timeline += port_of(i) + " " + std::string(to_string(attempt.outcome)) +
                  (attempt.fault ? " " + attempt.fault->text : "") + "; ";
      if (!attempt.fault) continue;
      EXPECT_EQ(about(attempt.fault->code), About::station) << to_string(attempt.fault->code) << attempt.fault->text;
    }
    const auto& verdicts = line.watcher.verdicts[{port_of(i)}];
    // One that was left before its proof holds everything already.
    const Outcome end = verdicts.empty() ? Outcome::error : verdicts.back().outcome;
    EXPECT_TRUE(end == Outcome::passed || end == Outcome::already) << timeline;
    EXPECT_TRUE(line.runs_application(port_of(i)));
  }
  return steps;
}

TEST(LateHost, NoUnitIsBlamedWheneverTheComputerStandsStill) {
  const int steps = flash(0, 0s);
  ASSERT_GT(steps, 1000);
  for (const auto time : {3s, 15s, 120s}) {
    for (int step = 1; step < steps; step += 37) {
      flash(step, time);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// Whether the unit or the computer was it cannot be told: somebody plugs it in again.
TEST(LateHost, AUnitThatHangsWhileTheComputerStandsStillIsNotBlamedAndMustBePluggedInAgain) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 8);
  spec.hubs[0].power = dfu::PortPower::none;
  spec.units[0].faults.push_back({dfu::virt::FaultKind::hang, *dfu::virt::fault_point_from("request:20"), 1});
  Fleet line(spec);
  line.start();
  bool still = false;
  while (line.clock.step()) {
    if (!still && line.transfers(port_of(0)) >= 20) line.clock.stand_still(15s), still = true;
  }
  const auto& attempts = line.watcher.attempts[{port_of(0)}];
  ASSERT_FALSE(attempts.empty());
  EXPECT_EQ(about(attempts.front().fault->code), About::station) << attempts.front().fault->text;
  EXPECT_EQ(line.watcher.verdicts[{port_of(0)}].back().outcome, Outcome::error);
  EXPECT_EQ(line.watcher.verdicts[{port_of(0)}].back().advice, unplug_it);
}

// Stopped for as long as it runs, in turns: the pauses between the units that come back are then longer than a bus
// makes them.
TEST(LateHost, ALineThatIsStoppedInShortTurnsPassesEveryUnit) {
  constexpr int wide = 48;
  for (const auto turn : {110ms, 300ms, 900ms}) {
    SCOPED_TRACE(dfu::seconds(turn));
    Fleet line(dfu::virt::photon_line(wide, 8));
    line.start();
    dfu::Duration goes_on = line.clock.now();
    while (line.clock.step()) {
      if (line.clock.now() < goes_on + turn) continue;
      line.clock.stand_still(turn);
      goes_on = line.clock.now();
    }
    ASSERT_TRUE(line.totals.has_value());
    EXPECT_EQ(line.totals->passed, wide);
    EXPECT_EQ(line.totals->attempts, wide);
  }
}

}  // namespace
}  // namespace scheduler
