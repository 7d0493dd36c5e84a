// The line told by hand, in made-up time: what it decides, without ports, threads and units.
#include "scheduler/line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Ports = std::vector<std::string>;

// A line of hubs 1-1 and 1-2 with four ports each, and a root hub with units of its own. Keeps what the line wanted
// since it was last asked.
class VisitInput {
 public:
  explicit VisitInput(bool stay = true) : options_(options(stay)) {}

  static LineOptions options(bool stay) {
    LineOptions options;
    options.settings.station = std::make_shared<config::StationConfig>();
    options.topology.hubs = {{{"1-1"}, 4, {}, dfu::PortPower::ganged}, {{"1-2"}, 4, {}, dfu::PortPower::per_port}};
    options.stay = stay;
    return options;
  }

  LineOptions& before() { return options_; }  // the first input

  void tell(Input input) {
    if (!line_) line_.emplace(options_, true);
    for (Effect& effect : line_->on(std::move(input), now)) effects_.push_back(std::move(effect));
  }
  void arrive(const std::string& port) {
    dfu::UnitInfo unit;
    unit.handle = ++handle_;
    unit.port = {port};
    tell(input::Arrived{std::move(unit)});
  }
  void plug(const std::string& port) {
    arrive(port);
    tell(input::PlaceWanted{{port}});
  }
  // An attempt on this port, with what comes before and after it; a fault on the wire, or none.
  void attempt(const std::string& port, bool cable = false) {
    tell(input::Happened{AttemptBegan{started(port)}});
    AttemptFinished end;
    end.started = started(port);
    end.outcome = cable ? Outcome::failed : Outcome::passed;
    if (cable) end.fault = dfu::Fault{dfu::FaultCode::io_error, {}, dfu::OperationKind::survey, {}, {}, "x"};
    tell(input::Happened{AttemptEnded{end}});
    tell(input::PlaceReleased{{port}});
    tell(input::Happened{VerdictReached{{port}, {}, end.outcome, 1}});
  }
  // So many attempts on these ports in turn, each of which fails on the wire.
  void fail_all(const Ports& ports, int times) {
    for (int i = 0; i < times; ++i) attempt(ports[static_cast<std::size_t>(i) % ports.size()], true);
  }

  // What was wanted since the last time, of one kind.
  template <typename Kind>
  std::vector<Kind> wanted() {
    std::vector<Kind> all;
    for (const Effect& effect : effects_) {
      if (const auto* one = std::get_if<Kind>(&effect)) all.push_back(*one);
    }
    return all;
  }
  void forget() { effects_.clear(); }
  Ports admitted() {
    Ports ports;
    for (const auto& one : wanted<effect::TellPort>()) {
      if (std::holds_alternative<visit_input::Admitted>(one.told)) ports.push_back(one.port.text);
    }
    return ports;
  }
  // "1-1.1 hub-stopped 1-1", "1-1.1" where it waits no longer.
  std::vector<std::string> waits() {
    std::vector<std::string> all;
    for (const auto& shown : wanted<effect::Show>()) {
      const auto* one = std::get_if<UnitWaits>(&shown.event);
      if (!one) continue;
      all.push_back(one->port.text);
      if (!one->wait) continue;
      all.back() += " " + std::string(to_string(one->wait->what));
      if (!one->wait->hub.text.empty()) all.back() += " " + one->wait->hub.text;
    }
    return all;
  }
  std::vector<std::string> remarks() {
    std::vector<std::string> texts;
    for (const auto& note : wanted<effect::Note>()) {
      if (note.remark.kind == RemarkKind::suspect) continue;
      texts.push_back(std::string(to_string(note.remark.code)) + " " + note.remark.about + ": " + english(note.remark));
    }
    return texts;
  }

  dfu::Duration now{};

 private:
  AttemptStarted started(const std::string& port) {
    AttemptStarted started;
    started.attempt = "a-" + std::to_string(++number_);
    started.visit = "v-" + std::to_string(number_);
    started.port = {port};
    return started;
  }

  LineOptions options_;
  std::optional<Line> line_;
  std::vector<Effect> effects_;
  dfu::UnitHandle handle_ = 0;
  int number_ = 0;
};

TEST(Line, BeginsUnitsUpToTheCapAndSaysWhatTheOthersWaitFor) {
  VisitInput line;
  auto station = std::make_shared<config::StationConfig>();
  station->cap = 2;
  line.before().settings.station = station;
  for (const char* port : {"1-1.1", "1-1.2", "1-2.1"}) line.plug(port);
  EXPECT_EQ(line.admitted(), (Ports{"1-1.1", "1-1.2"}));
  EXPECT_THAT(line.waits(), ElementsAre("1-2.1 cap"));
  line.forget();
  line.tell(input::PlaceReleased{{"1-1.1"}});
  EXPECT_EQ(line.admitted(), (Ports{"1-2.1"}));
  EXPECT_THAT(line.waits(), ElementsAre("1-2.1"));
}

