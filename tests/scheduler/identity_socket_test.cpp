// A socket is no unit: what is put into it is not what was there before.
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

TEST(Identity, AFreshUnitPutInPlaceOfAPassedOneWithinTheInsertionTimeIsFlashedInAVisitOfItsOwn) {
  for (const int generation : {3, 8, 12}) {
    for (const auto pause : {500ms, 1000ms, 1500ms}) {
      SCOPED_TRACE(std::to_string(generation) + " after " + std::to_string(pause.count()));
      Station station(dfu::virt::photon_line(1, generation), 102);
      station.start();
      station.pass_time(15s);
      ASSERT_EQ(station.last(port_of(0)).outcome, Outcome::passed);
      station.line.pull({port_of(0)});
      station.pass_time(pause);
      ASSERT_TRUE(station.line.fresh({port_of(0)}));
      station.pass_time(20s);
      const auto& attempts = station.watcher.attempts[{port_of(0)}];
      ASSERT_EQ(attempts.size(), 2u);
      EXPECT_EQ(attempts[1].outcome, Outcome::passed);
      EXPECT_EQ(attempts[1].steps[0].written_bytes, 20000u);
      EXPECT_NE(attempts[1].started.visit, attempts[0].started.visit) << "a label must not join the two";
      EXPECT_TRUE(station.holds_recipe(port_of(0)));
      EXPECT_EQ(recorded<VisitStarted>(station).size(), 2u);
      EXPECT_EQ(recorded<VisitEnded>(station).size(), 1u);
    }
  }
}

// Its system shows no id, so that nothing but the absence tells it from another one.
TEST(Identity, AUnitWithoutAnIdThatKeepsResettingItselfIsSoonLeftAlone) {
  Station station(dfu::virt::photon_line(1, 3), 3);
  station.start();
  station.pass_time(15s);
  for (int i = 0; i < 12; ++i) {
    station.line.pull({port_of(0)});
    station.pass_time(20ms);
    station.line.plug({port_of(0)});
    station.pass_time(20s);
  }
  const auto& attempts = station.watcher.attempts[{port_of(0)}];
  EXPECT_LE(attempts.size(), 5u);
  std::uint32_t written = 0;
  for (const AttemptFinished& end : attempts) written += end.steps[0].written_bytes;
  EXPECT_EQ(written, 20000u) << "written once";
  ASSERT_EQ(remarks(station, RemarkKind::identity).size(), 1u);
  station.line.pull({port_of(0)});
  station.pass_time(5s);
  ASSERT_TRUE(station.line.fresh({port_of(0)}));
  station.pass_time(20s);
  EXPECT_EQ(station.last(port_of(0)).outcome, Outcome::passed) << "the port was empty for long enough";
}

TEST(Identity, AfterAPortWasEmptyForLongEnoughQuickReturnsAreCountedFromTheStart) {
  Station station(dfu::virt::photon_line(1, 3), 3);
  station.start();
  station.pass_time(15s);
  const auto reset_itself = [&] {
    station.line.pull({port_of(0)});
    station.pass_time(20ms);
    station.line.plug({port_of(0)});
    station.pass_time(20s);
  };
  const auto& attempts = station.watcher.attempts[{port_of(0)}];
  for (int i = 0; i < 12; ++i) reset_itself();
  station.line.pull({port_of(0)});
  station.pass_time(5s);
  station.line.plug({port_of(0)});
  station.pass_time(20s);
  const std::size_t before = attempts.size();
  reset_itself();
  EXPECT_EQ(attempts.size(), before + 1);
}

