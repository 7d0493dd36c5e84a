#include "scheduler/engine.h"

#include <gtest/gtest.h>

#include "dfu/particle/boot_prediction.h"
#include "scheduler/fault_policy.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::FaultCode;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using dfu::virt::FaultSpec;
using dfu::virt::photon_line;
using fleet::Fleet;
using fleet::port_of;

dfu::virt::LineSpec line_with(int units, int generation, int faulty, FaultSpec fault) {
  dfu::virt::LineSpec spec = photon_line(units, generation);
  spec.units[faulty].faults.push_back(fault);
  return spec;
}

FaultSpec at_block(FaultKind kind, std::uint32_t block) {
  return {kind, {FaultPoint::Kind::block, block}, 1};
}

class EachGeneration : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Engine, EachGeneration, testing::Values(3, 8, 12));

TEST_P(EachGeneration, EightBlankPhotonsPassAndHoldTheRecipeByteForByte) {
  Fleet fleet(photon_line(8, GetParam()));
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->units, 8);
  EXPECT_EQ(totals->passed, 8);
  EXPECT_EQ(totals->attempts, 8);
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(fleet.holds_recipe(port_of(i)));
    const AttemptFinished& last = fleet.last(port_of(i));
    EXPECT_EQ(last.outcome, Outcome::passed);
    EXPECT_FALSE(last.fault);
    EXPECT_EQ(last.verified, true);
    EXPECT_EQ(last.booted, true);
    EXPECT_LE(last.floor_seconds, last.flash_seconds);
    for (const StepDone& step : last.steps) {
      EXPECT_EQ(step.written_bytes, step.bytes);
      EXPECT_EQ(step.unchanged_bytes, 0u);
      EXPECT_EQ(step.erased_sectors, 0u) << "blank sectors are not erased";
      EXPECT_EQ(step.readback, step.image->sha256);
    }
    fleet.line.with_unit({port_of(i)}, [](dfu::virt::VirtualUnit& unit) {
      EXPECT_EQ(unit.last_boot()->outcome, dfu::virt::BootOutcome::application) << unit.last_boot()->reason;
    });
  }
}

TEST_P(EachGeneration, FlashSecondsStayWithinFivePercentOfTheFloor) {
  Fleet fleet(photon_line(1, GetParam()));
  ASSERT_TRUE(fleet.run());
  const AttemptFinished& last = fleet.last(port_of(0));
  EXPECT_LT(last.flash_seconds, last.floor_seconds * 1.05);
}

TEST_P(EachGeneration, AUnitThatHoldsEverythingIsReadOnceAndNotWritten) {
  Fleet fleet(photon_line(1, GetParam()));
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
    for (const dfu::Step& step : fleet.options.settings.recipe->layout.steps) {
      unit.flash().place(step.address, step.image->payload());
    }
  });
  ASSERT_TRUE(fleet.run());
  const AttemptFinished& last = fleet.last(port_of(0));
  EXPECT_EQ(last.outcome, Outcome::already);
  EXPECT_EQ(last.verified, true);
  EXPECT_EQ(last.booted, true);
  EXPECT_LT(last.flash_seconds, last.floor_seconds * 1.05);
  EXPECT_LT(last.flash_seconds, 1.0);
  for (const StepDone& step : last.steps) {
    EXPECT_EQ(step.unchanged_bytes, step.bytes);
    EXPECT_TRUE(step.readback);
  }
  fleet.line.with_unit({port_of(0)}, [](dfu::virt::VirtualUnit& unit) {
    EXPECT_EQ(unit.work().words, 0u);
    EXPECT_EQ(unit.work().erases, 0u);
  });
}

TEST(Engine, OnlyTheSectorThatDiffersIsErasedAndWritten) {
  Fleet fleet(photon_line(1, 8));
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
    for (const dfu::Step& step : fleet.options.settings.recipe->layout.steps) {
      unit.flash().place(step.address, step.image->payload());
    }
    const dfu::Bytes wrong{0x5A};
    unit.flash().place(0x08041234, wrong);  // in the second sector of system part 1
  });
  ASSERT_TRUE(fleet.run());
  const AttemptFinished& last = fleet.last(port_of(0));
  EXPECT_EQ(last.outcome, Outcome::passed);
  EXPECT_EQ(last.steps[0].erased_sectors, 1u);
  EXPECT_EQ(last.steps[0].unchanged_bytes, 0x20000u);
  EXPECT_EQ(last.steps[0].written_bytes, last.steps[0].bytes - 0x20000u);
  EXPECT_EQ(last.steps[1].written_bytes, 0u);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
}

