#include "scheduler/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/hub_power.h"
#include "scheduler/retry.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using dfu::FaultCode;
using dfu::PortPower;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using fleet::Fleet;
using fleet::port_of;
using testing::Contains;
using testing::HasSubstr;

std::vector<FaultCode> all_codes() {
  std::vector<FaultCode> codes;
  for (int code = 0; code <= static_cast<int>(FaultCode::internal); ++code)
    codes.push_back(static_cast<FaultCode>(code));
  return codes;
}

// ---- the rules

// Every fault, with whatever has been climbed and whatever is possible.
TEST(Ladder, NoRungIsClimbedTwiceNoneThatIsNotThereAndEveryWayEndsWithThePerson) {
  for (const FaultCode code : all_codes()) {
    for (int bits = 0; bits < 64; ++bits) {
      SCOPED_TRACE(std::string(to_string(code)) + " " + std::to_string(bits));
      Climbed climbed{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0};
      const Possible possible{(bits & 8) != 0, (bits & 16) != 0, (bits & 32) != 0};
      std::vector<Rung> way;
      while (auto rung = next_rung(code, climbed, possible)) {
        ASSERT_TRUE(way.empty() || way.back() < *rung) << "upwards only";
        way.push_back(*rung);
        if (*rung == Rung::ask) break;
        if (*rung != Rung::power) {
          EXPECT_TRUE(possible.present);
        }
        bool& done = *rung == Rung::reopen ? climbed.reopen : *rung == Rung::reset ? climbed.reset : climbed.power;
        ASSERT_FALSE(done);
        done = true;
        if (*rung == Rung::power) {
          EXPECT_TRUE(possible.power && hangs(code));
        }
        if (*rung == Rung::reset && possible.starts) {
          EXPECT_TRUE(hangs(code));
        }
      }
      if (!way.empty()) {
        EXPECT_EQ(way.back(), Rung::ask);
        EXPECT_TRUE(worth_retrying({code, {}, {}, {}, {}, {}}, {})) << "a rung for a fault that is final";
      }
    }
  }
}

TEST(Ladder, FaultsThatNoRungCanHelpHaveNone) {
  for (const FaultCode code :
       {FaultCode::image_unfit, FaultCode::read_protected, FaultCode::map_mismatch, FaultCode::access_denied,
        FaultCode::interface_busy, FaultCode::records_unavailable, FaultCode::unit_swapped, FaultCode::duplicate_id,
        FaultCode::unit_gone, FaultCode::pulled_before_proof, FaultCode::cancelled, FaultCode::port_quarantined}) {
    EXPECT_FALSE(next_rung(code, {}, {true, true, false})) << to_string(code);
  }
}

TEST(Ladder, AByteThatDidNotTakeTwiceIsFinalAndAnotherByteIsNot) {
  const auto mismatch = [](std::optional<std::uint32_t> address) {
    return dfu::Fault{FaultCode::verify_mismatch, "user", dfu::OperationKind::read, address, {}, {}};
  };
  EXPECT_TRUE(worth_retrying(mismatch(0x080A0000), {}));
  EXPECT_FALSE(worth_retrying(mismatch(0x080A0000), mismatch(0x080A0000)));
  EXPECT_TRUE(worth_retrying(mismatch(0x080A0000), mismatch(0x080A0004)));
  EXPECT_TRUE(worth_retrying(mismatch({}), mismatch({}))) << "an unknown place is no place";
  dfu::Fault stall = mismatch(0x080A0000);
  stall.code = FaultCode::stall;
  EXPECT_TRUE(worth_retrying(stall, stall));
  EXPECT_TRUE(worth_retrying(mismatch(0x080A0000), stall));
}

TEST(HubPower, TheStationFileKnowsBetterThanTheHub) {
  config::StationConfig station;
  dfu::Topology topology;
  topology.hubs = {{{"1-1"}, 7, {}, PortPower::unknown}, {{"1-2"}, 7, {}, PortPower::per_port}};
  EXPECT_EQ(power_of({"1-1"}, station, topology), PortPower::unknown);
  EXPECT_FALSE(may_ever_switch({"1-1.2"}, station, topology));
  EXPECT_TRUE(may_ever_switch({"1-2.2"}, station, topology));
  station.hubs = {{"1-1", {}, {}, {}, PortPower::per_port}, {"1-2", {}, {}, {}, PortPower::none}};
  EXPECT_TRUE(may_ever_switch({"1-1.2"}, station, topology));
  EXPECT_FALSE(may_ever_switch({"1-2.2"}, station, topology));
}