TEST(Line, SaysOnceWhatAUnitWaitsForHoweverOftenItLooks) {
  VisitInput line;
  line.tell(input::Pause{true});
  line.plug("1-1.1");
  line.plug("1-2.1");
  line.tell(input::Pause{true});
  line.tell(input::TimeOver{});
  EXPECT_THAT(line.waits(), ElementsAre("1-1.1 pause", "1-2.1 pause"));
  line.forget();
  line.tell(input::Commission{true});
  EXPECT_THAT(line.waits(), ElementsAre("1-1.1 commissioning", "1-2.1 commissioning"));
  line.forget();
  line.tell(input::Pause{false});
  EXPECT_THAT(line.admitted(), IsEmpty());
  line.tell(input::Commission{false});
  EXPECT_EQ(line.admitted(), (Ports{"1-1.1", "1-2.1"}));
  EXPECT_THAT(line.waits(), ElementsAre("1-1.1", "1-2.1"));
}

TEST(Line, AUnitThatIsTakenOutWaitsForNothing) {
  VisitInput line;
  line.tell(input::Pause{true});
  line.plug("1-1.1");
  line.forget();
  line.tell(input::PlaceReleased{{"1-1.1"}});
  EXPECT_THAT(line.waits(), ElementsAre("1-1.1"));
}

TEST(Line, AsksToBeWokenWhenAStaggerRunsOut) {
  VisitInput line;
  auto station = std::make_shared<config::StationConfig>();
  station->stagger = 500ms;
  line.before().settings.station = station;
  line.now = 1s;
  line.plug("1-1.1");
  line.plug("1-1.2");
  ASSERT_EQ(line.wanted<effect::WakeAt>().size(), 1u);
  EXPECT_EQ(line.wanted<effect::WakeAt>()[0].when, dfu::Duration(1500ms));
  EXPECT_THAT(line.waits(), ElementsAre("1-1.2 stagger 1-1"));
  line.forget();
  line.now = 1500ms;
  line.tell(input::TimeOver{});
  EXPECT_EQ(line.admitted(), (Ports{"1-1.2"}));
}

// ---- hubs

// A line that has seen 1-1 fail until it was stopped.
class AStoppedHub : public testing::TestWithParam<std::pair<std::string, Ports>> {
 protected:
  AStoppedHub() : hub(GetParam().first), ports(GetParam().second) {
    for (int i = 0; i < 8; ++i) line.attempt("1-2.1");
    line.fail_all(ports, 40);
  }
  VisitInput line;
  const std::string hub;
  const Ports ports;
};

TEST_P(AStoppedHub, WasSlowedFirstAndSaysWhy) {
  const auto remarks = line.remarks();
  ASSERT_EQ(remarks.size(), 2u);
  EXPECT_THAT(remarks[0], HasSubstr("hub-slowed " + hub + ": "));
  EXPECT_THAT(remarks[0], HasSubstr("attempts here failed on the wire"));
  EXPECT_THAT(remarks[1], HasSubstr("hub-stopped " + hub + ": "));
}

TEST_P(AStoppedHub, KeepsItsUnitsWaitingAndNoOthers) {
  line.forget();
  for (const std::string& port : ports) line.plug(port);
  line.plug("2-1.1");
  EXPECT_EQ(line.admitted(), (Ports{"2-1.1"}));
  EXPECT_THAT(line.waits(), ElementsAre(ports[0] + " hub-stopped " + hub, ports[1] + " hub-stopped " + hub));
}

TEST_P(AStoppedHub, StaysStoppedWhenTheFilesAreReadAgain) {
  line.plug(ports[0]);
  line.forget();
  LineSettings again;
  again.station = std::make_shared<config::StationConfig>();
  line.tell(input::Reload{again});
  EXPECT_THAT(line.admitted(), IsEmpty());
  line.plug(ports[1]);
  EXPECT_THAT(line.admitted(), IsEmpty());
  EXPECT_THAT(line.waits(), ElementsAre(ports[1] + " hub-stopped " + hub));
}

TEST_P(AStoppedHub, IsSlowedByTheFirstReleaseAndAsBeforeByTheSecondWithWhoAndWhyOnRecord) {
  for (const std::string& port : ports) line.plug(port);
  line.forget();
  line.tell(input::Release{{hub}, {"Anna", "cable replaced"}});
  ASSERT_EQ(line.remarks().size(), 1u);
  EXPECT_THAT(line.remarks()[0], HasSubstr("hub-part-released " + hub));
  EXPECT_THAT(line.remarks()[0], HasSubstr("Anna released it (cable replaced)"));
  EXPECT_FALSE(line.admitted().empty());
  line.forget();
  line.tell(input::Release{{hub}, {"Anna", "it works"}});
  ASSERT_EQ(line.remarks().size(), 1u);
  EXPECT_THAT(line.remarks()[0], HasSubstr("hub-released " + hub));
  line.forget();
  line.tell(input::Release{{hub}, {"Anna", "again"}});
  EXPECT_THAT(line.remarks(), IsEmpty()) << "it is as before";
}

