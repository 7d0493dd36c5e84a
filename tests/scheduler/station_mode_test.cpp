// The line that stays: units come and go under a running engine, in virtual time.
#include <set>

#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using fleet::Fleet;
using fleet::port_of;

const fleet::Sizes small{20000, 12000, 8000};

dfu::virt::LineSpec empty_line(int units, int generation) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(units, generation);
  for (auto& unit : spec.units) unit.starts = dfu::virt::Starts::absent;
  return spec;
}

class Line : public Fleet {
 public:
  explicit Line(int units, const std::function<void(config::Recipe&)>& change = {})
      : Fleet(empty_line(units, 8), recipe(change)) {
    options.stay = true;
    options.wait_for_jobs = true;
    start();
    clock.run(100ms);
  }

  static std::shared_ptr<config::Recipe> recipe(const std::function<void(config::Recipe&)>& change) {
    auto out = fleet::photon_recipe(small);
    if (change) change(*out);
    return out;
  }

  // A unit fresh from the tray: it holds nothing but its bootloader and waits in DFU mode.
  void plug_new(int index) {
    line.with_unit({port_of(index)}, [](dfu::virt::VirtualUnit& unit) {
      const dfu::Bytes blank(0x08100000 - 0x08020000, 0xFF);
      unit.flash().place(0x08020000, blank);
    });
    line.plug({port_of(index)});
  }
  void pull(int index) { line.pull({port_of(index)}); }
  void pass_time(dfu::Duration time) { clock.run(clock.now() + time); }
  std::vector<VerdictReached>& verdicts(int index) { return watcher.verdicts[{port_of(index)}]; }

  template <class T>
  std::vector<T> recorded() const {
    std::vector<T> out;
    for (const Record& record : recorder.records) {
      if (const T* one = std::get_if<T>(&record)) out.push_back(*one);
    }
    return out;
  }
};

TEST(StationMode, EachUnitPluggedInIsAVisitOfItsOwn) {
  Line line(2);
  for (int i = 0; i < 3; ++i) {
    line.plug_new(0);
    line.pass_time(15s);
    ASSERT_EQ(line.verdicts(0).size(), i + 1u);
    EXPECT_EQ(line.verdicts(0).back().outcome, Outcome::passed);
    line.pull(0);
    line.pass_time(5s);
  }
  std::set<std::string> visits;
  for (const AttemptStarted& started : line.recorded<AttemptStarted>()) visits.insert(started.visit);
  EXPECT_EQ(visits.size(), 3u);
  EXPECT_EQ(line.recorded<VisitStarted>().size(), 3u);
  EXPECT_EQ(line.recorded<VisitEnded>().size(), 3u);
  const auto& events = line.watcher.events;
  EXPECT_EQ(std::ranges::count_if(events, [](const Event& one) { return std::holds_alternative<VisitOver>(one); }), 3);
  EXPECT_FALSE(line.totals) << "the line stays";
}

TEST(StationMode, AUnitWithAVerdictIsNotTouchedAgainWhenItOnlyBounces) {
  Line line(1);
  line.plug_new(0);
  line.pass_time(15s);
  for (int i = 0; i < 5; ++i) {
    line.pull(0);
    line.pass_time(1s);
    line.plug_new(0);  // in DFU mode and blank: only the short absence says that it is the same visit
    line.pass_time(10s);
  }
  EXPECT_EQ(line.verdicts(0).size(), 1u);
  EXPECT_EQ(line.recorded<AttemptStarted>().size(), 1u);
}

TEST(StationMode, APassedUnitPutBackIsLeftAloneIfTheRecipeWantsItSo) {
  Line line(1, [](config::Recipe& recipe) { recipe.enter_dfu = false; });
  line.plug_new(0);
  line.pass_time(15s);
  line.pull(0);
  line.pass_time(5s);
  line.line.plug({port_of(0)});
  line.pass_time(15s);
  EXPECT_EQ(line.verdicts(0).size(), 1u);
  const auto* last = std::get_if<UnitArrived>(&line.watcher.events.back());
  ASSERT_TRUE(last);
  EXPECT_FALSE(last->ours);
}