TEST(HubPower, APortWithAHubBehindItIsNeverSwitched) {
  config::StationConfig station;
  dfu::Topology topology;
  topology.hubs = {{{"1-1"}, 4, {}, PortPower::per_port}, {{"1-1.4"}, 4, {}, PortPower::per_port}};
  EXPECT_FALSE(may_ever_switch({"1-1.4"}, station, topology));
  EXPECT_TRUE(may_ever_switch({"1-1.3"}, station, topology));
  EXPECT_TRUE(may_ever_switch({"1-1.4.1"}, station, topology));
}

TEST(HubPower, GangedPowerGoesOnlyWhenNobodyElseIsOnTheHubOrBehindIt) {
  const dfu::PortPath port{"1-1.2"};
  EXPECT_TRUE(may_switch_off(port, PortPower::ganged, {port, {"1-2.1"}, {"1-11.3"}}));
  EXPECT_FALSE(may_switch_off(port, PortPower::ganged, {port, {"1-1.7"}}));
  EXPECT_FALSE(may_switch_off(port, PortPower::ganged, {port, {"1-1.7.1"}}));
  EXPECT_TRUE(may_switch_off(port, PortPower::per_port, {port, {"1-1.7"}}));
  EXPECT_FALSE(may_switch_off(port, PortPower::none, {}));
  EXPECT_FALSE(may_switch_off(port, PortPower::unknown, {}));
}

// ---- on the line

const fleet::Sizes small{20000, 12000, 8000};

// Hands everything on to the line, and remembers it; or has an illness.
class Switches : public dfu::Hubs {
 public:
  Switches(dfu::Hubs& line, dfu::Clock& clock) : line_(&line), clock_(&clock) {}

  dfu::Topology topology() override { return line_->topology(); }
  void set_power(const dfu::PortPath& port, bool on, std::function<void(bool)> done) override {
    calls.emplace_back(port.text, on);
    if (on && deaf_to_on > 0) {
      --deaf_to_on;
      return clock_->after(20ms, [done] { done(false); });
    }
    if (lies) return clock_->after(20ms, [done] { done(true); });
    line_->set_power(port, on, [this, port, on, done](bool switched) {
      if (switched) off[port.text] = !on;
      done(switched);
    });
  }

  std::vector<std::pair<std::string, bool>> calls;
  std::map<std::string, bool> off;
  int deaf_to_on = 0;  // so often the hub does not switch on
  bool lies = false;   // it says that it does and does not

 private:
  dfu::Hubs* line_;
  dfu::Clock* clock_;
};

dfu::virt::LineSpec line_of(int units, PortPower power, FaultKind kind, const std::string& where, int times = 1) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(units, 8);
  for (auto& hub : spec.hubs) hub.power = power;
  spec.units[0].faults.push_back({kind, *dfu::virt::fault_point_from(where), times});
  return spec;
}

std::shared_ptr<config::Recipe> recipe_with(int attempts = 2) {
  auto recipe = fleet::photon_recipe(small);
  recipe->policy.attempts = attempts;
  return recipe;
}

class Line : public Fleet {
 public:
  // For the reader of a failure.
  std::string timeline() const {
    std::string out;
    for (const Record& record : recorder.records) {
      if (const auto* end = std::get_if<AttemptFinished>(&record)) {
        out += end->started.port.text + " #" + std::to_string(end->started.number) + " " +
               std::string(to_string(end->outcome)) + (end->fault ? " " + end->fault->text : "") + "\n";
      }
      if (const auto* remark = std::get_if<Remark>(&record)) out += english(*remark) + "\n";
    }
    return out;
  }

  explicit Line(const dfu::virt::LineSpec& spec, int attempts = 2) : Line(spec, recipe_with(attempts)) {}
  Line(const dfu::virt::LineSpec& spec, std::shared_ptr<const config::Recipe> recipe) : Fleet(spec, std::move(recipe)) {
    options.hubs = &switches;
  }

  std::vector<std::string> recoveries() const {
    std::vector<std::string> texts;
    for (const Record& record : recorder.records) {
      const auto* remark = std::get_if<Remark>(&record);
      if (remark && remark->kind == RemarkKind::recovery) texts.push_back(english(*remark));
    }
    return texts;
  }

  int visits() const {
    return static_cast<int>(std::ranges::count_if(
        recorder.records, [](const Record& record) { return std::holds_alternative<VisitStarted>(record); }));
  }

