// Units in application mode are brought into DFU mode, flashed and followed by their port.
#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"
#include "tests/scheduler/open_attempts.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using dfu::FaultCode;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using fleet::Fleet;
using fleet::port_of;

const fleet::Sizes small{20000, 12000, 8000};
const fleet::Sizes older{16000, 12000, 9000, 1};

std::shared_ptr<config::Recipe> entering(std::shared_ptr<config::Recipe> recipe = fleet::photon_recipe(small)) {
  recipe->enter_dfu = true;
  return recipe;
}

// One Photon that runs an older release.
class Running : public Fleet {
 public:
  explicit Running(int generation, std::vector<dfu::virt::FaultSpec> faults = {},
                   std::shared_ptr<config::Recipe> recipe = entering())
      : Fleet(spec(generation, std::move(faults)), std::move(recipe)) {
    run_application(port_of(0), *fleet::photon_recipe(older));
  }

  static dfu::virt::LineSpec spec(int generation, std::vector<dfu::virt::FaultSpec> faults) {
    dfu::virt::LineSpec spec = dfu::virt::photon_line(1, generation);
    spec.units[0].faults = std::move(faults);
    return spec;
  }
};

class EnterDfuOfEachGeneration : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Photon, EnterDfuOfEachGeneration, testing::ValuesIn(dfu::virt::generation_numbers()));

TEST_P(EnterDfuOfEachGeneration, AUnitThatRunsItsApplicationIsFlashedInOneVisitAndOneAttempt) {
  Running fleet(GetParam());
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 1);
  EXPECT_EQ(totals->units, 1);
  EXPECT_EQ(totals->attempts, 1);
  const AttemptFinished& end = fleet.last(port_of(0));
  EXPECT_EQ(end.started.unit.id, (dfu::UsbId{0x2B04, 0xC006})) << "as it showed itself before it was touched";
  EXPECT_EQ(end.verified, true);
  EXPECT_EQ(end.booted, true);
  EXPECT_GE(end.serials.size(), GetParam() >= 8 ? 2u : 1u);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
  EXPECT_TRUE(fleet.runs_application(port_of(0)));
}

TEST(EnterDfu, ADryRunLeavesUnitsInApplicationModeAlone) {
  Running fleet(8);
  fleet.options.dry_run = true;
  ASSERT_TRUE(fleet.run());
  EXPECT_EQ(fleet.transfers(port_of(0)), 0u);
}

TEST(EnterDfu, AnApplicationOfAnotherKindIsNeverOpened) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 8);
  spec.units[0].profile = "p1";
  Fleet fleet(spec, entering());
  ASSERT_TRUE(fleet.run());
  EXPECT_EQ(fleet.transfers(port_of(0)), 0u);
  EXPECT_EQ(fleet.totals->units, 0);
}

// The first touches come within the unit's first second, in which it does not notice them.
TEST(EnterDfu, AUnitPluggedInUnderTheLineIsTouchedUntilItNotices) {
  Running fleet(8);
  fleet.line.pull({port_of(0)});
  fleet.options.stay = true;
  fleet.start();
  fleet.clock.run(1s);
  fleet.line.plug({port_of(0)});
  fleet.clock.run(20s);
  ASSERT_EQ(fleet.watcher.verdicts[{port_of(0)}].size(), 1u);
  EXPECT_EQ(fleet.watcher.verdicts[{port_of(0)}][0].outcome, Outcome::passed);
  EXPECT_EQ(fleet.watcher.verdicts[{port_of(0)}][0].attempts, 1);
  int visits = 0;
  for (const Record& record : fleet.recorder.records) visits += std::holds_alternative<VisitStarted>(record);
  EXPECT_EQ(visits, 1) << "its own coming and going is no insertion";
}

TEST(EnterDfu, AnApplicationWithoutASerialPortGoesByTheVendorRequestOfItsFirmware) {
  for (const std::uint16_t version : {105, 207, 301, 1102}) {
    SCOPED_TRACE(version);
    const auto recipe = entering();
    recipe->policy.downgrade = config::Downgrade::allow;
    Running fleet(12, {{FaultKind::stall, {FaultPoint::Kind::request, 1}, 1}}, recipe);
    fleet.run_application(port_of(0), *fleet::photon_recipe({16000, 12000, 9000, version}));
    ASSERT_TRUE(fleet.run());
    EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::passed);
    EXPECT_EQ(fleet.totals->attempts, 1);
  }
}

TEST(EnterDfu, AUnitThatWillNotGoIsAFaultThatSaysWhatToDoAndKeepsItsFirmware) {
  Running fleet(3, {{FaultKind::stall, {FaultPoint::Kind::request, 1}, 1000}});
  ASSERT_TRUE(fleet.run());
  const AttemptFinished& end = fleet.last(port_of(0));
  EXPECT_EQ(end.outcome, Outcome::failed);
  EXPECT_EQ(end.fault->code, FaultCode::leave_refused);
  EXPECT_EQ(end.fault->operation, dfu::OperationKind::enter);
  EXPECT_NE(end.fault->text.find("buttons"), std::string::npos);
  EXPECT_EQ(end.verified, false);
  EXPECT_EQ(end.booted, false);
  EXPECT_TRUE(fleet.runs_application(port_of(0)));
}

