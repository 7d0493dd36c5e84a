// Ports and hubs that are no longer trusted: the rules, and the line that lives by them.
#include "scheduler/quarantine.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/hub_throttle.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using dfu::FaultCode;
using dfu::virt::FaultKind;
using fleet::Fleet;
using fleet::port_of;
using testing::HasSubstr;

// ---- which ports are closed

const dfu::PortPath bad{"1-1.1"}, good{"1-1.2"};

void pass(Quarantine& quarantine, int units) {
  for (int i = 0; i < units; ++i) EXPECT_FALSE(quarantine.judged(good, true, {}, {}));
}

TEST(Quarantine, ThreeUnitsInARowCloseAPortWhileOthersPassElsewhere) {
  Quarantine quarantine(3);
  EXPECT_FALSE(quarantine.judged(bad, false, {}, "io-error"));
  EXPECT_FALSE(quarantine.judged(bad, false, {}, "io-error"));
  pass(quarantine, 3);
  EXPECT_EQ(quarantine.reason(bad), "");
  EXPECT_EQ(quarantine.judged(bad, false, {}, "io-error"), Quarantine::Change::closed);
  EXPECT_THAT(quarantine.reason(bad), HasSubstr("3 units in a row failed here, the last by io-error"));
  EXPECT_EQ(quarantine.reason(good), "");
}

TEST(Quarantine, APassInBetweenBeginsTheCountAnew) {
  Quarantine quarantine(3);
  pass(quarantine, 20);
  for (int i = 0; i < 40; ++i) {
    pass(quarantine, 3);
    EXPECT_FALSE(quarantine.judged(bad, i % 3 == 2, {}, "stall")) << i;
  }
}

TEST(Quarantine, ALineThatFailsEverywhereClosesNoPort) {
  Quarantine quarantine(3);
  for (int i = 0; i < 30; ++i) {
    for (int port = 1; port <= 7; ++port) {
      EXPECT_FALSE(quarantine.judged({"1-1." + std::to_string(port)}, false, {}, "verify-mismatch"));
    }
  }
}

TEST(Quarantine, APortWithoutPeersIsNotClosed) {
  Quarantine quarantine(3);
  pass(quarantine, 50);  // before; since then nobody else has been judged
  for (int i = 0; i < 30; ++i) EXPECT_FALSE(quarantine.judged(bad, false, {}, "io-error"));
}

TEST(Quarantine, AKnownUnitThatFailsAgainSaysNothingMoreAboutThePort) {
  Quarantine quarantine(3);
  for (int i = 0; i < 30; ++i) {
    pass(quarantine, 1);
    EXPECT_FALSE(quarantine.judged(bad, false, "3b002c001847353236343033", "stall"));
  }
  EXPECT_FALSE(quarantine.judged(bad, false, "a", "stall"));
  EXPECT_EQ(quarantine.judged(bad, false, "b", "stall"), Quarantine::Change::closed);
}

TEST(Quarantine, ReleaseLetsOneUnitInAndThatOneDecides) {
  for (const bool probe : {true, false}) {
    Quarantine quarantine(3);
    EXPECT_FALSE(quarantine.release(bad)) << "it is in use";
    quarantine.judged(bad, false, {}, "io-error");
    pass(quarantine, 5);
    quarantine.judged(bad, false, {}, "io-error");
    ASSERT_EQ(quarantine.judged(bad, false, {}, "io-error"), Quarantine::Change::closed);
    EXPECT_TRUE(quarantine.release(bad));
    EXPECT_EQ(quarantine.reason(bad), "");
    EXPECT_EQ(quarantine.judged(bad, probe, {}, "io-error"),
              probe ? Quarantine::Change::lifted : Quarantine::Change::closed);
    EXPECT_EQ(quarantine.reason(bad).empty(), probe);
    if (!probe) continue;
    EXPECT_FALSE(quarantine.judged(bad, false, {}, "io-error")) << "it is as good as any other";
  }
}

