// The state of the line, folded from the events of real engines in virtual time, and from made-up ones.
#include "station/live/live_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/live/advice.h"
#include "tests/scheduler/fleet.h"

namespace station {
namespace {

using namespace std::chrono_literals;
using dfu::OperationKind;
using dfu::TransactionTranslator;
using scheduler::Outcome;
using scheduler::fleet::Fleet;
using By = Bottleneck::By;

dfu::virt::LineSpec line_of(int units, TransactionTranslator tt = TransactionTranslator::multi) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(units, 8);
  for (auto& hub : spec.hubs) hub.tt = tt;
  return spec;
}

// An engine on a virtual line, watched by a live line, asked at every step of time.
class Watched {
 public:
  explicit Watched(const dfu::virt::LineSpec& spec, bool stay = false,
                   std::shared_ptr<const config::StationConfig> station = std::make_shared<config::StationConfig>())
      : fleet(spec, recipe(), std::move(station)),
        live({.settings = fleet.options.settings, .topology = fleet.options.topology, .stay = stay}, fleet.clock) {
    fleet.options.stay = stay;
    fleet.watcher.next = &live;
    fleet.start();
  }

  // Units that run their firmware are left alone.
  static std::shared_ptr<config::Recipe> recipe() {
    auto recipe = scheduler::fleet::photon_recipe();
    recipe->enter_dfu = false;
    return recipe;
  }

  LineNow pass_time(dfu::Duration time) {
    fleet.clock.run(fleet.clock.now() + time);
    return live.now();
  }
  // The line every tenth of a second until it has ended.
  std::vector<LineNow> to_the_end() {
    std::vector<LineNow> all;
    while (!fleet.totals && all.size() < 10000) all.push_back(pass_time(100ms));
    return all;
  }