// Board after board is exchanged while it is flashed, by a hand that is quicker or slower than `insert_after`.
TEST(Identity, EachBoardThatIsPutInWhileItsPredecessorIsFlashedGetsAVisitOfItsOwn) {
  for (const int generation : {3, 12}) {
    for (const auto pause : {300ms, 1500ms, 3300ms}) {
      if (generation == 3 && pause < 2s) continue;  // it shows no id: it may be one unit that resets itself
      SCOPED_TRACE(std::to_string(generation) + " after " + std::to_string(pause.count()));
      Station station(dfu::virt::photon_line(1, generation), 102);
      station.start();
      const auto& attempts = station.watcher.attempts[{port_of(0)}];
      for (std::size_t board = 0; board < 6; ++board) {
        for (int i = 0; i < 300 && recorded<AttemptStarted>(station).size() == board; ++i) station.pass_time(100ms);
        for (const Remark& one : remarks(station, RemarkKind::identity)) ADD_FAILURE() << english(one);
        ASSERT_GT(recorded<AttemptStarted>(station).size(), board)
            << "board " << board << " gets its visit; the last attempt before it: "
            << (attempts.empty() || !attempts.back().fault ? "" : attempts.back().fault->text);
        station.pass_time(1s);
        station.line.pull({port_of(0)});
        station.pass_time(pause);
        ASSERT_TRUE(station.line.fresh({port_of(0)}));
      }
      station.pass_time(30s);
      EXPECT_EQ(attempts.back().outcome, Outcome::passed);
      EXPECT_TRUE(station.holds_recipe(port_of(0)));
      EXPECT_TRUE(remarks(station, RemarkKind::identity).empty());
    }
  }
}

// While its port is off, another unit takes the socket.
TEST(Identity, ARunningUnitThatTakesTheSocketDuringRecoveryDoesNotPassForTheVerifiedOne) {
  for (const int generation : {3, 8, 12}) {
    for (const std::uint16_t version : {3, 102}) {
      SCOPED_TRACE(std::to_string(generation) + ", system " + std::to_string(version));
      dfu::virt::LineSpec spec = dfu::virt::photon_line(1, generation);
      spec.units[0].id = one_id;
      spec.units[0].faults = {{dfu::virt::FaultKind::wedge, {dfu::virt::FaultPoint::Kind::leave, 0}, 1}};
      Station station(spec, version);
      station.start();
      station.until([&] { return station.count_left() == 1; });
      station.line.pull({port_of(0)});
      station.pass_time(500ms);
      put_in_its_place(station, running_unit(generation, other_id, *another_build(version)));
      station.pass_time(60s);
      bool claimed = false;
      for (const AttemptFinished& end : station.watcher.attempts[{port_of(0)}]) {
        const bool passed = end.outcome == Outcome::passed || end.outcome == Outcome::already;
        claimed = claimed || (passed && end.steps[0].written_bytes == 0);
      }
      EXPECT_FALSE(claimed);
      EXPECT_EQ(station.last(port_of(0)).outcome, Outcome::passed) << "flashed in a visit of its own";
      EXPECT_TRUE(station.holds_recipe(port_of(0)));
    }
  }
}

TEST(Identity, ARunningUnitThatComesLaterThanAResetTakesIsReadBeforeItPasses) {
  for (const int generation : {3, 8}) {
    for (const bool same_bytes : {true, false}) {
      SCOPED_TRACE(std::to_string(generation) + (same_bytes ? ", same bytes" : ", another build"));
      dfu::virt::LineSpec spec = dfu::virt::photon_line(1, generation);
      spec.units[0].id = one_id;
      Station station(spec, 3);
      station.start();
      station.until([&] { return station.count_left() == 1; });
      station.line.pull({port_of(0)});
      station.pass_time(5s);
      put_in_its_place(station, running_unit(generation, other_id,
                                             same_bytes ? *station.options.settings.recipe : *another_build(3)));
      station.pass_time(30s);
      const auto& attempts = station.watcher.attempts[{port_of(0)}];
      if (same_bytes && generation == 3) {
        EXPECT_EQ(attempts.back().outcome, Outcome::passed);
        EXPECT_EQ(attempts.back().identity, Evidence::reread);
      } else {
        ASSERT_TRUE(attempts[0].fault);
        EXPECT_EQ(attempts[0].fault->code, FaultCode::unit_swapped) << attempts[0].fault->text;
        EXPECT_EQ(attempts[0].booted, false);
      }
      EXPECT_TRUE(station.holds_recipe(port_of(0)));
    }
  }
}