TEST(Engine, RewriteErasesAndWritesEverythingAgain) {
  auto recipe = fleet::photon_recipe();
  recipe->policy.unchanged = config::Unchanged::rewrite;
  Fleet fleet(photon_line(1, 8), recipe);
  ASSERT_TRUE(fleet.run());
  int sectors = 0;
  for (const StepDone& step : fleet.last(port_of(0)).steps) sectors += static_cast<int>(step.erased_sectors);
  EXPECT_EQ(sectors, 5);
  const auto& fault = fleet.last(port_of(0)).fault;
  EXPECT_FALSE(fault) << fault->text;
  EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::passed);
}

// Generation 3 hides write errors and a corrupted byte alike: only the read-back sees them.
TEST(Engine, ASilentlyCorruptedByteIsFoundAtItsAddressAndMendedByTheSecondAttempt) {
  const std::uint32_t address = 0x08061234;
  const FaultSpec corrupt{FaultKind::corrupt, {FaultPoint::Kind::address, address}, 1};
  Fleet fleet(line_with(3, 3, 1, corrupt));
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 3);
  EXPECT_EQ(totals->attempts, 4);
  const auto& attempts = fleet.watcher.attempts[{port_of(1)}];
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].outcome, Outcome::failed);
  EXPECT_EQ(attempts[0].fault->code, FaultCode::verify_mismatch);
  EXPECT_EQ(attempts[0].fault->address, address);
  EXPECT_EQ(attempts[0].fault->step, "system-part2");
  EXPECT_EQ(attempts[0].verified, false);
  EXPECT_EQ(attempts[1].started.number, 2);
  EXPECT_EQ(attempts[1].started.visit, attempts[0].started.visit);
  EXPECT_EQ(attempts[1].outcome, Outcome::passed);
  EXPECT_EQ(attempts[1].steps[0].written_bytes, 0u) << "what was right is left alone";
  EXPECT_TRUE(fleet.holds_recipe(port_of(1)));
}

TEST(Engine, AUnitPulledAtBlock40IsGoneAndItsNeighboursPass) {
  Fleet fleet(line_with(8, 3, 2, at_block(FaultKind::unplug, 40)));
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 7);
  EXPECT_EQ(totals->failed, 1);
  const AttemptFinished& last = fleet.last(port_of(2));
  EXPECT_EQ(last.fault->code, FaultCode::unit_gone);
  EXPECT_EQ(last.fault->step, "system-part1");
  EXPECT_EQ(about(last.fault->code), About::cable);
  EXPECT_FALSE(fleet.holds_recipe(port_of(2)));
}

TEST(Engine, AUnitHungInDnbusyFailsWithinItsLimitAndItsNeighboursKeepTheirTimes) {
  Fleet alone(photon_line(4, 3));
  Fleet fleet(line_with(4, 3, 2, at_block(FaultKind::hang, 40)));
  fleet.options.hubs = nullptr;  // only power ends a hang
  ASSERT_TRUE(alone.run());
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 3);
  EXPECT_EQ(totals->failed, 1);
  const auto& attempts = fleet.watcher.attempts[{port_of(2)}];
  ASSERT_EQ(attempts.size(), 1u) << "a unit that does not get out of it is not tried again";
  EXPECT_EQ(attempts[0].fault->code, FaultCode::busy_timeout);
  EXPECT_LT(attempts[0].flash_seconds, 12);
  for (const int neighbour : {0, 1, 3}) {
    EXPECT_DOUBLE_EQ(fleet.last(port_of(neighbour)).flash_seconds, alone.last(port_of(neighbour)).flash_seconds);
  }
}

TEST(Engine, AStalledBlockIsAWriteFailureAndTheSecondAttemptPasses) {
  for (const int generation : {8, 12}) {
    Fleet fleet(line_with(1, generation, 0, at_block(FaultKind::stall, 7)));
    ASSERT_TRUE(fleet.run());
    const auto& attempts = fleet.watcher.attempts[{port_of(0)}];
    ASSERT_EQ(attempts.size(), 2u);
    EXPECT_EQ(attempts[0].fault->code, FaultCode::write_failed);
    EXPECT_EQ(attempts[1].outcome, Outcome::passed);
  }
}

TEST(Engine, AttemptsAreRecordedBeforeTheUnitIsTouchedAndEndedOnce) {
  Fleet fleet(photon_line(3, 8));
  ASSERT_TRUE(fleet.run());
  std::map<std::string, int> state;  // 1: started, 2: ended
  for (const Record& record : fleet.recorder.records) {
    if (const auto* started = std::get_if<AttemptStarted>(&record)) {
      EXPECT_EQ(state[started->attempt]++, 0);
    }
    if (const auto* ended = std::get_if<AttemptFinished>(&record)) {
      EXPECT_EQ(state[ended->started.attempt]++, 1);
    }
  }
  EXPECT_EQ(state.size(), 3u);
  for (const auto& [attempt, count] : state) EXPECT_EQ(count, 2) << attempt;
}