  Fleet fleet;
  LiveLine live;
};

const SlotNow& slot(const LineNow& line, const std::string& port) {
  for (const HubNow& hub : line.hubs) {
    for (const SlotNow& slot : hub.slots) {
      if (slot.port.text == port) return slot;
    }
  }
  ADD_FAILURE() << "there is no slot " << port;
  static const SlotNow none;
  return none;
}

std::size_t count(const std::vector<LineNow>& all, By by) {
  return static_cast<std::size_t>(
      std::ranges::count_if(all, [by](const LineNow& line) { return line.bound.by == by; }));
}

TEST(LiveLine, EmptySlotsOfKnownHubsAreShownInOrderBeforeAnythingHappens) {
  const Watched watched(line_of(9), true);
  const LineNow line = watched.live.now();
  ASSERT_EQ(line.hubs.size(), 2u);
  EXPECT_EQ(line.hubs[0].port.text, "1-1");
  ASSERT_EQ(line.hubs[1].slots.size(), 7u);
  EXPECT_EQ(line.hubs[1].slots[6].port.text, "1-2.7");
  EXPECT_EQ(line.hubs[1].slots[6].state, SlotState::empty);
  EXPECT_EQ(line.bound.by, By::people);
  EXPECT_FALSE(line.units_per_hour);
}

TEST(LiveLine, WhereTheStationFileNamesSlotsTheseAreTheSlots) {
  auto station = std::make_shared<config::StationConfig>();
  station->slots = {{"1-1.2", "A2", {}}, {"1-2.1", "B1", {}}};
  const Watched watched(line_of(9), true, station);
  const LineNow line = watched.live.now();
  ASSERT_EQ(line.hubs.size(), 2u);
  ASSERT_EQ(line.hubs[0].slots.size(), 1u);
  EXPECT_EQ(line.hubs[0].slots[0].label, "A2");
  EXPECT_EQ(line.hubs[1].slots[0].label, "B1");
}

TEST(LiveLine, AUnitGoesThroughItsPhasesAndKeepsItsVerdict) {
  Watched watched(line_of(1));
  std::vector<OperationKind> phases;
  double fraction = 0;
  for (const LineNow& line : watched.to_the_end()) {
    const SlotNow& now = slot(line, "1-1.1");
    if (now.state != SlotState::working) continue;
    if (phases.empty() || phases.back() != now.phase) phases.push_back(now.phase);
    EXPECT_GE(now.fraction, fraction);
    fraction = now.fraction;
  }
  EXPECT_EQ(phases.front(), OperationKind::survey);
  EXPECT_THAT(phases, testing::IsSupersetOf({OperationKind::write, OperationKind::read, OperationKind::proof}));
  EXPECT_EQ(phases.back(), OperationKind::proof);
  const LineNow end = watched.live.now();
  EXPECT_EQ(slot(end, "1-1.1").verdict, Outcome::passed);
  ASSERT_TRUE(slot(end, "1-1.1").last);
  EXPECT_TRUE(slot(end, "1-1.1").last->booted.value_or(false));
  EXPECT_EQ(end.counts.passed, 1);
  EXPECT_EQ(end.counts.first_pass, 1);
}

TEST(LiveLine, WhatIsLeftOfAFlashIsKnownToATenth) {
  Watched watched(line_of(1));
  dfu::Duration leaves{};
  std::vector<std::pair<dfu::Duration, double>> said;
  while (!watched.fleet.totals) {
    const SlotNow now = slot(watched.pass_time(50ms), "1-1.1");
    if (now.left_seconds) said.emplace_back(watched.fleet.clock.now(), *now.left_seconds);
    if (now.phase == OperationKind::read) leaves = watched.fleet.clock.now();
  }
  ASSERT_GT(said.size(), 20u);
  for (const auto& [at, left] : said) EXPECT_NEAR(left, dfu::seconds(leaves - at), 0.3);
}

TEST(LiveLine, TheRateIsWhatTheWireCarriesAndNothingWhileNothingIsMoved) {
  Watched watched(line_of(1));
  double fastest_write = 0, fastest_read = 0;
  for (const LineNow& line : watched.to_the_end()) {
    const SlotNow& now = slot(line, "1-1.1");
    if (now.phase == OperationKind::erase || now.phase == OperationKind::proof) {
      EXPECT_FALSE(now.bytes_per_second);
    }
    if (now.phase == OperationKind::write) fastest_write = std::max(fastest_write, now.bytes_per_second.value_or(0));
    if (now.phase == OperationKind::read) fastest_read = std::max(fastest_read, now.bytes_per_second.value_or(0));
  }
  const double block = 4096;
  // The first block of a second is not in it: the rate is a little less than the wire's.
  EXPECT_NEAR(fastest_read, block / dfu::seconds(dfu::wire_time(4096)), 0.05 * fastest_read);
  EXPECT_GT(fastest_write, 0.8 * block / 0.0207);  // program time, data, two GETSTATUS
  EXPECT_LT(fastest_write, 1.1 * block / 0.0207);
}

TEST(LiveLine, AStuckUnitIsSeenToBeStuck) {
  dfu::virt::LineSpec spec = line_of(1);
  spec.units[0].faults = {
      {.kind = dfu::virt::FaultKind::hang, .at = {dfu::virt::FaultPoint::Kind::block, 20}, .times = 1}};
  Watched watched(spec);
  double longest = 0, slowest = 1e9;
  for (const LineNow& line : watched.to_the_end()) {
    const SlotNow& now = slot(line, "1-1.1");
    EXPECT_NE(now.left_seconds, 0.0) << "nobody knows how long it hangs";
    if (now.phase != OperationKind::write || now.stuck_seconds <= longest) continue;
    longest = now.stuck_seconds;
    slowest = now.bytes_per_second.value_or(0);
  }
  EXPECT_GT(longest, 3);
  EXPECT_EQ(slowest, 0);
}

// ---- what bounds the line

TEST(LiveLine, SevenUnitsBehindASingleTranslatorAreBoundByThatBus) {
  Watched watched(line_of(7, TransactionTranslator::single));
  std::vector<LineNow> all = watched.to_the_end();
  all.pop_back();  // everything is over by then
  EXPECT_GT(count(all, By::bus), all.size() / 2);
  EXPECT_EQ(count(all, By::people), 0u);
  double slowest = 0;
  for (const LineNow& line : all) {
    if (line.bound.by != By::bus) continue;
    EXPECT_EQ(line.bound.name, "1-1");
    EXPECT_EQ(line.bound.slots, 7);
    slowest = std::max(slowest, line.bound.times_slower);
    EXPECT_GT(line.hubs[0].bus_load.value_or(0), 0.5);
  }
  EXPECT_NEAR(slowest, 7, 0.5);  // while all read
}

TEST(LiveLine, TheSameUnitsBehindMultipleTranslatorsAreBoundByThemselves) {
  Watched watched(line_of(7));
  std::vector<LineNow> all = watched.to_the_end();
  all.pop_back();
  EXPECT_GT(all.size(), 30u);
  EXPECT_EQ(count(all, By::units), all.size());
  for (const LineNow& line : all) EXPECT_LT(line.bound.times_slower, 1.1);
  EXPECT_FALSE(all[0].hubs[0].bus_load);
}

TEST(LiveLine, OneUnitAloneBehindASingleTranslatorWaitsForNobody) {
  Watched watched(line_of(1, TransactionTranslator::single));
  EXPECT_EQ(count(watched.to_the_end(), By::bus), 0u);
}

// Flash that is slower than its data sheet says is not a full bus, however many are on it.
TEST(LiveLine, SlowUnitsAreNoFullBus) {
  dfu::virt::LineSpec spec = line_of(3, TransactionTranslator::single);
  for (auto& unit : spec.units) {
    unit.faults = {{.kind = dfu::virt::FaultKind::slow, .at = {dfu::virt::FaultPoint::Kind::block, 1}, .times = 1000}};
  }
  Watched watched(spec);
  for (const LineNow& line : watched.to_the_end()) {
    if (slot(line, "1-1.1").phase != OperationKind::write || slot(line, "1-1.1").fraction < 0.2) continue;
    EXPECT_GT(line.bound.times_slower, 1.5);
    EXPECT_NE(line.bound.by, By::bus) << line.bound.times_slower << " times slower, load " << *line.hubs[0].bus_load;
  }
}

TEST(LiveLine, AHubThatIsTooNarrowIsNamed) {
  auto station = std::make_shared<config::StationConfig>();
  station->hubs = {{"1-1", "left", 2, {}, {}}};
  Watched watched(line_of(7), false, station);
  const LineNow line = watched.pass_time(1s);
  EXPECT_EQ(line.bound.by, By::limit);
  EXPECT_EQ(line.bound.name, "left");
  EXPECT_EQ(line.bound.slots, 5);
}

TEST(LiveLine, TheStationsCapIsNoHubs) {
  auto station = std::make_shared<config::StationConfig>();
  station->cap = 3;
  Watched watched(line_of(7), false, station);
  const LineNow line = watched.pass_time(1s);
  EXPECT_EQ(line.bound.by, By::limit);
  EXPECT_EQ(line.bound.name, "");
  EXPECT_EQ(line.bound.slots, 4);
}

// ---- hubs that failed too often

scheduler::Remarked hub_said(scheduler::RemarkCode code, const std::string& hub) {
  return {make_remark(
      code, {}, hub,
      {{"limit", 3}, {"failed", 4}, {"attempts", 9}, {"ports", 2}, {"others_failed", 0}, {"others_attempts", 20}})};
}

const HubNow& hub(const LineNow& line, const std::string& port) {
  return *std::ranges::find(line.hubs, dfu::PortPath{port}, &HubNow::port);
}

// Fourteen sockets, a unit in 1-1.1 that waits, and hub 1-1 stopped.
class AStoppedHub : public testing::Test {
 protected:
  AStoppedHub() {
    dfu::virt::LineSpec spec = line_of(14);
    for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
    auto station = std::make_shared<config::StationConfig>();
    station->hubs = {{"1-1", "left", {}, {}, {}}};
    watched.emplace(spec, true, station);
    watched->pass_time(100ms);
    watched->live.on(hub_said(scheduler::RemarkCode::hub_stopped, "1-1"), {});
    watched->live.on(scheduler::VisitBegan{{"1-1.1"}, {}, "v"}, {});
    watched->live.on(scheduler::UnitWaits{{"1-1.1"}, {}, scheduler::Wait{scheduler::WaitFor::hub_stopped, {"1-1"}}},
                     {});
  }
  LineNow now() const { return watched->live.now(); }
  std::optional<Watched> watched;
};

TEST_F(AStoppedHub, IsTheBoundOfTheLineAlsoWhileOthersWork) {
  watched->fleet.line.plug({"1-2.1"});
  const LineNow line = watched->pass_time(2s);
  EXPECT_EQ(slot(line, "1-2.1").state, SlotState::working);
  EXPECT_EQ(line.bound.by, By::hub_stopped);
  EXPECT_EQ(line.bound.slots, 1);
  EXPECT_EQ(line.bound.name, "left");
}

TEST_F(AStoppedHub, IsSeenWithItsReasonAndAsksForNoUnits) {
  ASSERT_TRUE(hub(now(), "1-1").trouble);
  EXPECT_TRUE(hub(now(), "1-1").trouble->stopped);
  EXPECT_THAT(english(hub(now(), "1-1").trouble->said), testing::HasSubstr("4 of the last 9 attempts"));
  EXPECT_EQ(advise(slot(now(), "1-1.2")), Advice::none);
  EXPECT_EQ(advise(slot(now(), "1-2.2")), Advice::plug_in);
  EXPECT_FALSE(hub(now(), "1-2").trouble);
}

TEST_F(AStoppedHub, IsSeenAfterTheFilesAreReadAgainAlsoWhereNoSlotOfItIsLeft) {
  watched->live.on(scheduler::VisitOver{{"1-1.1"}, {}, "v", true}, {});
  watched->live.on(scheduler::UnitLeft{{"1-1.1"}, {}}, {});
  auto station = std::make_shared<config::StationConfig>();
  station->slots = {{"1-2.1", "B1", {}}};
  watched->live.reload({Watched::recipe(), {}, station});
  EXPECT_TRUE(hub(now(), "1-1").slots.empty());
  ASSERT_TRUE(hub(now(), "1-1").trouble);
  EXPECT_TRUE(hub(now(), "1-1").trouble->stopped);
}

TEST_F(AStoppedHub, IsSlowedByTheFirstReleaseAndAsBeforeByTheSecond) {
  watched->live.on(hub_said(scheduler::RemarkCode::hub_part_released, "1-1"), {});
  watched->live.on(scheduler::UnitWaits{{"1-1.1"}, {}, scheduler::Wait{scheduler::WaitFor::hub_slowed, {"1-1"}}}, {});
  ASSERT_TRUE(hub(now(), "1-1").trouble);
  EXPECT_FALSE(hub(now(), "1-1").trouble->stopped);
  EXPECT_EQ(now().bound.by, By::hub_slowed);
  EXPECT_EQ(advise(slot(now(), "1-1.2")), Advice::plug_in);
  watched->live.on(hub_said(scheduler::RemarkCode::hub_released, "1-1"), {});
  watched->live.on(scheduler::UnitWaits{{"1-1.1"}, {}, std::nullopt}, {});
  EXPECT_FALSE(hub(now(), "1-1").trouble);
  EXPECT_NE(now().bound.by, By::hub_slowed);
}

TEST(LiveLine, APausedLineHoldsUnitsBack) {
  dfu::virt::LineSpec spec = line_of(2);
  for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
  Watched watched(spec, true);
  watched.pass_time(100ms);
  watched.fleet.engine->pause(true);
  watched.live.enter(RunState::paused);
  watched.fleet.line.plug({"1-1.1"});
  const LineNow line = watched.pass_time(5s);
  EXPECT_EQ(line.bound.by, By::pause);
  EXPECT_EQ(line.bound.slots, 1);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::queued);
  EXPECT_EQ(line.state, RunState::paused);
}