  int departures(const std::string& port) const {
    return static_cast<int>(std::ranges::count_if(watcher.events, [&](const Event& event) {
      const auto* left = std::get_if<UnitLeft>(&event);
      return left && left->port.text == port;
    }));
  }

  const VerdictReached& verdict() { return watcher.verdicts[{port_of(0)}].back(); }
  bool neighbour_unharmed() {
    const auto& attempts = watcher.attempts[{port_of(1)}];
    return attempts.size() == 1 && attempts[0].outcome == Outcome::passed && departures(port_of(1)) == 1;
  }

  Switches switches{line, clock};
};

std::uint32_t transfers_of_a_flash() {
  Line line(dfu::virt::photon_line(1, 8));
  EXPECT_TRUE(line.run());
  return line.transfers(port_of(0));
}

const std::string first_port = "1-1.1";

// Each transfer of a flash in turn is the unit's last: nothing but power ends that.
TEST(Ladder, AUnitThatHangsAtAnyTransferIsBroughtBackByThePowerOfItsPortAndPasses) {
  const std::uint32_t transfers = transfers_of_a_flash();
  ASSERT_GT(transfers, 40u);
  for (const FaultKind kind : {FaultKind::wedge, FaultKind::hang}) {
    for (std::uint32_t n = 1; n <= transfers; ++n) {
      SCOPED_TRACE(n);
      Line line(line_of(2, PortPower::per_port, kind, "request:" + std::to_string(n)));
      const auto totals = line.run();
      ASSERT_TRUE(totals);
      EXPECT_EQ(totals->passed + totals->already, 2) << line.timeline();
      EXPECT_TRUE(line.runs_application(port_of(0)));
      EXPECT_TRUE(line.holds_recipe(port_of(0)));
      EXPECT_TRUE(line.neighbour_unharmed());
      EXPECT_EQ(line.switches.calls,
                (std::vector<std::pair<std::string, bool>>{{first_port, false}, {first_port, true}}));
      EXPECT_THAT(line.recoveries(), Contains(HasSubstr("Recovery by port power")));
      EXPECT_EQ(line.visits(), 2) << "what we switched off and on is no insertion";
    }
  }
}

TEST(Ladder, WhereThePowerCannotBeSwitchedThePersonIsAskedAndNobodyIsHarmed) {
  const std::uint32_t transfers = transfers_of_a_flash();
  for (const PortPower power : {PortPower::ganged, PortPower::none, PortPower::unknown}) {
    for (std::uint32_t n = 1; n <= transfers; n += 3) {
      SCOPED_TRACE(std::string(to_string(power)) + " " + std::to_string(n));
      Line line(line_of(2, power, FaultKind::wedge, "request:" + std::to_string(n)));
      const auto totals = line.run();
      ASSERT_TRUE(totals);
      EXPECT_EQ(totals->passed, 1);
      EXPECT_EQ(totals->failed, 1);
      EXPECT_TRUE(line.neighbour_unharmed());
      EXPECT_TRUE(line.switches.calls.empty()) << "a neighbour has its unit in";
      EXPECT_EQ(line.verdict().advice, unplug_it);
      EXPECT_THAT(line.recoveries(), Contains(HasSubstr("Unplug this unit")));
      EXPECT_EQ(line.last(port_of(0)).started.number, 1) << "no attempt is spent on a unit that does not answer";
    }
  }
}

TEST(Ladder, GangedPowerIsSwitchedForAUnitThatHasTheHubToItself) {
  Line line(line_of(1, PortPower::ganged, FaultKind::wedge, "block:3"));
  const auto totals = line.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 1);
  EXPECT_EQ(line.switches.calls.size(), 2u);
}

// In application mode, too: a unit that hangs while it gives its proof.
TEST(Ladder, AUnitThatHangsWhenItIsAskedForItsProofIsBroughtBackAndProvesIt) {
  auto recipe = recipe_with();
  recipe->policy.confirm = config::Confirm::reread;
  recipe->enter_dfu = true;
  Line line(line_of(2, PortPower::per_port, FaultKind::wedge, "return"), recipe);
  const auto totals = line.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed + totals->already, 2) << line.timeline();
  EXPECT_TRUE(line.runs_application(port_of(0)));
}

