// What is not where the station file says, and where it seems to be.
#include "station/live/topology_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/virtual/control.h"
#include "scheduler/clocks.h"
#include "station/live/topology_watch.h"

namespace station {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

dfu::HubInfo hub(const std::string& port, int ports) {
  return {{port}, ports, dfu::TransactionTranslator::multi, dfu::PortPower::none};
}

dfu::Topology line_with(std::vector<dfu::HubInfo> hubs) {
  return {{{1, "pci-0000:00:14.0"}}, std::move(hubs)};
}

config::StationConfig slots_at(const std::vector<std::string>& ports) {
  config::StationConfig station;
  station.controllers = {{"pci-0000:00:14.0", "L"}, {"pci-gone", "R"}};
  for (const std::string& port : ports) station.slots.push_back({port, "at " + port, {}});
  return station;
}

// "1-1.2 -> 1-3.2", "1-1.2 gone"
std::vector<std::string> told(const std::vector<std::string>& ports, std::vector<dfu::HubInfo> hubs) {
  std::vector<std::string> all;
  for (const ChangedSlot& slot : changed_slots(slots_at(ports), line_with(std::move(hubs)))) {
    all.push_back(slot.was + (slot.is ? " -> " + slot.is->text : " gone"));
  }
  return all;
}

TEST(TopologyChanges, AFixtureThatIsWhereItWasHasNone) {
  EXPECT_THAT(told({"1-1.1", "L-1.4", "1-2.7", "1-9"}, {hub("1-1", 4), hub("1-2", 7), hub("1-3", 7)}), IsEmpty());
  EXPECT_THAT(told({}, {}), IsEmpty());
}

TEST(TopologyChanges, EachHubThatIsMissingIsMissedWithItsSlots) {
  const std::vector<std::string> ports = {"1-1.1", "1-1.2", "1-2.1", "1-3.1"};
  for (int missing = 1; missing <= 3; ++missing) {
    std::vector<dfu::HubInfo> hubs;
    for (int one = 1; one <= 3; ++one) {
      if (one != missing) hubs.push_back(hub("1-" + std::to_string(one), 4));
    }
    const auto changed = told(ports, hubs);
    EXPECT_EQ(changed.size(), missing == 1 ? 2u : 1u);
    for (const std::string& one : changed) {
      EXPECT_THAT(one, testing::StartsWith("1-" + std::to_string(missing)));
      EXPECT_THAT(one, testing::EndsWith(" gone"));
    }
  }
}

TEST(TopologyChanges, AHubWithFewerPortsOrAnotherHubInASocketIsNoSlotAnyMore) {
  EXPECT_THAT(told({"1-1.4", "1-1.5"}, {hub("1-1", 4)}), ElementsAre("1-1.5 gone"));
  EXPECT_THAT(told({"1-1.4"}, {hub("1-1", 4), hub("1-1.4", 4)}), ElementsAre("1-1.4 gone"));
}

TEST(TopologyChanges, AHubThatWasPluggedInElsewhereIsFoundThere) {
  EXPECT_THAT(told({"1-1.1", "1-1.7", "1-2.1"}, {hub("1-2", 7), hub("1-5", 7)}),
              ElementsAre("1-1.1 -> 1-5.1", "1-1.7 -> 1-5.7"));
  EXPECT_THAT(told({"1-1.7"}, {hub("1-5", 4)}), ElementsAre("1-1.7 gone")) << "it is another one";
  EXPECT_THAT(told({"1-1.1"}, {hub("1-5", 4), hub("1-6", 4)}), ElementsAre("1-1.1 gone")) << "nobody can tell which";
}

// A hub of seven ports is mostly two of four.
TEST(TopologyChanges, AHubMovesWithTheHubsBehindIt) {
  EXPECT_THAT(told({"1-1.1", "1-1.4.2"}, {hub("1-3", 4), hub("1-3.4", 4)}),
              ElementsAre("1-1.1 -> 1-3.1", "1-1.4.2 -> 1-3.4.2"));
  EXPECT_THAT(told({"1-1.1", "1-1.4.2"}, {hub("1-1", 4), hub("1-1.3", 4)}), ElementsAre("1-1.4.2 -> 1-1.3.2"));
}

TEST(TopologyChanges, AControllerThatIsGoneIsToldByItsName) {
  EXPECT_THAT(told({"R-1.1", "L-1.1"}, {hub("1-1", 4)}), ElementsAre("R-1.1 gone"));
}

TEST(TopologyChanges, TheSentenceSaysWhatAndWhatToDo) {
  EXPECT_EQ(remark_about({}).code, scheduler::RemarkCode::slots_back);
  EXPECT_EQ(english(remark_about({{"A1", "1-1.1", dfu::PortPath{"1-3.1"}}})),
            "1 slot is not where the station file says: A1 was 1-1.1, now 1-3.1. Put hub and cable back where they "
            "were, or name the sockets again.");
  std::vector<ChangedSlot> many(7, ChangedSlot{"A1", "1-1.1", {}});
  EXPECT_THAT(english(remark_about(many)), HasSubstr("A1 was 1-1.1, is gone and 3 more."));
}

TEST(TopologyWatch, HubsThatComeAndGoAreSeen) {
  scheduler::VirtualClock clock;
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 12);
  spec.hubs.push_back({.port = {"1-3"}, .absent = true});
  dfu::virt::VirtualLine line(spec, clock);
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::size_t> seen;
  TopologyWatch watch(line, line.topology(), [&](const dfu::Topology& now) {
    const std::lock_guard lock(mutex);
    seen.push_back(now.hubs.size());
    changed.notify_one();
  });
  const auto wait_for = [&](std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::minutes(1), [&] { return seen.size() == count; });
  };
  EXPECT_EQ(watch.latest().hubs.size(), 1u);
  EXPECT_EQ(obey(line, "plug 1-3"), "ok");
  ASSERT_TRUE(wait_for(1));
  EXPECT_EQ(watch.latest().hubs.size(), 2u);
  EXPECT_EQ(obey(line, "pull 1-1"), "ok");
  ASSERT_TRUE(wait_for(2));
  watch.stop();
  EXPECT_THAT(seen, ElementsAre(2u, 1u));
}

}  // namespace
}  // namespace station