INSTANTIATE_TEST_SUITE_P(Line, AStoppedHub,
                         testing::Values(std::pair{std::string("1-1"), Ports{"1-1.1", "1-1.2"}},
                                         std::pair{std::string("1-0"), Ports{"1-3", "1-4"}}),
                         [](const auto& one) { return one.param.first == "1-0" ? "TheRootHub" : "AHub"; });

TEST(Line, AHubWhoseUnitsAreFlashedOnceIsNeverStopped) {
  VisitInput line(false);
  line.fail_all({"1-1.1", "1-1.2"}, 40);
  EXPECT_THAT(line.remarks(), IsEmpty());
}

TEST(Line, NothingBeginsBehindAHubWhosePowerIsOff) {
  VisitInput line;
  line.plug("1-1.1");
  line.forget();
  line.tell(input::PowerWanted{{"1-1.1"}, false});
  ASSERT_EQ(line.wanted<effect::SwitchPower>().size(), 1u);
  line.plug("1-1.2");
  EXPECT_THAT(line.admitted(), IsEmpty());
  EXPECT_THAT(line.waits(), ElementsAre("1-1.2 hub-power 1-1"));
  line.tell(input::PowerSwitched{{"1-1.1"}, false, true});
  EXPECT_THAT(line.admitted(), IsEmpty());
  line.tell(input::PowerSwitched{{"1-1.1"}, true, true});
  EXPECT_EQ(line.admitted(), (Ports{"1-1.2"}));
}

TEST(Line, AHubWithOtherUnitsKeepsItsPower) {
  VisitInput line;
  line.plug("1-1.1");
  line.plug("1-1.2");
  line.forget();
  line.tell(input::PowerWanted{{"1-1.1"}, false});
  EXPECT_THAT(line.wanted<effect::SwitchPower>(), IsEmpty());
  const auto told = line.wanted<effect::TellPort>();
  ASSERT_EQ(told.size(), 1u);
  const auto* answer = std::get_if<visit_input::Powered>(&told[0].told);
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->switched);
}

// ---- orders, and the end

TEST(Line, NoMoreUnitsAreBegunThanTheOrderWants) {
  VisitInput line;
  line.before().quota = Quota{.left = 1, .job = std::make_shared<const WorkOrder>(WorkOrder{"7", {}, {}})};
  line.before().wait_for_jobs = true;
  line.plug("1-1.1");
  line.plug("1-1.2");
  EXPECT_EQ(line.admitted(), (Ports{"1-1.1"}));
  EXPECT_THAT(line.waits(), ElementsAre("1-1.2 order"));
  line.forget();
  line.tell(input::WorkFor{{.without_order = true}});
  EXPECT_EQ(line.admitted(), (Ports{"1-1.2"}));
}

TEST(Line, EndsOnceWhenAllIsListedAndNothingIsInWork) {
  VisitInput line(false);
  line.plug("1-1.1");
  line.tell(input::WorkChanged{true});
  line.tell(input::Listed{});
  ASSERT_EQ(line.wanted<effect::Settle>().size(), 1u);
  line.tell(input::Settled{});
  EXPECT_THAT(line.wanted<effect::Finish>(), IsEmpty());
  line.attempt("1-1.1");
  line.tell(input::WorkChanged{false});
  line.tell(input::Stop{StopKind::at_once});
  ASSERT_EQ(line.wanted<effect::Finish>().size(), 1u);
  EXPECT_EQ(line.wanted<effect::Finish>()[0].totals.passed, 1);
}

TEST(Line, ALineThatStaysEndsOnlyWhenItIsToldToStop) {
  VisitInput line;
  line.tell(input::Listed{});
  line.tell(input::Settled{});
  EXPECT_THAT(line.wanted<effect::Finish>(), IsEmpty());
  line.tell(input::Stop{StopKind::drain});
  EXPECT_EQ(line.wanted<effect::Finish>().size(), 1u);
}

TEST(Line, APortComesIntoUseOnceAndHearsOfItsUnitAfterThat) {
  VisitInput line;
  line.plug("1-1.1");
  line.arrive("1-1.1");
  ASSERT_EQ(line.wanted<effect::UsePort>().size(), 1u);
  EXPECT_EQ(line.wanted<effect::TellPort>().size(), 3u) << "two arrivals and one admission";
}

TEST(Line, WhatAnEarlierRunLeftHalfWrittenIsToldAtTheStartAndAtItsNextInsertion) {
  VisitInput line;
  line.before().partial_flashes = {{"a0", {}, {"1-1.1"}, {}, "user", true}};
  line.tell(input::Begin{});
  EXPECT_THAT(line.remarks(), ElementsAre(HasSubstr("partial-at-start 1-1.1")));
  line.forget();
  line.attempt("1-1.1");
  EXPECT_THAT(line.remarks(), ElementsAre(HasSubstr("partial-same-port 1-1.1")));
}

}  // namespace
}  // namespace scheduler
