// Power is cut after each single transfer of a full flash. Whatever the station then says must be true: no pass for a
// unit that does not hold and run the recipe, no failure for one that does, and never a unit that is left in a state
// out of which only a debugger helps.
#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::FaultCode;
using dfu::virt::BootOutcome;
using fleet::Fleet;
using fleet::port_of;

// The truth about the unit, from its own flash and its own boot.
struct Truth {
  bool complete = false;
  BootOutcome boots_to = BootOutcome::crash;
};

Truth truth_of(Fleet& fleet) {
  Truth truth;
  truth.complete = fleet.holds_recipe(port_of(0));
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
    dfu::virt::Flash copy = unit.flash();
    truth.boots_to = dfu::virt::photon_boot(copy).outcome;
  });
  return truth;
}

std::uint32_t transfers_of_a_full_flash(int generation, const std::shared_ptr<const config::Recipe>& recipe) {
  Fleet fleet(dfu::virt::photon_line(1, generation), recipe);
  EXPECT_TRUE(fleet.run());
  EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::passed);
  std::uint32_t transfers = 0;
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) { transfers = unit.transfers(); });
  return transfers;
}

void cut_after(std::uint32_t transfers, int generation, const std::shared_ptr<const config::Recipe>& recipe,
               std::map<FaultCode, int>& faults) {
  SCOPED_TRACE("generation " + std::to_string(generation) + ", cut after transfer " + std::to_string(transfers));
  Fleet fleet(dfu::virt::photon_line(1, generation), recipe);
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) { unit.cut_after(transfers); });
  ASSERT_TRUE(fleet.run());
  const auto& attempts = fleet.watcher.attempts[{port_of(0)}];
  ASSERT_EQ(attempts.size(), 1u);
  const AttemptFinished& end = attempts[0];
  const Truth truth = truth_of(fleet);
  EXPECT_EQ(end.outcome, Outcome::failed) << "a unit without power runs nothing";
  ASSERT_TRUE(end.fault);
  ++faults[end.fault->code];
  EXPECT_EQ(end.booted, false);
  if (*end.verified) {
    EXPECT_TRUE(truth.complete);
  }
  // Before leave the unit was pulled; after it nobody can tell a pulled unit from one that does not start.
  const bool asked_to_leave = end.fault->code == FaultCode::not_back;
  EXPECT_TRUE(asked_to_leave || end.fault->code == FaultCode::unit_gone) << to_string(end.fault->code);
  if (asked_to_leave) {
    EXPECT_EQ(end.verified, true);
    EXPECT_TRUE(truth.complete);
  }
  EXPECT_NE(truth.boots_to, BootOutcome::crash);
  EXPECT_NE(truth.boots_to, BootOutcome::reset_loop);
}

class CutSweep : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Generations, CutSweep, testing::Values(3, 12));

TEST_P(CutSweep, EveryVerdictIsTrueWhereverThePowerIsCut) {
  const auto recipe = fleet::photon_recipe();
  const std::uint32_t all = transfers_of_a_full_flash(GetParam(), recipe);
  std::map<FaultCode, int> faults;
  for (std::uint32_t n = 1; n <= all; ++n) cut_after(n, GetParam(), recipe, faults);
  EXPECT_GT(faults[FaultCode::unit_gone], 500);
  EXPECT_GT(faults[FaultCode::not_back], 0);
  for (const auto& [code, count] : faults) {
    std::cout << "generation " << GetParam() << ": " << to_string(code) << " " << count << " of " << all << "\n";
  }
}

// The same unit is put back after the cut: the next visit must finish what the first began.
TEST_P(CutSweep, AUnitCutOffAnywhereIsFinishedWhenItIsFlashedAgain) {
  const auto recipe = fleet::photon_recipe({20000, 12000, 8000});
  const std::uint32_t all = transfers_of_a_full_flash(GetParam(), recipe);
  for (std::uint32_t n = 1; n <= all; ++n) {
    SCOPED_TRACE(n);
    Fleet first(dfu::virt::photon_line(1, GetParam()), recipe);
    first.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) { unit.cut_after(n); });
    ASSERT_TRUE(first.run());
    dfu::Bytes held;
    first.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) { held = unit.flash().bytes(); });
    Fleet second(dfu::virt::photon_line(1, GetParam()), recipe);
    second.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) { unit.flash() = dfu::virt::Flash(held); });
    ASSERT_TRUE(second.run());
    const Outcome outcome = second.last(port_of(0)).outcome;
    EXPECT_TRUE(outcome == Outcome::passed || outcome == Outcome::already) << to_string(outcome);
    EXPECT_TRUE(second.holds_recipe(port_of(0)));
  }
}

}  // namespace
}  // namespace scheduler
