// The judge of the fault table judged: it must be able to find a lie.
#include "tests/scheduler/truth.h"

#include <gtest/gtest.h>

#include "tests/scheduler/dialects.h"

namespace scheduler {
namespace {

using dfu::virt::VirtualUnit;
using fleet::Fleet;
using fleet::port_of;
using truth::lie_in;
using truth::Truth;

constexpr Truth fine{.holds = true, .started = true, .runs = true};

AttemptFinished pass() {
  AttemptFinished verdict;
  verdict.outcome = Outcome::passed;
  verdict.verified = verdict.booted = true;
  return verdict;
}

AttemptFinished failure() {
  AttemptFinished verdict;
  verdict.outcome = Outcome::failed;
  verdict.fault = dfu::Fault{};
  verdict.verified = verdict.booted = false;
  return verdict;
}

TEST(Truth, APassIsTrueOfAUnitThatHoldsTheRecipeAndHasRunItAndOfNoOther) {
  EXPECT_FALSE(lie_in(pass(), fine));
  EXPECT_TRUE(lie_in(pass(), {.holds = false, .started = true, .runs = true}));
  EXPECT_TRUE(lie_in(pass(), {.holds = true, .started = false, .runs = false}));
  EXPECT_FALSE(lie_in(pass(), {.holds = true, .started = true, .runs = false})) << "pulled after its proof";
}

TEST(Truth, AFailureIsALieAboutAUnitThatHoldsTheRecipeAndRunsIt) {
  EXPECT_TRUE(lie_in(failure(), fine));
  EXPECT_FALSE(lie_in(failure(), {.holds = true, .started = true, .runs = false}));
  EXPECT_FALSE(lie_in(failure(), {.holds = false, .started = true, .runs = true}));
  AttemptFinished without_reason = failure();
  without_reason.fault.reset();
  EXPECT_TRUE(lie_in(without_reason, {}));
}

TEST(Truth, WhatAFailureClaimsMustBeTrueToo) {
  AttemptFinished verdict = failure();
  verdict.verified = true;
  EXPECT_TRUE(lie_in(verdict, {.holds = false}));
  EXPECT_FALSE(lie_in(verdict, {.holds = true}));
}

TEST(Truth, APassMustHaveTheProofsThatItsRecipeAsksForAndAtLeastOne) {
  AttemptFinished verdict = pass();
  verdict.verified = false;
  EXPECT_TRUE(lie_in(verdict, fine));
  verdict = pass();
  verdict.booted = false;
  EXPECT_TRUE(lie_in(verdict, fine));
  verdict.verified = verdict.booted = {};
  EXPECT_TRUE(lie_in(verdict, fine));
  verdict = pass();
  verdict.fault = dfu::Fault{};
  EXPECT_TRUE(lie_in(verdict, fine));
}

TEST(Truth, AWaivedVerificationClaimsNothingAboutBytesAndIsCounted) {
  AttemptFinished verdict = pass();
  verdict.verified = {};
  const Truth other{.holds = false, .started = true, .runs = true};
  EXPECT_FALSE(lie_in(verdict, other));
  EXPECT_TRUE(truth::unproved(verdict, other));
  EXPECT_FALSE(truth::unproved(verdict, fine));
}

// Each dialect's unit is flashed, then changed behind the station's back: the truth follows the unit.
TEST(Truth, ItIsReadFromTheUnitWhateverItsDialect) {
  for (const auto& dialect : dialects::all()) {
    SCOPED_TRACE(dialect.name);
    Fleet fleet(dialects::line_of(dialect.unit, 1), dialect.recipe);
    const Truth before = truth::truth_of(fleet, port_of(0));
    EXPECT_FALSE(before.holds || before.started || before.runs);
    ASSERT_TRUE(fleet.run());
    const Truth flashed = truth::truth_of(fleet, port_of(0));
    EXPECT_TRUE(flashed.holds && flashed.started && flashed.runs);
    fleet.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) {
      const std::uint32_t last = dialect.recipe->layout.steps.back().range().end - 1;
      unit.flash().place(last, dfu::Bytes{static_cast<std::uint8_t>(unit.flash().at(last) ^ 1)});
    });
    EXPECT_FALSE(truth::truth_of(fleet, port_of(0)).holds);
  }
}

}  // namespace
}  // namespace scheduler
