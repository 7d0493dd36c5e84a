// Who a unit is, as far as anything can tell, and what follows from it.
#include <gtest/gtest.h>

#include "scheduler/identities.h"
#include "scheduler/visit.h"
#include "tests/scheduler/dialects.h"
#include "tests/scheduler/fleet.h"
#include "tests/scheduler/identity_line.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using namespace identity;
using dfu::FaultCode;

TEST(Identity, TheIdIsKnownFromWhateverShowsItFirst) {
  for (const int generation : dfu::virt::generation_numbers()) {
    for (const std::uint16_t version : {3, 102, 207}) {
      SCOPED_TRACE(std::to_string(generation) + ", system " + std::to_string(version));
      dfu::virt::LineSpec spec = dfu::virt::photon_line(1, generation);
      spec.units[0].id = one_id;
      Fleet fleet(spec, fleet::photon_recipe(small(version)));
      ASSERT_TRUE(fleet.run());
      const AttemptFinished& end = fleet.last(port_of(0));
      EXPECT_EQ(end.outcome, Outcome::passed);
      if (generation < 8 && version < 102) {
        EXPECT_FALSE(end.unit) << "nothing shows it";
      } else {
        EXPECT_EQ(end.unit, one_id);
      }
    }
  }
}

// Its serials are constants, but the firmware that ran before kept the id: it is known before anything is written.
TEST(Identity, TheStoredIdIsReadWhereTheSerialIsAConstant) {
  for (const int generation : {3, 6, 7}) {
    dfu::virt::LineSpec spec = dfu::virt::photon_line(1, generation);
    spec.units[0].id = one_id;
    spec.units[0].faults = {{dfu::virt::FaultKind::status, {dfu::virt::FaultPoint::Kind::block, 1}, 1000}};
    Fleet fleet(spec, fleet::photon_recipe(small(3)));
    fleet.run_application(port_of(0), *fleet::photon_recipe(small(102)));
    fleet.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) {
      const dfu::Bytes held = unit.flash().bytes();
      unit = VirtualUnit(spec.units[0], dfu::virt::Flash(held));  // put into DFU mode by its buttons
    });
    ASSERT_TRUE(fleet.run());
    EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::failed);
    EXPECT_EQ(fleet.last(port_of(0)).unit, one_id) << generation;
  }
}

// ---- swapped

// While the unit is off the bus on its way into its application, somebody puts another one in its place.
TEST(Identity, AUnitSwappedForAnotherBeforeItIsBackIsNoticed) {
  for (const std::uint16_t version : {102, 207}) {
    dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 8);
    spec.units[0].id = one_id;
    Station station(spec, version);
    station.start();
    station.until([&] { return station.count_left() == 1; });
    station.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) {
      const dfu::Bytes held = unit.flash().bytes();
      unit = VirtualUnit(spec_of(0, 8, "aa002c001847353236343033"), dfu::virt::Flash(held));
      unit.restart();
    });
    station.pass_time(30s);
    const auto& attempts = station.watcher.attempts[{port_of(0)}];
    ASSERT_EQ(attempts.size(), 2u) << "the unit in its place has a visit of its own";
    const AttemptFinished& end = attempts[0];
    EXPECT_EQ(end.outcome, Outcome::failed);
    ASSERT_TRUE(end.fault);
    EXPECT_EQ(end.fault->code, FaultCode::unit_swapped);
    EXPECT_EQ(end.booted, false);
    EXPECT_EQ(end.unit, one_id) << "the one that was flashed";
    EXPECT_NE(attempts[1].started.visit, end.started.visit);
    EXPECT_EQ(attempts[1].unit, "aa002c001847353236343033");
  }
}

TEST(Identity, AConstantSerialThatGivesWayToTheIdIsNoSwap) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 3);
  Fleet fleet(spec, fleet::photon_recipe(small(207)));
  fleet.run_application(port_of(0), *fleet::photon_recipe(small(3)));
  auto recipe = fleet::photon_recipe(small(102));
  recipe->enter_dfu = true;
  fleet.options.settings.recipe = recipe;
  ASSERT_TRUE(fleet.run());
  EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::passed);
  EXPECT_EQ(fleet.last(port_of(0)).serials.size(), 3u);
}

// ---- the same id twice