TEST(StationMode, APassedUnitPutBackIsLookedAtInDfuModeFoundCompleteAndRunsAgain) {
  Line line(1);
  line.plug_new(0);
  line.pass_time(15s);
  line.pull(0);
  line.pass_time(5s);
  line.line.plug({port_of(0)});
  line.pass_time(20s);
  ASSERT_EQ(line.verdicts(0).size(), 2u);
  EXPECT_EQ(line.verdicts(0)[0].outcome, Outcome::passed);
  EXPECT_EQ(line.verdicts(0)[1].outcome, Outcome::already);
  EXPECT_TRUE(line.runs_application(port_of(0)));
}

// It runs its application, and units in application mode are brought into DFU mode: but it has its verdict.
TEST(StationMode, AUnitWithAVerdictStaysUntouchedForHours) {
  Line line(1);
  line.plug_new(0);
  line.pass_time(15s);
  const std::uint32_t transfers = line.transfers(port_of(0));
  line.pass_time(std::chrono::hours(3));
  EXPECT_EQ(line.transfers(port_of(0)), transfers);
  EXPECT_EQ(line.verdicts(0).size(), 1u);
}

TEST(StationMode, APulledUnitThatComesBackAtOnceIsTriedAgainInTheSameVisit) {
  Line line(1);
  line.plug_new(0);
  line.pass_time(600ms);
  line.pull(0);
  line.pass_time(1s);
  line.line.plug({port_of(0)});
  line.pass_time(20s);
  ASSERT_EQ(line.verdicts(0).size(), 1u);
  EXPECT_EQ(line.verdicts(0)[0].outcome, Outcome::passed);
  EXPECT_EQ(line.verdicts(0)[0].attempts, 2);
  EXPECT_EQ(line.recorded<VisitStarted>().size(), 1u);
}

TEST(StationMode, NewSettingsHoldFromTheNextVisitOn) {
  Line line(1);
  line.plug_new(0);
  line.pass_time(500ms);
  auto other = fleet::photon_recipe({24000, 12000, 8000});
  other->name = "other";
  auto station = std::make_shared<config::StationConfig>();
  station->slots = {{port_of(0), "A1", ""}};
  line.engine->reload({other, {}, station});
  line.pass_time(15s);
  line.pull(0);
  line.pass_time(5s);
  line.plug_new(0);
  line.pass_time(15s);
  const auto started = line.recorded<AttemptStarted>();
  ASSERT_EQ(started.size(), 2u);
  EXPECT_EQ(started[0].recipe->name, "fleet");
  EXPECT_EQ(started[0].slot, "");
  EXPECT_EQ(started[1].recipe->name, "other");
  EXPECT_EQ(started[1].slot, "A1");
}

TEST(StationMode, ASlotsOwnRecipeGoesBeforeTheLines) {
  Line line(2);
  auto own = fleet::photon_recipe({24000, 12000, 8000});
  own->name = "own";
  line.engine->reload({line.options.settings.recipe, {{{port_of(1)}, own}}, line.options.settings.station});
  line.pass_time(100ms);
  line.plug_new(0);
  line.plug_new(1);
  line.pass_time(15s);
  for (const AttemptStarted& started : line.recorded<AttemptStarted>()) {
    EXPECT_EQ(started.recipe->name, started.port.text == port_of(1) ? "own" : "fleet");
  }
  EXPECT_EQ(line.recorded<AttemptStarted>().size(), 2u);
}

TEST(StationMode, PausedUnitsWaitAndGoOnWhenThePauseEnds) {
  Line line(2);
  line.plug_new(0);
  line.pass_time(1s);
  line.engine->pause(true);
  line.plug_new(1);
  line.pass_time(15s);
  EXPECT_EQ(line.verdicts(0).size(), 1u) << "what was in work is finished";
  EXPECT_TRUE(line.recorded<AttemptStarted>().size() == 1);
  line.engine->pause(false);
  line.pass_time(15s);
  ASSERT_EQ(line.verdicts(1).size(), 1u);
  EXPECT_EQ(line.verdicts(1)[0].outcome, Outcome::passed);
}

TEST(StationMode, DrainFinishesWhatIsInWorkAndBeginsNothing) {
  Line line(2);
  line.plug_new(0);
  line.pass_time(1s);
  line.engine->stop(StopKind::drain);
  line.pass_time(10ms);
  line.plug_new(1);
  line.pass_time(20s);
  ASSERT_TRUE(line.totals);
  EXPECT_EQ(line.totals->passed, 1);
  EXPECT_EQ(line.recorded<AttemptStarted>().size(), 1u);
}