TEST(Ladder, WhatAReopenEndsIsNotReset) {
  for (const FaultKind kind : {FaultKind::stall, FaultKind::status}) {
    Line line(line_of(2, PortPower::per_port, kind, "block:3"));
    const auto totals = line.run();
    ASSERT_TRUE(totals);
    EXPECT_EQ(totals->passed, 2);
    EXPECT_EQ(totals->attempts, 3);
    ASSERT_EQ(line.recoveries().size(), 1u);
    EXPECT_THAT(line.recoveries()[0], HasSubstr("re-open"));
    EXPECT_THAT(line.recoveries()[0], HasSubstr("dfuIDLE"));
    EXPECT_TRUE(line.switches.calls.empty());
  }
}

TEST(Ladder, TheLadderRunsBetweenTheAttemptsAndDoesNotMultiplyThem) {
  for (const int attempts : {1, 2, 3, 5}) {
    Line line(line_of(2, PortPower::per_port, FaultKind::wedge, "block:3", 1000), attempts);
    const auto totals = line.run();
    ASSERT_TRUE(totals);
    EXPECT_EQ(totals->passed, 1);
    EXPECT_LE(line.watcher.attempts[{port_of(0)}].size(), static_cast<std::size_t>(std::min(attempts, 2)));
    EXPECT_EQ(line.switches.calls.size(), attempts == 1 ? 0u : 2u) << "once a visit";
    EXPECT_EQ(line.verdict().advice, unplug_it);
  }
}

TEST(Ladder, AHubThatMissesARequestIsAskedAgainAndOneThatIsDeafIsReported) {
  for (int deaf = 0; deaf <= most_power_ons; ++deaf) {
    Line line(line_of(2, PortPower::per_port, FaultKind::wedge, "block:3"));
    line.switches.deaf_to_on = deaf;
    const auto totals = line.run();
    ASSERT_TRUE(totals);
    EXPECT_EQ(totals->passed, deaf < most_power_ons ? 2 : 1);
    EXPECT_EQ(line.switches.off[first_port], deaf == most_power_ons);
    if (deaf == most_power_ons) {
      EXPECT_THAT(line.verdict().advice, HasSubstr("did not switch port 1-1.1 on again"));
    }
  }
}

TEST(Ladder, AHubThatOnlySaysThatItSwitchesIsSeenThrough) {
  Line line(line_of(2, PortPower::per_port, FaultKind::hang, "block:3"));
  line.switches.lies = true;
  const auto totals = line.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 1);
  EXPECT_THAT(line.recoveries(), Contains(HasSubstr("says that it cuts the power, and does not")));
  EXPECT_EQ(line.verdict().advice, unplug_it);
}

// A stop at any moment of a climb: the line ends, and no port is left without power.
TEST(Ladder, AStopAtAnyMomentLeavesEveryPortWithPower) {
  for (const StopKind kind : {StopKind::drain, StopKind::safe_point, StopKind::at_once}) {
    int cut_short = 0;
    for (dfu::Duration at = 1s; at < 30s; at += 250ms) {
      SCOPED_TRACE(dfu::seconds(at));
      Line line(line_of(2, PortPower::per_port, FaultKind::wedge, "block:3"));
      line.start();
      line.clock.run(at);
      line.engine->stop(kind);
      const dfu::Duration stopped = line.clock.now();
      line.clock.run();
      ASSERT_TRUE(line.totals);
      EXPECT_FALSE(line.switches.off[first_port]);
      EXPECT_EQ(line.switches.calls.size() % 2, 0u);
      cut_short += line.totals->passed < 2;
      if (kind != StopKind::drain && line.watcher.attempts[{port_of(0)}].size() == 1) {
        EXPECT_NE(line.watcher.attempts[{port_of(0)}][0].outcome, Outcome::passed);
      }
      EXPECT_LT(dfu::seconds(line.clock.now() - stopped), 45);
    }
    EXPECT_GT(cut_short, 5);
  }
}

// It was written and verified in the first attempt, hung when it should leave, and proved its boot in the second.
TEST(Ladder, AUnitThatHungAfterItsVerificationOnlyOwesItsProofAndCountsForTheJobOnce) {
  Line line(line_of(2, PortPower::per_port, FaultKind::wedge, "leave"));
  line.options.quota = Quota{5, false};
  const auto totals = line.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(line.last(port_of(0)).outcome, Outcome::passed) << line.timeline();
  EXPECT_EQ(line.last(port_of(0)).verified, true);
  EXPECT_EQ(line.last(port_of(0)).booted, true);
  std::vector<int> left;
  for (const Event& event : line.watcher.events) {
    if (const auto* made = std::get_if<UnitMade>(&event)) left.push_back(made->left);
  }
  EXPECT_EQ(left, (std::vector<int>{4, 3}));
}