TEST(Quarantine, NeverIsNever) {
  Quarantine quarantine(0);
  for (int i = 0; i < 100; ++i) {
    pass(quarantine, 2);
    EXPECT_FALSE(quarantine.judged(bad, false, {}, "io-error"));
  }
}

// 16 ports of which each fails one unit in twenty, for a shift of 40 units each.
TEST(Quarantine, AHealthyLineLosesFewPortsAndASickPortIsClosedSoon) {
  int closed = 0;
  long until_closed = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 dice(seed);
    Quarantine quarantine(3);
    for (int unit = 0; unit < 40; ++unit) {
      for (int port = 1; port <= 16; ++port) {
        closed += quarantine.judged({"1-1." + std::to_string(port)}, dice() % 20 != 0, {}, "stall").has_value();
      }
    }
    Quarantine other(3);
    for (bool over = false; !over; ++until_closed) {
      for (int port = 2; port <= 16; ++port) other.judged({"1-1." + std::to_string(port)}, dice() % 20 != 0, {}, "");
      over = other.judged(bad, dice() % 10 == 0, {}, "stall").has_value();
    }
  }
  EXPECT_LT(closed, 16) << "of 1600 ports";
  EXPECT_LT(until_closed, 600) << "units of 100 ports that fail nine in ten";
}

// ---- which hubs are slowed

class Care : public HubThrottle {
 public:
  void attempts(int hub, int count, int bad_every = 0) {
    for (int i = 1; i <= count; ++i) {
      const dfu::PortPath port{"1-" + std::to_string(hub) + "." + std::to_string(1 + i % 4)};
      if (const auto now = ended(port, bad_every != 0 && i % bad_every == 0)) changes.emplace_back(hub, *now);
    }
  }
  std::vector<std::pair<int, State>> changes;
};

TEST(HubThrottle, AHubThatFailsOnTheWireIsSlowedThenStoppedAndOthersAreNot) {
  Care care;
  care.attempts(2, 20);
  care.attempts(1, 60, 3);
  EXPECT_EQ(care.changes, (std::vector<std::pair<int, HubThrottle::State>>{{1, HubThrottle::State::slowed},
                                                                           {1, HubThrottle::State::stopped}}));
  EXPECT_GT(care.evidence({"1-1"}).failed, 0);
  EXPECT_EQ(care.state({"1-2"}), HubThrottle::State::as_before);
}

TEST(HubThrottle, ASlowedHubThatGoesWellIsAsBefore) {
  Care care;
  care.attempts(2, 20);
  care.attempts(1, 12, 3);
  ASSERT_EQ(care.state({"1-1"}), HubThrottle::State::slowed);
  care.attempts(1, 10);
  EXPECT_EQ(care.state({"1-1"}), HubThrottle::State::as_before);
}

TEST(HubThrottle, OnePortAloneIsNoHub) {
  HubThrottle care;
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(care.ended({"1-1.1"}, true));
}

TEST(HubThrottle, WhereAllHubsFailAlikeNoneIsSlowed) {
  HubThrottle care;
  for (int i = 0; i < 200; ++i) {
    for (int hub = 1; hub <= 4; ++hub) {
      EXPECT_FALSE(care.ended({"1-" + std::to_string(hub) + "." + std::to_string(1 + i % 5)}, i % 3 == 0 && i > 20));
    }
  }
}

TEST(HubThrottle, ReleaseGoesOneStepAtATime) {
  Care care;
  EXPECT_FALSE(care.release({"1-1"}));
  care.attempts(2, 20);
  care.attempts(1, 60, 3);
  EXPECT_EQ(care.release({"1-1"}), HubThrottle::State::slowed);
  EXPECT_EQ(care.release({"1-1"}), HubThrottle::State::as_before);
  EXPECT_FALSE(care.release({"1-1"}));
}

// ---- on the line