TEST(LiveLine, WhereMostSlotsWaitForAHandTheOperatorIsTheBound) {
  dfu::virt::LineSpec spec = line_of(7);
  for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
  Watched watched(spec, true);
  EXPECT_EQ(watched.pass_time(100ms).bound.by, By::people);
  for (int i = 1; i <= 3; ++i) watched.fleet.line.plug({"1-1." + std::to_string(i)});
  EXPECT_EQ(watched.pass_time(2s).bound.by, By::people);
  watched.fleet.line.plug({"1-1.4"});
  EXPECT_EQ(watched.pass_time(2s).bound.by, By::units);
  const LineNow idle = watched.pass_time(20s);
  EXPECT_EQ(idle.bound.by, By::people);
  EXPECT_EQ(idle.bound.slots, 7);
}

// ---- units that come and go

TEST(LiveLine, TheVerdictStaysUntilTheNextInsertion) {
  dfu::virt::LineSpec spec = line_of(1);
  spec.units[0].starts = dfu::virt::Starts::absent;
  Watched watched(spec, true);
  watched.pass_time(100ms);
  watched.fleet.line.plug({"1-1.1"});
  LineNow line = watched.pass_time(15s);
  EXPECT_EQ(slot(line, "1-1.1").verdict, Outcome::passed);
  EXPECT_TRUE(slot(line, "1-1.1").present);
  watched.fleet.line.pull({"1-1.1"});
  line = watched.pass_time(60s);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::verdict);
  EXPECT_EQ(slot(line, "1-1.1").verdict, Outcome::passed);
  EXPECT_FALSE(slot(line, "1-1.1").present);
  // It runs its firmware now, so nothing proves that it is the one that passed.
  watched.fleet.line.plug({"1-1.1"});
  line = watched.pass_time(5s);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::foreign);
  EXPECT_FALSE(slot(line, "1-1.1").verdict);
  watched.fleet.line.pull({"1-1.1"});
  EXPECT_EQ(slot(watched.pass_time(5s), "1-1.1").state, SlotState::empty);
  EXPECT_EQ(line.counts.passed, 1);
}