Quota order(const std::string& number, int left) {
  return {left, false, std::make_shared<const WorkOrder>(WorkOrder{number, "lot of " + number})};
}

int passed_for(Line& line, const std::string& number) {
  int passed = 0;
  for (const AttemptFinished& finished : line.recorded<AttemptFinished>()) {
    passed += finished.outcome == Outcome::passed && finished.started.job && finished.started.job->order == number;
  }
  return passed;
}

TEST(StationMode, ALineWhoseOrderIsCompleteWaitsForTheNextOne) {
  Line line(2);
  bool taken = false;
  line.engine->work_for(order("A", 1), [&taken] { taken = true; });
  line.pass_time(1ms);
  EXPECT_TRUE(taken);
  line.plug_new(0);
  line.plug_new(1);
  line.pass_time(60s);
  EXPECT_EQ(passed_for(line, "A"), 1);
  EXPECT_FALSE(line.totals) << "it stays";
  line.engine->work_for({}, [] {});
  line.pass_time(60s);
  EXPECT_EQ(line.recorded<AttemptStarted>().size(), 1u) << "nothing is begun for no order";
  line.engine->work_for(order("B", 5), [] {});
  line.pass_time(60s);
  EXPECT_EQ(passed_for(line, "B"), 1) << "the unit that waited is the first of the next order";
  EXPECT_EQ(line.recorded<AttemptStarted>().back().job->lot, "lot of B");
}

TEST(StationMode, WithoutAnOrderEveryUnitIsBegunForItsOperator) {
  Line line(3);
  line.engine->work_for(order("A", 1), [] {});
  for (int i = 0; i < 3; ++i) line.plug_new(i);
  line.pass_time(60s);
  EXPECT_EQ(line.recorded<AttemptStarted>().size(), 1u);
  line.engine->work_for({.job = std::make_shared<const WorkOrder>(WorkOrder{"", "", "wang"}), .without_order = true},
                        [] {});
  line.pass_time(60s);
  ASSERT_EQ(line.recorded<AttemptStarted>().size(), 3u);
  EXPECT_EQ(line.recorded<AttemptStarted>().back().job->order, "");
  EXPECT_EQ(line.recorded<AttemptStarted>().back().job->operator_name, "wang");
  EXPECT_FALSE(line.totals) << "it stays";
  line.engine->work_for(order("B", 1), [] {});
  line.pull(0);
  line.pass_time(5s);
  line.plug_new(0);
  line.pass_time(60s);
  EXPECT_EQ(passed_for(line, "B"), 1);
}

TEST(StationMode, WhoTakesOverAnOrderGetsWhatIsLeftOfIt) {
  Line line(3);
  line.engine->work_for(order("A", 2), [] {});
  line.plug_new(0);
  line.pass_time(60s);
  EXPECT_EQ(passed_for(line, "A"), 1);
  Quota again = order("A", 2);  // as a record that lags behind would say it
  again.job = std::make_shared<const WorkOrder>(WorkOrder{"A", "lot of A", "wang"});
  line.engine->work_for(again, [] {});
  line.plug_new(1);
  line.plug_new(2);
  line.pass_time(60s);
  EXPECT_EQ(passed_for(line, "A"), 2);
  EXPECT_EQ(line.recorded<AttemptStarted>().back().job->operator_name, "wang");
}

