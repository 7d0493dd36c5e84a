#include "scheduler/admission.h"

#include <gtest/gtest.h>

namespace scheduler {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> names(const std::vector<dfu::PortPath>& ports) {
  std::vector<std::string> out;
  for (const dfu::PortPath& port : ports) out.push_back(port.text);
  return out;
}

using Names = std::vector<std::string>;

// What each port waits for, by all that was told until now.
struct Waits {
  void take(Admission& admission) {
    for (const Admission::Change& change : admission.changes()) {
      now.erase(change.port);
      if (change.wait) now.emplace(change.port, *change.wait);
    }
  }
  std::map<dfu::PortPath, Wait> now;
};

TEST(Admission, FirstComeFirstServedUpToTheCap) {
  Admission admission({2, {}, {}});
  for (const char* port : {"1-1.3", "1-1.1", "1-1.2"}) admission.request({port});
  EXPECT_EQ(names(admission.admit(0s)), (Names{"1-1.3", "1-1.1"}));
  EXPECT_TRUE(admission.admit(0s).empty());
  admission.release({"1-1.3"});
  EXPECT_EQ(names(admission.admit(0s)), (Names{"1-1.2"}));
}

TEST(Admission, AFullHubDoesNotHoldUpTheOthers) {
  Admission admission({10, {}, {{"left", {"1-1"}, 1}}});
  for (const char* port : {"1-1.1", "1-1.2", "1-2.1"}) admission.request({port});
  EXPECT_EQ(names(admission.admit(0s)), (Names{"1-1.1", "1-2.1"}));
  EXPECT_EQ(admission.waiting(), 1);
}

TEST(Admission, AHubCountsWhatIsBehindItsHubsToo) {
  Admission admission({10, {}, {{"outer", {"1-1"}, 2}, {"inner", {"1-1.4"}, 1}}});
  for (const char* port : {"1-1.4.1", "1-1.4.2", "1-1.1", "1-1.2", "1-10.1"}) admission.request({port});
  EXPECT_EQ(names(admission.admit(0s)), (Names{"1-1.4.1", "1-1.1", "1-10.1"}));
}

TEST(Admission, StaggerKeepsStartsBehindOneHubApartAndSaysWhenToAskAgain) {
  Admission admission({10, 500ms, {}});
  for (const char* port : {"1-1.1", "1-1.2", "1-2.1"}) admission.request({port});
  EXPECT_EQ(names(admission.admit(1s)), (Names{"1-1.1", "1-2.1"}));
  EXPECT_EQ(admission.next_time(1s), dfu::Duration(1500ms));
  EXPECT_TRUE(admission.admit(1499ms).empty());
  EXPECT_EQ(names(admission.admit(1500ms)), (Names{"1-1.2"}));
  EXPECT_FALSE(admission.next_time(1500ms));
}

TEST(Admission, WhoGivesUpWaitingFreesNoPlaceAndTakesNone) {
  Admission admission({1, {}, {}});
  admission.request({"1-1.1"});
  admission.request({"1-1.2"});
  admission.admit(0s);
  admission.release({"1-1.2"});
  EXPECT_EQ(admission.working(), 1);
  EXPECT_EQ(admission.waiting(), 0);
  admission.release({"1-1.1"});
  EXPECT_EQ(admission.working(), 0);
}

TEST(Admission, WhoWaitsIsToldWhatFor) {
  Admission admission({4, 500ms, {{"left", {"1-1"}, 1}}});
  for (const char* port : {"1-1.1", "1-1.2", "1-2.1", "1-2.2", "2-1", "3-1.1", "4-1", "4-2"}) admission.request({port});
  admission.narrow({"2-0"}, 0);
  admission.hold({"3-1"});
  Waits waits;
  admission.admit(0s);
  waits.take(admission);
  EXPECT_EQ(waits.now, (std::map<dfu::PortPath, Wait>{{{"1-1.2"}, {WaitFor::hub_width, {"1-1"}, "left"}},
                                                      {{"1-2.2"}, {WaitFor::stagger, {"1-2"}}},
                                                      {{"2-1"}, {WaitFor::hub_stopped, {"2-0"}}},
                                                      {{"3-1.1"}, {WaitFor::hub_power, {"3-1"}}},
                                                      {{"4-2"}, {WaitFor::stagger, {"4-0"}}}}));
  admission.admit(1s);
  waits.take(admission);
  EXPECT_EQ(admission.working(), 4);
  EXPECT_FALSE(waits.now.contains({"1-2.2"})) << "it works";
  EXPECT_EQ(waits.now.at({"4-2"}), (Wait{WaitFor::cap}));
  EXPECT_EQ(waits.now.at({"2-1"}), (Wait{WaitFor::hub_stopped, {"2-0"}})) << "no end of work lets it begin";
  admission.set_left(4);
  admission.admit(1s);
  waits.take(admission);
  EXPECT_EQ(waits.now.at({"2-1"}), (Wait{WaitFor::order}));
  admission.close(WaitFor::pause);
  admission.admit(1s);
  waits.take(admission);
  EXPECT_EQ(waits.now.at({"4-2"}), (Wait{WaitFor::pause}));
  admission.release({"4-2"});
  waits.take(admission);
  EXPECT_FALSE(waits.now.contains({"4-2"}));
}

TEST(Admission, ASlowedHubTakesSomeAndAStoppedOneNone) {
  Admission admission({9, {}, {}});
  for (const char* port : {"1-1.1", "1-1.2", "1-1.3"}) admission.request({port});
  admission.narrow({"1-1"}, 0);
  EXPECT_TRUE(admission.admit(0s).empty());
  admission.narrow({"1-1"}, 1);
  EXPECT_EQ(names(admission.admit(0s)), (Names{"1-1.1"}));
  Waits waits;
  waits.take(admission);
  EXPECT_EQ(waits.now.at({"1-1.2"}), (Wait{WaitFor::hub_slowed, {"1-1"}}));
  admission.narrow({"1-1"}, {});
  EXPECT_EQ(admission.admit(0s).size(), 2u);
}

// The path of a root hub is no beginning of its ports' paths.
TEST(Admission, ARootHubCanBeNarrowedToo) {
  Admission admission({9, {}, {}});
  admission.narrow({"1-0"}, 1);
  for (const char* port : {"1-1", "1-2", "11-1"}) admission.request({port});
  EXPECT_EQ(names(admission.admit(0s)), (Names{"1-1", "11-1"}));
}

TEST(Admission, NewLimitsHoldForThoseWhoStartLater) {
  Admission admission({2, {}, {}});
  for (const char* port : {"1-1.1", "1-1.2", "1-1.3"}) admission.request({port});
  admission.admit(0s);
  admission.change({1, {}, {}});
  admission.release({"1-1.1"});
  EXPECT_TRUE(admission.admit(0s).empty());
  admission.change({3, {}, {}});
  EXPECT_EQ(names(admission.admit(0s)), (Names{"1-1.3"}));
}

TEST(Admission, PoolsComeFromTheStationFilesHubsAndTheirCurrentBudget) {
  config::StationConfig station;
  station.cap = 9;
  station.controllers = {{"pci-0", "L"}};
  station.hubs = {{"L-1", "left", 3, {}, {}}, {"2-1", "", {}, 1600, {}}, {"X-1", "elsewhere", 1, {}, {}}};
  const auto pools = pools_of(station, {{1, "pci-0"}, {2, "pci-1"}});
  ASSERT_EQ(pools.size(), 2u);
  EXPECT_EQ(pools[0].hub.text, "1-1");
  EXPECT_EQ(pools[0].width, 3);
  EXPECT_EQ(pools[1].hub.text, "2-1");
  EXPECT_EQ(pools[1].width, 3);
}

}  // namespace
}  // namespace scheduler