TEST(LiveLine, AUnitThatIsPulledInWorkIsAskedForAndThenTriedAgain) {
  dfu::virt::LineSpec spec = line_of(1);
  spec.units[0].starts = dfu::virt::Starts::absent;
  Watched watched(spec, true);
  watched.pass_time(100ms);
  watched.fleet.line.plug({"1-1.1"});
  watched.pass_time(2s);
  watched.fleet.line.pull({"1-1.1"});
  LineNow line = watched.pass_time(1s);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::between);
  EXPECT_FALSE(slot(line, "1-1.1").present);
  ASSERT_TRUE(slot(line, "1-1.1").last);
  EXPECT_EQ(slot(line, "1-1.1").last->fault->code, dfu::FaultCode::unit_gone);
  watched.fleet.line.plug({"1-1.1"});
  line = watched.pass_time(2s);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::working);
  EXPECT_EQ(slot(line, "1-1.1").attempt, 2);
  line = watched.pass_time(20s);
  EXPECT_EQ(slot(line, "1-1.1").verdict, Outcome::passed);
  EXPECT_FALSE(slot(line, "1-1.1").last->fault) << "the fault was the first attempt's";
  EXPECT_EQ(line.counts.first_pass, 0);
  EXPECT_EQ(line.counts.attempts, 2);
}