TEST(Identity, TheSameIdInTwoSlotsAtOnceIsAnAlarmOfItsOwnAndNoVerdict) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(3, 8);
  spec.units[0].id = spec.units[2].id = one_id;
  Fleet fleet(spec, fleet::photon_recipe(small(102)));
  ASSERT_TRUE(fleet.run());
  EXPECT_EQ(fleet.totals->passed, 3);
  const auto alarms = remarks(fleet, RemarkKind::duplicate_id);
  ASSERT_EQ(alarms.size(), 1u);
  EXPECT_EQ(alarms[0].about, one_id);
  EXPECT_NE(english(alarms[0]).find("Two units"), std::string::npos) << english(alarms[0]);
  EXPECT_NE(english(alarms[0]).find(port_of(0)), std::string::npos);
  EXPECT_NE(english(alarms[0]).find(port_of(2)), std::string::npos);
  EXPECT_FALSE(alarms[0].attempt.empty());
}

TEST(Identity, AConstantSerialIsNobodysAndRaisesNoAlarm) {
  Fleet fleet(dfu::virt::photon_line(7, 3), fleet::photon_recipe(small(3)));
  ASSERT_TRUE(fleet.run());
  EXPECT_EQ(fleet.totals->passed, 7);
  EXPECT_TRUE(remarks(fleet, RemarkKind::duplicate_id).empty());
}

TEST(Identity, AUnitThatComesAgainIsSaidToAndOnlyOncePerVisit) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 8);
  Station station(spec, 102);
  station.start();
  station.pass_time(15s);
  for (int again = 1; again <= 2; ++again) {
    station.line.pull({port_of(0)});
    station.pass_time(5s);
    station.line.plug({port_of(0)});
    station.pass_time(20s);
    EXPECT_EQ(station.last(port_of(0)).outcome, Outcome::already);
    const auto alarms = remarks(station, RemarkKind::duplicate_id);
    ASSERT_EQ(alarms.size(), static_cast<std::size_t>(again));
    EXPECT_NE(english(alarms.back()).find("was here before"), std::string::npos);
  }
}

TEST(Identities, RetriesOfOneVisitAreNoDuplicates) {
  Identities ids;
  EXPECT_FALSE(ids.saw("a", {{"1-1.1"}, "", "visit"}));
  EXPECT_FALSE(ids.saw("a", {{"1-1.1"}, "", "visit"}));
  EXPECT_FALSE(ids.saw("b", {{"1-1.2"}, "", "other"}));
  EXPECT_TRUE(ids.saw("a", {{"1-1.3"}, "", "third"}));
}

// A unit that was taken out and put in elsewhere is one unit; if the first slot holds it still, they are two.
TEST(Identities, OnlyASlotThatStillHoldsItMakesThemTwo) {
  for (const bool taken_out : {false, true}) {
    Identities ids;
    ids.arrived({"1-1.1"});
    ids.saw("a", {{"1-1.1"}, "A1", "visit"});
    if (taken_out) ids.left({"1-1.1"});
    ids.arrived({"1-1.2"});
    const auto alarm = ids.saw("a", {{"1-1.2"}, "A2", "other"});
    ASSERT_TRUE(alarm);
    EXPECT_EQ(alarm->code, taken_out ? RemarkCode::id_again : RemarkCode::id_twice) << english(*alarm);
  }
}

TEST(Identities, TheOneThatWasNotSeenForLongestIsForgottenFirst) {
  Identities ids;
  const auto see = [&](std::size_t number, const std::string& visit) {
    return ids.saw(std::to_string(number), {{"1-1.1"}, "", visit}).has_value();
  };
  for (std::size_t number = 0; number < Identities::most; ++number) EXPECT_FALSE(see(number, "first"));
  EXPECT_TRUE(see(0, "second")) << "all are remembered";
  for (std::size_t number = 1; number <= 3; ++number) EXPECT_FALSE(see(Identities::most + number, "third"));
  EXPECT_TRUE(see(0, "third")) << "it was seen not long ago";
  EXPECT_TRUE(see(4, "third"));
  for (std::size_t number = 1; number <= 3; ++number) EXPECT_FALSE(see(number, "third")) << number;
}

// ---- what was left unfinished