// At every moment of an attempt. What was in work is cancelled, no other one begins, and the same visit goes on later.
TEST(StationMode, AHaltStopsAllWorkUntilTheLineGoesOn) {
  int cut_short = 0;
  for (const StopKind kind : {StopKind::safe_point, StopKind::at_once}) {
    for (auto at = 0ms; at < 9s; at += 211ms) {
      Line line(2);
      line.plug_new(0);
      line.pass_time(at);
      line.engine->halt(kind);
      line.pass_time(20s);
      const std::size_t begun = line.recorded<AttemptStarted>().size();
      EXPECT_EQ(line.recorded<AttemptFinished>().size(), begun) << at.count() << ": all that was begun has ended";
      const bool had_verdict = !line.verdicts(0).empty();
      EXPECT_TRUE(!had_verdict || line.verdicts(0).back().outcome == Outcome::passed) << at.count();
      line.plug_new(1);
      line.pass_time(60s);
      EXPECT_EQ(line.recorded<AttemptStarted>().size(), begun) << at.count() << ": nothing is begun";
      EXPECT_FALSE(line.totals) << "it stays";
      line.engine->pause(false);
      line.pass_time(60s);
      for (const int index : {0, 1}) {
        ASSERT_EQ(line.verdicts(index).size(), 1u) << at.count() << ", unit " << index;
        const Outcome outcome = line.verdicts(index)[0].outcome;
        EXPECT_TRUE(outcome == Outcome::passed || outcome == Outcome::already) << at.count() << to_string(outcome);
        EXPECT_TRUE(line.holds_recipe(port_of(index))) << at.count();
      }
      EXPECT_EQ(line.recorded<VisitStarted>().size(), 2u) << at.count() << ": nobody took a unit out";
      for (const AttemptFinished& one : line.recorded<AttemptFinished>()) {
        cut_short += one.outcome == Outcome::cancelled ? 1 : 0;
        EXPECT_NE(one.outcome, Outcome::failed) << at.count();
      }
    }
  }
  EXPECT_GT(cut_short, 10);
}

// Also while its start is proven, and it is in DFU mode once more for that.
TEST(StationMode, AUnitWhoseProofAHaltCutShortIsFinishedWhenTheLineGoesOn) {
  for (const config::Confirm proof : {config::Confirm::reread, config::Confirm::modules}) {
    for (const StopKind kind : {StopKind::safe_point, StopKind::at_once}) {
      for (auto at = 0ms; at < 14s; at += 331ms) {
        Line line(1, [&](config::Recipe& recipe) { recipe.policy.confirm = proof; });
        line.plug_new(0);
        line.pass_time(at);
        line.engine->halt(kind);
        line.pass_time(60s);
        line.engine->pause(false);
        line.pass_time(60s);
        ASSERT_EQ(line.verdicts(0).size(), 1u) << at.count();
        const Outcome outcome = line.verdicts(0)[0].outcome;
        EXPECT_TRUE(outcome == Outcome::passed || outcome == Outcome::already) << at.count() << to_string(outcome);
      }
    }
  }
}

TEST(StationMode, AHaltDoesNotUseUpTheAttemptsOfAUnit) {
  Line line(1, [](config::Recipe& recipe) { recipe.policy.attempts = 1; });
  line.plug_new(0);
  for (int i = 0; i < 4; ++i) {
    line.pass_time(1s);
    line.engine->halt(StopKind::safe_point);
    line.pass_time(20s);
    line.engine->pause(false);
  }
  line.pass_time(60s);
  ASSERT_EQ(line.verdicts(0).size(), 1u);
  EXPECT_EQ(line.verdicts(0)[0].outcome, Outcome::passed);
}

TEST(StationMode, AUnitThatIsTakenOutWhileAllIsStoppedIsNoFailure) {
  Line line(1);
  line.plug_new(0);
  line.pass_time(633ms);
  line.engine->halt(StopKind::safe_point);
  line.pass_time(20s);
  line.pull(0);
  line.pass_time(20s);
  ASSERT_EQ(line.verdicts(0).size(), 1u);
  EXPECT_EQ(line.verdicts(0)[0].outcome, Outcome::cancelled);
  line.engine->pause(false);
  line.plug_new(0);
  line.pass_time(60s);
  ASSERT_EQ(line.verdicts(0).size(), 2u);
  EXPECT_EQ(line.verdicts(0)[1].outcome, Outcome::passed);
}

TEST(StationMode, AStopEndsALineThatWasHalted) {
  Line line(2);
  line.plug_new(0);
  line.pass_time(633ms);
  line.engine->halt(StopKind::safe_point);
  line.pass_time(20s);
  line.engine->stop(StopKind::safe_point);
  line.pass_time(20s);
  ASSERT_TRUE(line.totals);
  EXPECT_EQ(line.totals->cancelled, 1);
}