TEST(LiveLine, AReloadRenamesSlotsAndBringsNewOnes) {
  auto station = std::make_shared<config::StationConfig>();
  station->slots = {{"1-1.1", "A1", {}}};
  Watched watched(line_of(1), true, station);
  auto fresh = std::make_shared<config::StationConfig>();
  fresh->slots = {{"1-1.1", "X1", {}}, {"1-1.2", "X2", {}}};
  scheduler::LineSettings settings = watched.fleet.options.settings;
  settings.station = fresh;
  watched.live.reload(settings);
  EXPECT_EQ(slot(watched.live.now(), "1-1.1").label, "X1");
  EXPECT_EQ(slot(watched.live.now(), "1-1.2").label, "X2");
}

TEST(LiveLine, AClosedPortSaysSoAndWhyOnceTheUnitThatClosedItIsOut) {
  dfu::virt::LineSpec spec = line_of(2);
  for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
  spec.units[0].faults.push_back({dfu::virt::FaultKind::stall, *dfu::virt::fault_point_from("block:2"), 1000});
  Watched watched(spec, true);
  watched.pass_time(100ms);
  const auto exchange = [&](const char* port) {
    watched.fleet.line.pull({port});
    watched.pass_time(3s);
    watched.fleet.line.fresh({port});
    return watched.pass_time(60s);
  };
  LineNow line = watched.live.now();
  for (int i = 0; i < 5 && slot(line, "1-1.1").quarantine.empty(); ++i) {
    exchange("1-1.2");
    line = exchange("1-1.1");
  }
  EXPECT_NE(slot(line, "1-1.1").quarantine.find("units in a row failed here"), std::string::npos);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::verdict) << "its unit is still in";
  EXPECT_EQ(line.note.text, "1-1.1: " + slot(line, "1-1.1").quarantine) << "a remark says where";
  EXPECT_EQ(slot(line, "1-1.2").quarantine, "");
  watched.fleet.line.pull({"1-1.1"});
  EXPECT_EQ(slot(watched.pass_time(3s), "1-1.1").state, SlotState::quarantined);
  watched.fleet.line.fresh({"1-1.1"});
  EXPECT_EQ(slot(watched.pass_time(10s), "1-1.1").state, SlotState::quarantined) << "it was refused";
  watched.fleet.engine->release({"1-1.1"});
  line = exchange("1-1.2");
  EXPECT_EQ(slot(line, "1-1.1").quarantine, "");
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::verdict);
}

