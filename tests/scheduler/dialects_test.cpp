// Units of every dialect flashed by the whole line: survey, session, leave, proof.
#include "tests/scheduler/dialects.h"

#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::particle::Function;
using dfu::particle::Platform;
using fleet::Fleet;
using fleet::port_of;

using dialects::module_recipe;
using dialects::program;
using dialects::raw_recipe;

dfu::virt::LineSpec line_of(const std::string& profile) {
  return dialects::line_of({.profile = profile, .generation = 8}, 2);
}

void expect_passes(Fleet& fleet) {
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  for (const auto& [port, attempts] : fleet.watcher.attempts) {
    const AttemptFinished& last = attempts.back();
    EXPECT_EQ(last.outcome, Outcome::passed) << (last.fault ? last.fault->text : "");
  }
  EXPECT_EQ(totals->passed, 2);
}

TEST(Dialects, AP1IsFlashedAsAPhotonIs) {
  Fleet fleet(line_of("p1"), module_recipe("p1", Platform::p1,
                                           {{Function::system_part, 1, 0x08020000, 20000},
                                            {Function::system_part, 2, 0x08060000, 12000},
                                            {Function::user_part, 1, 0x080A0000, 8000}}));
  expect_passes(fleet);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
}

TEST(Dialects, AnElectronTakesItsThreePartsAndTheUserPart) {
  Fleet fleet(line_of("electron"), module_recipe("electron", Platform::electron,
                                                 {{Function::system_part, 1, 0x08020000, 20000},
                                                  {Function::system_part, 2, 0x08040000, 12000},
                                                  {Function::system_part, 3, 0x08060000, 12000},
                                                  {Function::user_part, 1, 0x08080000, 8000}}));
  expect_passes(fleet);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
}

TEST(Dialects, ACoreTakesItsOneImageInBlocksOf1024) {
  Fleet fleet(line_of("core"), module_recipe("core", Platform::core, {{Function::monolithic, 0, 0x08005000, 30000}}));
  expect_passes(fleet);
}

// ST's ROM jumps to the program and is gone from USB for good: there is nothing to wait for.
TEST(Dialects, AnStm32InItsRomIsFlashedAndLeftToItsProgram) {
  auto recipe = raw_recipe("stm32-rom", program(0x08000000, 50000), 0x08000000);
  recipe->policy.confirm = config::Confirm::none;
  Fleet fleet(line_of("stm32-rom"), recipe);
  expect_passes(fleet);
  EXPECT_EQ(fleet.last(port_of(0)).verified, true);
  EXPECT_FALSE(fleet.last(port_of(0)).booted);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
}

TEST(Dialects, AReadProtectedStm32IsToldApartFromABrokenOneAndNotTriedTwice) {
  auto recipe = raw_recipe("stm32-rom", program(0x08000000, 50000), 0x08000000);
  recipe->policy.confirm = config::Confirm::none;
  dfu::virt::LineSpec spec = line_of("stm32-rom");
  for (auto& unit : spec.units) unit.read_protected = true;
  Fleet fleet(spec, recipe);
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->failed, 2);
  EXPECT_EQ(totals->attempts, 2);
  EXPECT_EQ(fleet.last(port_of(0)).fault->code, dfu::FaultCode::read_protected);
}

TEST(Dialects, AManifestationTolerantPlainUnitIsReadAfterItsManifestation) {
  auto recipe = raw_recipe("dfu11", program(0, 20000), 0);
  dfu::virt::LineSpec spec = line_of("dfu11");
  for (auto& unit : spec.units) unit.manifestation_tolerant = true;
  Fleet fleet(spec, recipe);
  expect_passes(fleet);
  EXPECT_EQ(fleet.last(port_of(0)).verified, true);
  EXPECT_EQ(fleet.last(port_of(0)).booted, true);
}

}  // namespace
}  // namespace scheduler