class Line : public Fleet {
 public:
  explicit Line(int units, std::shared_ptr<config::StationConfig> station = std::make_shared<config::StationConfig>())
      : Fleet(empty(units), fleet::photon_recipe({20000, 12000, 8000}), std::move(station)) {
    options.stay = true;
  }

  static dfu::virt::LineSpec empty(int units) {
    dfu::virt::LineSpec spec = dfu::virt::photon_line(units, 8);
    for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
    return spec;
  }

  // The unit before is taken out, a new one comes in and is done with.
  void exchange(int index, bool stalls = false) {
    line.pull({port_of(index)});
    pass_time(3s);
    line.fresh({port_of(index)});
    if (stalls) {
      line.with_unit({port_of(index)}, [](dfu::virt::VirtualUnit& unit) {
        unit.add_fault({FaultKind::stall, *dfu::virt::fault_point_from("block:2"), 1000});
      });
    }
    pass_time(20s);
  }
  void pass_time(dfu::Duration time) { clock.run(clock.now() + time); }

  std::vector<std::string> remarks(RemarkKind kind) const {
    std::vector<std::string> texts;
    for (const Record& record : recorder.records) {
      const auto* remark = std::get_if<Remark>(&record);
      if (remark && remark->kind == kind) texts.push_back(remark->about + ": " + english(*remark));
    }
    return texts;
  }
  void fail_three() {
    for (int i = 0; i < 3; ++i) {
      exchange(0, true);
      exchange(1);
    }
  }
};

TEST(Distrust, AClosedPortTouchesNoUnitUntilItIsReleasedAndItsProbePasses) {
  Line line(2);
  line.start();
  line.fail_three();
  if (line.remarks(RemarkKind::quarantine).empty()) line.exchange(0, true);
  ASSERT_EQ(line.remarks(RemarkKind::quarantine).size(), 1u);
  line.exchange(0);
  const AttemptFinished& refused = line.last(port_of(0));
  ASSERT_TRUE(refused.fault);
  EXPECT_EQ(refused.fault->code, FaultCode::port_quarantined);
  EXPECT_EQ(refused.outcome, Outcome::error);
  EXPECT_EQ(line.transfers(port_of(0)), 0u) << "not touched";
  line.engine->release({port_of(0)});
  line.pass_time(1s);
  EXPECT_EQ(line.transfers(port_of(0)), 0u) << "the unit that is in has its verdict";
  line.exchange(0);
  EXPECT_EQ(line.last(port_of(0)).outcome, Outcome::passed);
  ASSERT_EQ(line.remarks(RemarkKind::release).size(), 2u);
  EXPECT_THAT(line.remarks(RemarkKind::release)[0], HasSubstr("its test"));
  EXPECT_THAT(line.remarks(RemarkKind::release)[1], HasSubstr("the unit that tested it passed"));
  line.exchange(0);
  EXPECT_EQ(line.last(port_of(0)).outcome, Outcome::passed);
}

TEST(Distrust, AProbeThatFailsClosesThePortAgain) {
  Line line(2);
  line.start();
  line.fail_three();
  if (line.remarks(RemarkKind::quarantine).empty()) line.exchange(0, true);
  line.engine->release({port_of(0)});
  line.exchange(0, true);
  EXPECT_NE(line.last(port_of(0)).fault->code, FaultCode::port_quarantined);
  ASSERT_EQ(line.remarks(RemarkKind::quarantine).size(), 2u);
  line.exchange(0);
  EXPECT_EQ(line.last(port_of(0)).fault->code, FaultCode::port_quarantined);
}

TEST(Distrust, ALineThatDoesNotWantItNeverClosesAPort) {
  auto station = std::make_shared<config::StationConfig>();
  station->quarantine_after = 0;
  Line line(2, station);
  line.start();
  line.fail_three();
  line.exchange(0, true);
  EXPECT_TRUE(line.remarks(RemarkKind::quarantine).empty());
}