TEST(LiveLine, ASlotThatIsOutOfUseFinishesItsUnitAndThenSaysSoUntilItIsUsedAgain) {
  dfu::virt::LineSpec spec = line_of(2);
  for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
  Watched watched(spec, true);
  watched.pass_time(100ms);
  EXPECT_EQ(watched.live.now().bound.slots, 7);
  watched.fleet.line.fresh({"1-1.1"});
  watched.pass_time(2s);
  watched.live.skip({"1-1.1"}, "Cable is bad");
  watched.fleet.engine->skip({"1-1.1"}, true);
  LineNow line = watched.pass_time(100ms);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::working);
  ASSERT_TRUE(slot(line, "1-1.1").skip) << "what comes is known before";
  line = watched.pass_time(60s);
  EXPECT_EQ(slot(line, "1-1.1").verdict, Outcome::passed);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::verdict) << "its unit is still in";
  watched.fleet.line.pull({"1-1.1"});
  line = watched.pass_time(3s);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::skipped);
  EXPECT_EQ(slot(line, "1-1.1").skip->reason, "Cable is bad");
  EXPECT_EQ(line.bound.by, By::people);
  EXPECT_EQ(line.bound.slots, 6) << "nobody waits for a unit there";
  watched.live.reload(watched.fleet.options.settings);
  watched.fleet.engine->reload(watched.fleet.options.settings);
  watched.fleet.line.fresh({"1-1.1"});
  line = watched.pass_time(20s);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::skipped) << "also after the files were read again";
  EXPECT_TRUE(slot(line, "1-1.1").present);
  watched.live.skip({"1-1.1"}, {});
  watched.fleet.engine->skip({"1-1.1"}, false);
  watched.fleet.line.pull({"1-1.1"});
  EXPECT_EQ(slot(watched.pass_time(3s), "1-1.1").state, SlotState::empty);
  watched.fleet.line.fresh({"1-1.1"});
  EXPECT_EQ(slot(watched.pass_time(60s), "1-1.1").verdict, Outcome::passed);
}