// Its bytes were written when it hung while they were read back: the second attempt writes nothing, and made the unit.
TEST(Ladder, AUnitThatHungBeforeItsVerificationCountsForTheJobOnce) {
  const std::uint32_t transfers = transfers_of_a_flash();
  int already = 0;
  for (std::uint32_t n = 1; n <= transfers; ++n) {
    Line line(line_of(1, PortPower::per_port, FaultKind::wedge, "request:" + std::to_string(n)));
    line.options.quota = Quota{5, false};
    const auto totals = line.run();
    ASSERT_TRUE(totals);
    already += totals->already;
    const auto made = std::ranges::count_if(line.watcher.events,
                                            [](const Event& event) { return std::holds_alternative<UnitMade>(event); });
    EXPECT_EQ(made, 1) << n;
  }
  EXPECT_GT(already, 0) << "there is such a moment";
}

// It did what it was asked for in less time than an insertion needs otherwise.
TEST(Ladder, AUnitThatAPersonWasAskedToPlugInAgainIsFlashedAgainHoweverQuickTheyWere) {
  Line line(line_of(2, PortPower::none, FaultKind::hang, "block:3"));
  line.options.stay = true;
  line.start();
  line.clock.run(60s);
  ASSERT_EQ(line.verdict().advice, unplug_it);
  line.line.pull({port_of(0)});
  line.clock.run(line.clock.now() + 300ms);
  line.line.plug({port_of(0)});
  line.clock.run(line.clock.now() + 30s);
  EXPECT_EQ(line.verdict().outcome, Outcome::passed);
  EXPECT_EQ(line.visits(), 3);
}

// Nobody can tell a unit that somebody took while it was off from one that does not come back.
TEST(Ladder, AUnitPulledAtAnyMomentOfAClimbEndsItWithoutAPass) {
  for (dfu::Duration at = 1s; at < 30s; at += 250ms) {
    SCOPED_TRACE(dfu::seconds(at));
    Line line(line_of(2, PortPower::per_port, FaultKind::wedge, "block:3"));
    line.start();
    line.clock.run(at);
    if (line.totals) break;
    line.line.pull({port_of(0)});
    line.clock.run();
    ASSERT_TRUE(line.totals);
    EXPECT_FALSE(line.switches.off[first_port]);
    EXPECT_TRUE(line.neighbour_unharmed());
    const bool passed = line.last(port_of(0)).outcome == Outcome::passed;
    EXPECT_EQ(line.totals->passed, passed ? 2 : 1);
  }
}

// Every fault of the virtual line at every block and at the places with a name, on each kind of hub: verdicts are true,
// neighbours are not touched, and no way is endless.
TEST(Ladder, WhateverStrikesVerdictsAreTrueAndPowerIsSwitchedOnlyWhereItMayBe) {
  std::vector<std::string> places{"survey", "leave", "return"};
  for (int block = 1; block <= 12; block += 2) places.push_back("block:" + std::to_string(block));
  for (const PortPower power : {PortPower::per_port, PortPower::ganged, PortPower::none}) {
    for (const std::string& kind : dfu::virt::fault_kind_names()) {
      // What a unit starts by its own will takes another proof than this recipe asks for: see the fault table.
      if (kind == "fallback" || kind == "safe-mode") continue;
      for (const std::string& place : places) {
        for (const int times : {1, 1000}) {
          SCOPED_TRACE(std::string(to_string(power)) + " " + kind + " " + place + " " + std::to_string(times));
          Line line(line_of(2, power, *dfu::virt::fault_kind_from(kind), place, times), 3);
          const auto totals = line.run();
          ASSERT_TRUE(totals);
          EXPECT_TRUE(line.neighbour_unharmed());
          if (line.last(port_of(0)).outcome == Outcome::passed) {
            EXPECT_TRUE(line.holds_recipe(port_of(0)) && line.runs_application(port_of(0)));
          }
          if (power != PortPower::per_port) {
            EXPECT_TRUE(line.switches.calls.empty());
          }
          EXPECT_LE(line.switches.calls.size(), 2u);
          for (const auto& [port, on] : line.switches.calls) EXPECT_EQ(port, first_port);
          EXPECT_FALSE(line.switches.off[first_port]);
          EXPECT_EQ(line.visits(), 2);
        }
      }
    }
  }
}

}  // namespace
}  // namespace scheduler