TEST(EnterDfu, AUnitThatDoesNotComeBackInDfuModeIsNotBack) {
  Running fleet(8, {{FaultKind::never_back, {FaultPoint::Kind::request, 1}, 1}});
  ASSERT_TRUE(fleet.run());
  const AttemptFinished& end = fleet.last(port_of(0));
  EXPECT_EQ(end.fault->code, FaultCode::not_back);
  EXPECT_EQ(end.fault->operation, dfu::OperationKind::enter);
}

// A unit that resets itself on the way runs its application again: it is asked again, and not for ever.
TEST(EnterDfu, AUnitThatResetsOnTheWayIsAskedAgain) {
  Running fleet(8, {{FaultKind::late, {FaultPoint::Kind::request, 1}, 1}});
  ASSERT_TRUE(fleet.run());
  EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::passed);
  Running never(8, {{FaultKind::late, {FaultPoint::Kind::request, 1}, 1000}});
  ASSERT_TRUE(never.run());
  EXPECT_EQ(never.last(port_of(0)).fault->code, FaultCode::leave_refused);
}

// Plain DFU 1.1: by DETACH, with and without the host's reset.
TEST(EnterDfu, PlainUnitsDetachWithAndWithoutAReset) {
  for (const bool will_detach : {true, false}) {
    SCOPED_TRACE(will_detach);
    const auto firmware = [](std::uint8_t filling) {
      dfu::Bytes bytes(20000, filling);
      auto recipe = std::make_shared<config::Recipe>();
      recipe->profile = *dfu::find_profile("dfu11");
      recipe->layout = std::get<dfu::Layout>(dfu::lay_out({{"firmware", dfu::make_image("f.bin", bytes), 0, {}}},
                                                          *dfu::parse_memory_map(recipe->profile.map)));
      recipe->enter_dfu = true;
      return recipe;
    };
    dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 8);
    spec.units[0].profile = "dfu11";
    spec.units[0].will_detach = will_detach;
    spec.units[0].manifestation_tolerant = true;
    Fleet fleet(spec, firmware(1));
    fleet.options.stay = true;
    fleet.start();
    fleet.clock.run(20s);
    ASSERT_EQ(fleet.last(port_of(0)).outcome, Outcome::passed) << fleet.last(port_of(0)).fault->text;
    fleet.engine->reload({firmware(2), {}, fleet.options.settings.station});
    fleet.line.pull({port_of(0)});
    fleet.clock.run(30s);
    fleet.line.plug({port_of(0)});
    fleet.clock.run(60s);
    ASSERT_EQ(fleet.watcher.attempts[{port_of(0)}].size(), 2u);
    const AttemptFinished& end = fleet.last(port_of(0));
    EXPECT_EQ(end.started.unit.id, (dfu::UsbId{0x1209, 0x0002}));
    EXPECT_EQ(end.outcome, Outcome::passed) << end.fault->text;
    EXPECT_EQ(end.verified, true);
  }
}

// Power is cut after each transfer of entering, surveying, flashing and leaving.
TEST(EnterDfu, EveryVerdictIsTrueWhereverThePowerIsCut) {
  for (const int generation : {3, 12}) {
    std::uint32_t all = 0;
    {
      Running fleet(generation);
      ASSERT_TRUE(fleet.run());
      all = fleet.transfers(port_of(0));
    }
    ASSERT_GT(all, 50u);
    for (std::uint32_t n = 1; n <= all; ++n) {
      SCOPED_TRACE("generation " + std::to_string(generation) + ", cut after transfer " + std::to_string(n));
      Running fleet(generation);
      fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) { unit.cut_after(n); });
      ASSERT_TRUE(fleet.run());
      const AttemptFinished& end = fleet.last(port_of(0));
      EXPECT_EQ(end.outcome, Outcome::failed);
      ASSERT_TRUE(end.fault);
      EXPECT_TRUE(end.fault->code == FaultCode::unit_gone || end.fault->code == FaultCode::not_back)
          << to_string(end.fault->code);
      if (*end.verified) {
        EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
      }
      fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
        dfu::virt::Flash copy = unit.flash();
        const auto boots = dfu::virt::photon_boot(copy).outcome;
        EXPECT_NE(boots, dfu::virt::BootOutcome::crash);
        EXPECT_NE(boots, dfu::virt::BootOutcome::reset_loop);
      });
    }
  }
}

// A stop at any moment of entering ends in a recorded state within fifteen seconds.
TEST(EnterDfu, AStopAtAnyMomentEndsTheAttemptWithinFifteenSeconds) {
  for (const StopKind kind : {StopKind::safe_point, StopKind::at_once}) {
    for (dfu::Duration at = 10ms; at < 9s; at += 70ms) {
      SCOPED_TRACE(std::to_string(at.count()));
      Running fleet(8);
      fleet.start();
      fleet.clock.run(at);
      fleet.engine->stop(kind);
      fleet.clock.run(at + 15s);
      ASSERT_TRUE(fleet.totals);
      EXPECT_EQ(fleet::open_attempts(fleet), 0);
    }
  }
}

}  // namespace
}  // namespace scheduler