class Owing : public Station {
 public:
  // A unit that was pulled while it was to prove its boot, and whose visit is over.
  Owing() : Station(spec(), 102, [](config::Recipe& recipe) { recipe.enter_dfu = false; }) {
    start();
    until([&] { return count_arrived() == 2; });
    pass_time(300ms);
    line.pull({port_of(0)});
    pass_time(10s);
  }
  static dfu::virt::LineSpec spec() {
    dfu::virt::LineSpec two = dfu::virt::photon_line(2, 8);
    two.units[0].id = one_id;
    two.units[1].starts = dfu::virt::Starts::absent;
    return two;
  }
};

TEST(Identity, AProofThatIsOwedIsFinishedAtTheUnitsNextInsertionInAnySlot) {
  for (const int slot : {0, 1}) {
    SCOPED_TRACE(slot);
    Owing station;
    ASSERT_EQ(station.last(port_of(0)).fault->code, FaultCode::pulled_before_proof);
    if (slot == 1) {
      std::optional<VirtualUnit> carried;
      station.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) { carried = unit; });
      station.line.with_unit({port_of(1)}, [&](VirtualUnit& unit) { unit = *carried; });
    }
    station.line.plug({port_of(slot)});
    station.pass_time(20s);
    const AttemptFinished& end = station.last(port_of(slot));
    EXPECT_EQ(end.outcome, Outcome::passed);
    EXPECT_EQ(end.verified, true);
    EXPECT_EQ(end.booted, true);
    EXPECT_EQ(end.steps[0].written_bytes, 0u);
    const auto said = remarks(station, RemarkKind::proof);
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(said[0].attempt, end.started.attempt);
    // Then no proof is pending.
    station.line.pull({port_of(slot)});
    station.pass_time(10s);
    const auto attempts = station.watcher.attempts[{port_of(slot)}].size();
    station.line.plug({port_of(slot)});
    station.pass_time(20s);
    EXPECT_EQ(station.watcher.attempts[{port_of(slot)}].size(), attempts);
  }
}

TEST(Identity, AnotherUnitOwesNothing) {
  Owing station;
  station.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) {
    const dfu::Bytes held = unit.flash().bytes();
    unit = VirtualUnit(spec_of(0, 8, "aa002c001847353236343033"), dfu::virt::Flash(held));
  });
  const auto attempts = station.watcher.attempts[{port_of(0)}].size();
  station.line.plug({port_of(0)});
  station.pass_time(20s);
  EXPECT_EQ(station.watcher.attempts[{port_of(0)}].size(), attempts) << "it is left alone";
}

// The proof that is pending says nothing about what was done to the unit meanwhile.
TEST(Identity, APendingProofEndsWhenTheUnitHoldsAnotherBuildByThen) {
  for (const auto away : {10s, 3600s}) {
    Owing station;
    station.pass_time(away);
    put_in_its_place(station, running_unit(8, one_id, *another_build(102)));
    station.pass_time(30s);
    const AttemptFinished& end = station.last(port_of(0));
    EXPECT_EQ(end.outcome, Outcome::failed);
    ASSERT_TRUE(end.fault);
    EXPECT_EQ(end.fault->code, FaultCode::wrong_firmware) << end.fault->text;
    EXPECT_EQ(end.booted, false);
    EXPECT_FALSE(station.holds_recipe(port_of(0)));
  }
}

TEST(Identity, AHalfWrittenUnitIsSpokenOfAtTheNextInsertion) {
  Station station(dfu::virt::photon_line(1, 8), 102);
  station.start();
  station.until([&] {
    bool wrote = false;
    station.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) { wrote = unit.blocks() >= 3; });
    return wrote;
  });
  station.line.pull({port_of(0)});
  station.pass_time(30s);
  EXPECT_EQ(station.last(port_of(0)).outcome, Outcome::failed);
  EXPECT_TRUE(remarks(station, RemarkKind::partial_flash).empty());
  station.line.plug({port_of(0)});
  station.pass_time(20s);
  EXPECT_EQ(station.last(port_of(0)).outcome, Outcome::passed);
  const auto said = remarks(station, RemarkKind::partial_flash);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].attempt, station.last(port_of(0)).started.attempt);
  station.line.pull({port_of(0)});
  station.pass_time(10s);
  station.line.plug({port_of(0)});
  station.pass_time(20s);
  EXPECT_EQ(remarks(station, RemarkKind::partial_flash).size(), 1u) << "it is whole now";
}

}  // namespace
}  // namespace scheduler