TEST(Engine, WhenRecordsCannotBeWrittenFromTheStartNoUnitIsTouched) {
  Fleet fleet(photon_line(4, 8));
  fleet.recorder.broken_from = 0;
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_TRUE(totals->records_lost);
  EXPECT_EQ(totals->passed, 0);
  for (int i = 0; i < 4; ++i) {
    fleet.line.with_unit({port_of(i)}, [](dfu::virt::VirtualUnit& unit) { EXPECT_EQ(unit.transfers(), 0u); });
  }
}

TEST(Engine, AVerdictThatCannotBeRecordedIsNeverAPass) {
  for (std::size_t broken = 0; broken < 12; ++broken) {
    Fleet fleet(photon_line(4, 8));
    fleet.recorder.broken_from = broken;
    const auto totals = fleet.run();
    ASSERT_TRUE(totals);
    EXPECT_TRUE(totals->records_lost);
    int recorded = 0;
    for (const Record& record : fleet.recorder.records) {
      const auto* ended = std::get_if<AttemptFinished>(&record);
      recorded += ended && ended->outcome == Outcome::passed;
    }
    EXPECT_EQ(totals->passed, recorded) << broken;
  }
}

TEST(Engine, ALineWithoutUnitsOfTheRecipeIsDoneAtOnce) {
  Fleet fleet(photon_line(0, 3));
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->units, 0);
}

TEST(Engine, UnitsInApplicationModeAreLeftAlone) {
  dfu::virt::LineSpec spec = photon_line(2, 8);
  spec.units[0].starts = dfu::virt::Starts::absent;
  Fleet fleet(spec);
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
    for (const dfu::Step& step : fleet.options.settings.recipe->layout.steps) {
      unit.flash().place(step.address, step.image->payload());
    }
  });
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->units, 1);
  EXPECT_EQ(totals->passed, 1);
}

TEST(Engine, OnlyTheAskedForPortsAreTouched) {
  Fleet fleet(photon_line(3, 8));
  fleet.options.only_ports = {{port_of(1)}};
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->units, 1);
  fleet.line.with_unit({port_of(0)}, [](dfu::virt::VirtualUnit& unit) { EXPECT_EQ(unit.transfers(), 0u); });
}

TEST(Engine, ADryRunReadsAndJudgesButWritesAndRecordsNothing) {
  Fleet fleet(photon_line(2, 8));
  fleet.options.dry_run = true;
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->units, 2);
  EXPECT_EQ(totals->attempts, 0);
  EXPECT_TRUE(fleet.recorder.records.empty());
  int judged = 0;
  for (const Event& event : fleet.watcher.events) {
    const auto* one = std::get_if<Judged>(&event);
    if (!one) continue;
    ++judged;
    EXPECT_FALSE(one->refusal);
    EXPECT_EQ(one->bytes_to_write, 248732u + 151192u + 86192u);
  }
  EXPECT_EQ(judged, 2);
  fleet.line.with_unit({port_of(0)}, [](dfu::virt::VirtualUnit& unit) { EXPECT_EQ(unit.work().words, 0u); });
}

// A screen that shows how fast a unit gets on needs the three beside the percentage.
TEST(Engine, ProgressTellsTheBytesOnTheWireTheirFloorAndTheTimeTheyTook) {
  Fleet fleet(photon_line(1, 8));
  ASSERT_TRUE(fleet.run());
  Progress last;
  int surveying = 0;
  for (const Event& event : fleet.watcher.events) {
    const auto* one = std::get_if<Progress>(&event);
    if (!one) continue;
    if (one->phase == dfu::OperationKind::survey && one->bytes > 0) ++surveying;
    EXPECT_GE(one->bytes, last.bytes);
    EXPECT_GE(one->floor_seconds, last.floor_seconds);
    EXPECT_GE(one->elapsed_seconds, one->floor_seconds - 1e-6);
    last = *one;
  }
  EXPECT_GT(surveying, 1) << "a survey has no percentage, and its pace is told all the same";
  EXPECT_EQ(last.phase, dfu::OperationKind::leave);
  const auto heads = dfu::particle::places(dfu::particle::Platform::photon).size() * dfu::particle::place_bytes;
  EXPECT_EQ(last.bytes, heads + 3u * (248732 + 151192 + 86192)) << "headers; surveyed, written, read back";
  EXPECT_NEAR(last.floor_seconds, fleet.last(port_of(0)).floor_seconds, 0.01);
}

TEST(Engine, AVisitIsToldFromItsBeginning) {
  Fleet fleet(photon_line(2, 8));
  ASSERT_TRUE(fleet.run());
  std::vector<std::string> told;
  for (const Event& event : fleet.watcher.events) {
    if (const auto* began = std::get_if<VisitBegan>(&event); began && began->port.text == port_of(1)) {
      told.push_back("visit " + began->visit);
    }
    const auto* attempt = std::get_if<AttemptBegan>(&event);
    if (attempt && attempt->started.port.text == port_of(1)) told.push_back("attempt of " + attempt->started.visit);
  }
  ASSERT_EQ(told.size(), 2u);
  EXPECT_TRUE(told[0].starts_with("visit "));
  EXPECT_EQ(told[1], "attempt of " + told[0].substr(6));
}