TEST(LiveLine, SlotsThatTheFileSkipsOrThatHaveNoRecipeSaySo) {
  auto station = std::make_shared<config::StationConfig>();
  station->slots = {{"1-1.1", "A1", {}}, {"1-1.2", "A2", {}, true}, {"1-1.3", "A3", {}}};
  const auto recipe = Watched::recipe();
  LineState state({.settings = {nullptr, {{{"1-1.1"}, recipe}}, station}, .stay = true}, 0s);
  const LineNow line = state.at(1s);
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::empty);
  EXPECT_EQ(slot(line, "1-1.2").state, SlotState::skipped);
  EXPECT_EQ(slot(line, "1-1.2").skip->by, Skip::By::file);
  EXPECT_EQ(slot(line, "1-1.3").state, SlotState::skipped);
  EXPECT_EQ(slot(line, "1-1.3").skip->by, Skip::By::no_recipe);
  EXPECT_EQ(line.bound.slots, 1);
}

// ---- counting, from made-up events

class Counted : public testing::Test {
 protected:
  void finish(dfu::Duration at, Outcome outcome, int attempts = 1) {
    const dfu::PortPath port{"1-1.1"};
    scheduler::AttemptStarted started;
    started.port = port;
    line_.fold(scheduler::VisitBegan{port, "", "v"}, at - 10s);
    line_.fold(scheduler::AttemptBegan{started}, at - 10s);
    line_.fold(scheduler::VerdictReached{port, "", outcome, attempts, {}}, at);
  }
  std::optional<double> per_hour(dfu::Duration at) const { return line_.at(at).units_per_hour; }

  LineState line_{{.settings = {nullptr, {}, std::make_shared<config::StationConfig>()}, .stay = true}, 0s};
};

TEST_F(Counted, AFirstBatchPromisesNoMoreThanAMinuteHasShown) {
  EXPECT_FALSE(per_hour(5s));
  for (int i = 0; i < 8; ++i) finish(10s, Outcome::passed);
  EXPECT_DOUBLE_EQ(per_hour(10s).value(), 8 * 60);
  EXPECT_DOUBLE_EQ(per_hour(60s).value(), 8 * 60);
  EXPECT_DOUBLE_EQ(per_hour(120s).value(), 8 * 30);
}

TEST_F(Counted, UnitsPerHourAreThoseOfTheLastTenMinutes) {
  for (auto at = 30s; at <= 3600s; at += 30s) finish(at, Outcome::passed);
  EXPECT_DOUBLE_EQ(per_hour(3600s).value(), 120);
  EXPECT_DOUBLE_EQ(per_hour(3900s).value(), 60);  // five minutes of nothing
  EXPECT_DOUBLE_EQ(per_hour(5000s).value(), 0);
}

TEST_F(Counted, OnlyGoodUnitsCountIntoTheRate) {
  finish(30s, Outcome::failed);
  EXPECT_DOUBLE_EQ(per_hour(60s).value(), 0);
  finish(40s, Outcome::already);
  EXPECT_DOUBLE_EQ(per_hour(60s).value(), 60);
}