TEST(StationMode, NoOrderGetsMoreThanItWantsWheneverAnotherOneIsTaken) {
  bool in_between = false;
  for (auto at = 0ms; at < 12s; at += 97ms) {
    Line line(4);
    line.engine->work_for(order("A", 2), [] {});
    for (int i = 0; i < 4; ++i) line.plug_new(i);
    line.pass_time(at);
    int begun = 0;
    line.engine->work_for(order("B", 1), [&] {
      for (const AttemptStarted& one : line.recorded<AttemptStarted>()) begun += one.job->order == "A" ? 1 : 0;
    });
    line.pass_time(120s);
    EXPECT_LE(passed_for(line, "A"), 2) << at.count();
    EXPECT_EQ(passed_for(line, "B"), 1) << at.count();
    int for_a = 0;
    for (const AttemptStarted& one : line.recorded<AttemptStarted>()) for_a += one.job->order == "A" ? 1 : 0;
    EXPECT_EQ(for_a, begun) << at.count() << ": none begins for the order before once the next one is taken";
    in_between = in_between || (for_a > 0 && passed_for(line, "A") == 2 && at < 1s);
  }
  EXPECT_TRUE(in_between) << "units in work for one order while the next one is taken";
}

TEST(StationMode, ASlotThatIsSkippedFinishesItsUnitAndTakesNoOtherWheneverThatIsSaid) {
  int finished = 0, untouched = 0;
  for (auto at = 0ms; at < 8s; at += 97ms) {
    Line line(2);
    line.pass_time(1ms);
    line.plug_new(0);
    line.pass_time(at);
    line.engine->skip({port_of(0)}, true);
    line.pass_time(60s);
    const auto begun = line.recorded<AttemptStarted>().size();
    ASSERT_LE(begun, 1u) << at.count();
    ASSERT_TRUE(begun == 0 || line.last(port_of(0)).outcome == Outcome::passed) << at.count();
    begun == 1 ? ++finished : ++untouched;
    line.engine->reload(line.options.settings);
    line.line.pull({port_of(0)});
    line.pass_time(3s);
    line.plug_new(0);
    line.plug_new(1);
    line.pass_time(60s);
    ASSERT_EQ(line.recorded<AttemptStarted>().size(), begun + 1) << at.count() << ": the other slot works on";
    line.engine->skip({port_of(0)}, false);
    line.pass_time(60s);
    ASSERT_EQ(line.recorded<AttemptStarted>().size(), begun + 1) << at.count() << ": it was not inserted since";
    line.line.pull({port_of(0)});
    line.pass_time(3s);
    line.plug_new(0);
    line.pass_time(60s);
    ASSERT_EQ(line.last(port_of(0)).outcome, Outcome::passed) << at.count();
    ASSERT_EQ(line.recorded<AttemptStarted>().size(), begun + 2) << at.count();
  }
  EXPECT_GT(finished, 0);
  EXPECT_GT(untouched, 0);
}

TEST(StationMode, WhileSocketsGetTheirNamesNoUnitIsBegunWheneverThatStarts) {
  int in_work = 0;
  for (auto at = 0ms; at < 8s; at += 97ms) {
    Line line(3);
    line.plug_new(0);
    line.pass_time(at);
    std::size_t begun = 0;
    bool taken = false;
    line.engine->commission(true, [&] {
      taken = true;
      begun = line.recorded<AttemptStarted>().size();
    });
    line.pass_time(1ms);
    ASSERT_TRUE(taken) << at.count();
    line.plug_new(1);
    line.pass_time(60s);
    line.pull(1);
    line.pass_time(3s);
    line.plug_new(1);
    line.engine->pause(true);
    line.engine->pause(false);
    line.pass_time(60s);
    ASSERT_EQ(line.recorded<AttemptStarted>().size(), begun) << at.count();
    ASSERT_TRUE(begun == 0 || line.last(port_of(0)).outcome == Outcome::passed) << at.count() << ": it was finished";
    in_work += static_cast<int>(begun);
    line.engine->commission(false, [] {});
    line.pass_time(60s);
    ASSERT_TRUE(line.verdicts(1).empty()) << at.count() << ": it was not inserted since";
    line.pull(1);
    line.pass_time(3s);
    line.plug_new(1);
    line.pass_time(60s);
    ASSERT_EQ(line.last(port_of(1)).outcome, Outcome::passed) << at.count();
  }
  EXPECT_GT(in_work, 0);
}

}  // namespace
}  // namespace scheduler