TEST(Engine, AUnitThatMayNotBeOpenedIsAnErrorOfTheStationAndTheOthersPass) {
  Fleet fleet(photon_line(3, 8));
  fleet.line.refuse_open({port_of(1)}, dfu::OpenStatus::access_denied, 5);
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 2);
  EXPECT_EQ(totals->error, 1);
  EXPECT_EQ(totals->access_denied, 1);
  EXPECT_EQ(fleet.last(port_of(1)).fault->code, FaultCode::access_denied);
  EXPECT_EQ(fleet.watcher.attempts[{port_of(1)}].size(), 1u) << "a missing permission does not go away by trying again";
}

TEST(Engine, ADryRunCountsTheUnitsThatMayNotBeOpened) {
  Fleet fleet(photon_line(2, 8));
  fleet.options.dry_run = true;
  for (const int unit : {0, 1}) fleet.line.refuse_open({port_of(unit)}, dfu::OpenStatus::access_denied, 5);
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->units, 2);
  EXPECT_EQ(totals->access_denied, 2);
}

TEST(Engine, StopEndsEveryAttemptInARecordedStateWithinFifteenSeconds) {
  for (int tenths = 0; tenths < 60; tenths += 3) {
    for (const bool at_once : {false, true}) {
      Fleet fleet(photon_line(4, 3));
      fleet.start();
      fleet.clock.run(std::chrono::milliseconds(100) * tenths);
      const dfu::Duration stopped = fleet.clock.now();
      fleet.engine->stop(at_once ? StopKind::at_once : StopKind::safe_point);
      while (!fleet.totals && fleet.clock.step()) {
      }
      ASSERT_TRUE(fleet.totals) << tenths;
      EXPECT_LE(fleet.clock.now() - stopped, std::chrono::seconds(15)) << tenths;
      int open = 0;
      for (const Record& record : fleet.recorder.records) {
        open += std::holds_alternative<AttemptStarted>(record);
        open -= std::holds_alternative<AttemptFinished>(record);
      }
      EXPECT_EQ(open, 0) << tenths;
      for (int i = 0; i < 4; ++i) {
        const auto& attempts = fleet.watcher.attempts[{port_of(i)}];
        if (attempts.empty()) continue;
        const Outcome outcome = attempts.back().outcome;
        EXPECT_TRUE(outcome == Outcome::cancelled || outcome == Outcome::passed) << tenths;
        EXPECT_EQ(attempts.back().verified.value() && !fleet.holds_recipe(port_of(i)), false);
      }
    }
  }
}

TEST(Engine, TheCapAndTheHubsWidthBoundTheUnitsInWork) {
  auto station = std::make_shared<config::StationConfig>();
  station->cap = 5;
  station->hubs = {{"1-1", "left", 2, {}, {}}};
  Fleet fleet(photon_line(14, 8), fleet::photon_recipe({20000, 12000, 8000}), station);
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 14);
  int working = 0, most = 0, left = 0, most_left = 0;
  for (const Event& event : fleet.watcher.events) {
    const auto count = [&](const dfu::PortPath& port, int step) {
      working += step;
      left += port.text.starts_with("1-1.") ? step : 0;
      most = std::max(most, working);
      most_left = std::max(most_left, left);
    };
    if (const auto* began = std::get_if<AttemptBegan>(&event)) count(began->started.port, 1);
    if (const auto* ended = std::get_if<AttemptEnded>(&event)) count(ended->finished.started.port, -1);
  }
  EXPECT_EQ(most, 5);
  EXPECT_EQ(most_left, 2);
}

TEST(Engine, StaggeredStartsBehindOneHubKeepTheirDistance) {
  auto station = std::make_shared<config::StationConfig>();
  station->stagger = std::chrono::milliseconds(500);
  Fleet fleet(photon_line(7, 8), fleet::photon_recipe({20000, 12000, 8000}), station);
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 7);
  EXPECT_GE(fleet.clock.now(), std::chrono::seconds(3));
}

TEST(Engine, FiveHundredUnitsPassInVirtualTime) {
  Fleet fleet(photon_line(500, 12), fleet::photon_recipe({20000, 12000, 8000}));
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 500);
  std::map<std::string, int> why;
  for (const auto& [port, attempts] : fleet.watcher.attempts) {
    if (attempts.back().fault) ++why[attempts.back().fault->text];
  }
  for (const auto& [text, count] : why) ADD_FAILURE() << count << " times: " << text;
}

}  // namespace
}  // namespace scheduler
