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

AttemptFinished pass(config::Confirm confirm = config::Confirm::application) {
  AttemptFinished verdict;
  auto recipe = std::make_shared<config::Recipe>();
  recipe->policy.confirm = confirm;
  verdict.started.recipe = std::move(recipe);
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

// What a proof cannot show is a closed list: anything else that it misses is a lie.
TEST(Truth, WhatNoProofOfItsKindCanShowIsNoLieAndIsGivenAReason) {
  using config::Confirm;
  using dfu::virt::BootOutcome;
  const Truth fallen{.started = false, .overruled = BootOutcome::factory_fallback, .restored = true, .starts = 1};
  const Truth safe{.holds = true, .started = false, .overruled = BootOutcome::safe_mode, .starts = 2};
  EXPECT_FALSE(lie_in(pass(Confirm::application), fallen));
  EXPECT_TRUE(lie_in(pass(Confirm::reread), fallen));
  EXPECT_TRUE(lie_in(pass(Confirm::modules), fallen));
  for (const Confirm confirm : {Confirm::application, Confirm::reread, Confirm::modules}) {
    EXPECT_FALSE(lie_in(pass(confirm), safe));
    EXPECT_TRUE(truth::beyond_proof(*pass(confirm).started.recipe, safe));
    EXPECT_TRUE(lie_in(pass(confirm), {.holds = true, .started = false})) << "of itself it does not run";
    EXPECT_TRUE(lie_in(pass(confirm), {.holds = false, .started = true, .restored = true})) << "runs something else";
  }
}

TEST(Truth, APassOfWhatWasForcedOntoAUnitThatDoesNotRunItIsAlwaysALie) {
  using config::Confirm;
  const Truth fallen{.started = false, .overruled = dfu::virt::BootOutcome::factory_fallback, .restored = true};
  for (const Confirm confirm : {Confirm::none, Confirm::application, Confirm::reread, Confirm::modules}) {
    AttemptFinished verdict = pass(confirm);
    auto recipe = std::make_shared<config::Recipe>(*verdict.started.recipe);
    recipe->forced = true;
    verdict.started.recipe = recipe;
    verdict.booted = {};
    EXPECT_TRUE(lie_in(verdict, fallen));
  }
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