// It runs, and does not go into DFU mode: what it holds is never read, at the next attempt neither.
TEST(Identity, AUnitInDoubtThatCannotBeReadOnceMoreIsInDoubtAtTheNextAttemptToo) {
  using dfu::virt::FaultKind, dfu::virt::FaultPoint;
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 3);
  spec.units[0].id = one_id;
  Station station(spec, 3);
  station.start();
  station.until([&] { return station.count_left() == 1; });
  station.line.pull({port_of(0)});
  station.pass_time(5s);
  VirtualUnit other = running_unit(3, other_id, *another_build(3));
  other.add_fault({FaultKind::stall, {FaultPoint::Kind::request, 1}, 1000});
  put_in_its_place(station, other);
  station.pass_time(180s);
  const auto& attempts = station.watcher.attempts[{port_of(0)}];
  ASSERT_GE(attempts.size(), 2u);
  for (const AttemptFinished& end : attempts) {
    EXPECT_EQ(end.outcome, Outcome::failed) << end.started.number;
    EXPECT_EQ(end.booted, false) << end.started.number;
  }
  EXPECT_EQ(attempts[1].fault->code, FaultCode::leave_refused) << attempts[1].fault->text;
}

// The departure is told at the worst moments: before the attempt has opened the unit, and while it closes it. What
// comes to the port then is another unit, as far as anybody knows.
TEST(Identity, AUnitThatLeavesBetweenTwoTasksIsNotTakenForTheNextOneOnItsPort) {
  for (const bool while_closing : {false, true}) {
    SCOPED_TRACE(while_closing ? "while it is closed" : "while the start is recorded");
    VisitOptions options{
        .port = {port_of(0)}, .setting = {}, .new_id = [n = 0]() mutable { return "id-" + std::to_string(++n); }};
    options.setting.recipe = fleet::photon_recipe(small(3));
    options.setting.insert_after = 2s;
    Visit visit(std::move(options));
    int visits = 0;
    const auto hear = [&](const VisitInput& told, dfu::Duration now) {
      std::vector<VisitEffect> wants = visit.on(told, now);
      for (const VisitEffect& want : wants) {
        const auto* tell = std::get_if<visit_effect::Tell>(&want);
        visits += tell && std::holds_alternative<VisitBegan>(tell->event) ? 1 : 0;
      }
      return wants;
    };
    dfu::UnitInfo unit = VirtualUnit(spec_of(0, 3, one_id)).describe();
    unit.port.text = port_of(0);
    unit.handle = 1;
    hear(visit_input::Arrived{unit}, 1s);
    hear(visit_input::Admitted{}, 1s);
    if (!while_closing) hear(visit_input::Left{1}, 1s);
    hear(visit_input::Recorded{true}, 1s);
    if (while_closing) {
      const std::vector<VisitEffect> talks = hear(visit_input::Opened{}, 1s);
      ASSERT_FALSE(talks.empty());
      const auto& talk = std::get<visit_effect::Talk>(talks.back());
      ASSERT_TRUE(std::dynamic_pointer_cast<IdentifyTask>(talk.task)) << "the first of two tasks";
      hear(visit_input::Talked{}, 1s);
      hear(visit_input::Left{1}, 1s);
      hear(visit_input::Closed{}, 1s);
    }
    hear(visit_input::Opened{{dfu::OpenStatus::gone, ""}}, 1s);
    hear(visit_input::Closed{}, 1s);
    hear(visit_input::Recorded{true}, 1s);
    unit.handle = 2;
    hear(visit_input::Arrived{unit}, 2s);
    EXPECT_EQ(visits, 2) << "its serial is a constant, and nothing says that it is the same unit";
  }
}

TEST(Identity, AUnitWhoseStoredIdIsACopyIsReadOnceMorePassesAndIsAnAlarm) {
  for (const int generation : {3, 7}) {
    dfu::virt::LineSpec spec = dfu::virt::photon_line(1, generation);
    spec.units[0].id = one_id;
    Fleet fleet(spec, fleet::photon_recipe(small(102)));
    fleet.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) {
      dfu::Bytes copy;
      for (std::size_t i = 0; i < other_id.size(); i += 2) {
        copy.push_back(static_cast<std::uint8_t>(std::stoul(other_id.substr(i, 2), nullptr, 16)));
      }
      unit.flash().place(0x08004000 + 3618, copy);
    });
    ASSERT_TRUE(fleet.run());
    const AttemptFinished& end = fleet.last(port_of(0));
    EXPECT_EQ(end.outcome, Outcome::passed) << (end.fault ? end.fault->text : "");
    EXPECT_EQ(end.unit, one_id) << "its own id, not the copy";
    EXPECT_EQ(end.identity, Evidence::reread);
    const auto said = remarks(fleet, RemarkKind::identity);
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(said[0].about, one_id);
    EXPECT_NE(english(said[0]).find(other_id), std::string::npos) << english(said[0]);
  }
}