TEST(Distrust, ASlotThatIsSkippedIsLeftAlone) {
  auto station = std::make_shared<config::StationConfig>();
  station->slots = {{port_of(0), "A1", "", true}, {port_of(1), "A2", "", false}};
  Line line(2, station);
  line.start();
  line.exchange(0);
  line.exchange(1);
  EXPECT_EQ(line.transfers(port_of(0)), 0u);
  EXPECT_EQ(line.last(port_of(1)).outcome, Outcome::passed);
}

// A hub whose cable is bad: transfers of its units fail on the wire again and again, whichever port they are on.
TEST(Distrust, AHubThatFailsOnTheWireIsSlowedThenStoppedAndGoesOnWhenReleased) {
  Line line(14);  // hubs 1-1 and 1-2
  line.options.settings.station = [] {
    auto station = std::make_shared<config::StationConfig>();
    station->quarantine_after = 0;
    return station;
  }();
  line.start();
  const auto batch = [&](bool bad_cable) {
    for (int i = 0; i < 14; ++i) line.line.pull({port_of(i)});
    line.pass_time(3s);
    for (int i = 0; i < 14; ++i) {
      line.line.fresh({port_of(i)});
      if (bad_cable && i < 7) {
        line.line.with_unit({port_of(i)}, [](dfu::virt::VirtualUnit& unit) {
          unit.add_fault({FaultKind::cable, *dfu::virt::fault_point_from("block:2"), 1000});
        });
      }
    }
    int most = 0;
    for (int tick = 0; tick < 1200; ++tick) {
      line.pass_time(100ms);
      std::set<dfu::PortPath> working;
      for (const Record& record : line.recorder.records) {
        const auto* began = std::get_if<AttemptStarted>(&record);
        const auto* ended = std::get_if<AttemptFinished>(&record);
        if (began && began->port.hub().text == "1-1") working.insert(began->port);
        if (ended) working.erase(ended->started.port);
      }
      most = std::max(most, static_cast<int>(working.size()));
    }
    return most;
  };
  EXPECT_EQ(batch(false), 7);
  batch(true);
  ASSERT_GE(line.remarks(RemarkKind::slowed).size(), 1u);
  EXPECT_THAT(line.remarks(RemarkKind::slowed)[0], HasSubstr("1-1: hub-suspect: this hub is slowed to 3 units"));
  for (int i = 0; i < 4 && line.remarks(RemarkKind::slowed).size() < 2; ++i) EXPECT_LE(batch(true), 3);
  ASSERT_EQ(line.remarks(RemarkKind::slowed).size(), 2u);
  EXPECT_THAT(line.remarks(RemarkKind::slowed)[1], HasSubstr("stopped"));
  EXPECT_EQ(batch(false), 0) << "units wait";
  EXPECT_EQ(line.last(port_of(8)).outcome, Outcome::passed) << "the other hub works";
  line.engine->release({"1-1"});
  line.pass_time(60s);
  EXPECT_EQ(line.last(port_of(0)).outcome, Outcome::passed);
  EXPECT_LT(batch(false), 7);
  EXPECT_EQ(batch(false), 7) << "ten attempts went well";
  line.engine->stop(StopKind::safe_point);
  line.clock.run();
  EXPECT_TRUE(line.totals);
}

// One bad port is the quarantine's business.
TEST(Distrust, FlashingEachPortOnceClosesAndSlowsNothing) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(14, 8);
  for (int i = 0; i < 7; ++i) {
    spec.units[i].faults.push_back({FaultKind::cable, *dfu::virt::fault_point_from("block:2"), 1000});
  }
  Fleet fleet(spec, fleet::photon_recipe({20000, 12000, 8000}));
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->passed, 7);
  EXPECT_EQ(totals->failed, 7);
  for (const Record& record : fleet.recorder.records) {
    const auto* remark = std::get_if<Remark>(&record);
    EXPECT_FALSE(remark && (remark->kind == RemarkKind::slowed || remark->kind == RemarkKind::quarantine));
  }
}

}  // namespace
}  // namespace scheduler