TEST_F(Counted, WhatIsStillToBeMadeIsTheEnginesCount) {
  EXPECT_FALSE(line_.at(0s).still_to_make);
  line_.fold(scheduler::UnitMade{11}, 10s);
  EXPECT_EQ(line_.at(10s).still_to_make, 11);
}

TEST_F(Counted, EveryOutcomeIsCountedOnce) {
  finish(20s, Outcome::passed);
  finish(40s, Outcome::passed, 2);
  finish(60s, Outcome::already);
  finish(80s, Outcome::failed, 2);
  finish(100s, Outcome::error);
  finish(120s, Outcome::cancelled);
  const Counts counts = line_.at(200s).counts;
  EXPECT_EQ(counts.units, 6);
  EXPECT_EQ(counts.passed, 2);
  EXPECT_EQ(counts.already, 1);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.error, 1);
  EXPECT_EQ(counts.cancelled, 1);
  EXPECT_EQ(counts.good(), 3);
  EXPECT_EQ(counts.first_pass, 2);
}

TEST(LiveLine, UnitsThatFailInARowOnOnePortGiveAHintThatAGoodOneEnds) {
  dfu::virt::LineSpec spec = line_of(1);
  spec.units[0].starts = dfu::virt::Starts::absent;
  Watched watched(spec, true);
  watched.pass_time(100ms);
  for (int failed = 1; failed <= 5; ++failed) {
    watched.fleet.line.fresh({"1-1.1"});
    watched.fleet.line.with_unit({"1-1.1"}, [](dfu::virt::VirtualUnit& unit) {
      unit.add_fault({dfu::virt::FaultKind::stall, *dfu::virt::fault_point_from("block:2"), 1000});
    });
    EXPECT_EQ(slot(watched.pass_time(60s), "1-1.1").failed_in_a_row, failed);
    watched.fleet.line.pull({"1-1.1"});
    const LineNow line = watched.pass_time(5s);
    EXPECT_EQ(slot(line, "1-1.1").failed_in_a_row, failed) << "the next person at the socket must see it";
  }
  watched.fleet.line.fresh({"1-1.1"});
  EXPECT_EQ(slot(watched.pass_time(60s), "1-1.1").failed_in_a_row, 0);
}

TEST(LiveLine, TheSocketsOfAHubThatIsGoneAskForNothingUntilItIsBack) {
  dfu::virt::LineSpec spec = line_of(9);
  for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
  Watched watched(spec, true);
  const dfu::Topology whole = watched.fleet.options.topology;
  dfu::Topology without = whole;
  std::erase_if(without.hubs, [](const dfu::HubInfo& hub) { return hub.port.text == "1-1"; });
  EXPECT_EQ(slot(watched.pass_time(100ms), "1-1.1").state, SlotState::empty);
  const int all = watched.live.now().bound.slots;
  watched.live.see(without);
  LineNow line = watched.live.now();
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::no_hub);
  EXPECT_TRUE(line.hubs[0].missing);
  EXPECT_EQ(slot(line, "1-2.1").state, SlotState::empty);
  EXPECT_FALSE(line.hubs[1].missing);
  EXPECT_EQ(line.bound.slots, all - static_cast<int>(line.hubs[0].slots.size()));
  watched.live.see(whole);
  line = watched.live.now();
  EXPECT_EQ(slot(line, "1-1.1").state, SlotState::empty);
  EXPECT_FALSE(line.hubs[0].missing);
}

TEST(LiveLine, AHubThatIsConnectedLaterBringsItsSockets) {
  Watched watched(line_of(1), true);
  dfu::Topology more = watched.fleet.options.topology;
  dfu::HubInfo hub = more.hubs.back();
  hub.port.text = "1-6";
  more.hubs.push_back(hub);
  watched.live.see(more);
  EXPECT_EQ(slot(watched.live.now(), "1-6.1").state, SlotState::empty);
}

}  // namespace
}  // namespace station