// ST's ROM is left for whatever program there is: no USB id says what that shows.
TEST(Identity, ADeviceOfAnotherProfileIsNoProofOfBootWhereTheApplicationShowsNoKnownId) {
  auto recipe = std::make_shared<config::Recipe>(
      *dialects::raw_recipe("stm32-rom", dialects::program(0x08000000, 6002), 0x08000000));
  recipe->policy.confirm = config::Confirm::application;
  dfu::virt::LineSpec spec = dialects::line_of({.profile = "stm32-rom"}, 1);
  for (const auto pause : {100ms, 6000ms}) {
    Fleet fleet(spec, recipe);
    fleet.options.stay = true;
    fleet.start();
    const auto left = [](const Event& event) { return std::holds_alternative<UnitLeft>(event); };
    while (std::ranges::none_of(fleet.watcher.events, left) && fleet.clock.step()) {
    }
    fleet.line.pull({port_of(0)});
    fleet.clock.run(fleet.clock.now() + pause);
    VirtualUnit photon = running_unit(8, other_id, *fleet::photon_recipe(small(102)));
    photon.power_off();
    fleet.line.with_unit({port_of(0)}, [&](VirtualUnit& here) { here = photon; });
    fleet.line.plug({port_of(0)});
    fleet.clock.run(fleet.clock.now() + 30s);
    ASSERT_EQ(fleet.watcher.attempts[{port_of(0)}].size(), 1u);
    const AttemptFinished& end = fleet.last(port_of(0));
    EXPECT_EQ(end.booted, false);
    ASSERT_TRUE(end.fault);
    EXPECT_EQ(end.fault->code, FaultCode::unit_swapped) << end.fault->text;
  }
}

TEST(Identity, EachPassSaysByWhatEvidenceTheUnitIsTheOneThatWasVerified) {
  struct Given {
    int generation;
    std::uint16_t version;
    bool late;
    Evidence wanted;
  };
  for (const Given& given : {Given{3, 3, false, Evidence::reset_time}, Given{3, 3, true, Evidence::reread},
                             Given{8, 102, false, Evidence::id}, Given{8, 102, true, Evidence::id}}) {
    dfu::virt::LineSpec spec = dfu::virt::photon_line(1, given.generation);
    if (given.late) spec.units[0].faults = {{dfu::virt::FaultKind::late, {dfu::virt::FaultPoint::Kind::leave, 0}, 1}};
    Fleet fleet(spec, fleet::photon_recipe(small(given.version)));
    ASSERT_TRUE(fleet.run());
    EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::passed);
    EXPECT_EQ(fleet.last(port_of(0)).identity, given.wanted) << given.generation << given.late;
  }
}

TEST(Identity, AUnitThatIsPulledBeforeItWasBegunHasNoVerdict) {
  Station station(dfu::virt::photon_line(1, 8), 102);
  station.start();
  station.engine->pause(true);
  station.pass_time(1s);
  station.line.pull({port_of(0)});
  station.pass_time(10s);
  EXPECT_TRUE(station.watcher.verdicts[{port_of(0)}].empty());
  const auto over = std::ranges::find_if(station.watcher.events,
                                         [](const Event& event) { return std::holds_alternative<VisitOver>(event); });
  ASSERT_NE(over, station.watcher.events.end());
  EXPECT_TRUE(std::get<VisitOver>(*over).never_begun);
  station.engine->stop(StopKind::drain);
  station.pass_time(1s);
  ASSERT_TRUE(station.totals);
  EXPECT_EQ(station.totals->units, 0);
  EXPECT_EQ(station.totals->failed, 0);
}

}  // namespace
}  // namespace scheduler
