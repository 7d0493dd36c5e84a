// The steps of the last attempt as the slot page shows them, from the events of real attempts on virtual units.
#include "station/board/slot_timelines.h"

#include <QJsonArray>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace station::board {
namespace {

using scheduler::fleet::Fleet;
using testing::ElementsAre;

std::vector<std::string> states(const SlotTimelines& timelines) {
  std::vector<std::string> out;
  for (const QJsonValue step : timelines.of("1-1.1")["steps"].toArray()) {
    out.push_back(step.toObject()["state"].toString().toStdString());
  }
  return out;
}

dfu::virt::LineSpec failing_at(const char* where) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 8);
  if (*where) spec.units[0].faults = {{dfu::virt::FaultKind::stall, *dfu::virt::fault_point_from(where), 1000}};
  return spec;
}

std::shared_ptr<config::Recipe> one_attempt() {
  auto recipe = scheduler::fleet::photon_recipe();
  recipe->policy.attempts = 1;
  return recipe;
}

TEST(SlotTimelines, StepsAfterAnEarlyFailureAreNotReached) {
  Fleet fleet(failing_at("block:2"), one_attempt());
  SlotTimelines timelines;
  fleet.watcher.next = &timelines;
  ASSERT_TRUE(fleet.run());
  ASSERT_TRUE(fleet.last("1-1.1").fault);
  EXPECT_THAT(states(timelines), ElementsAre("failed", "not-reached", "not-reached"));
}

TEST(SlotTimelines, APassedAttemptHasAllItsStepsDone) {
  Fleet fleet(failing_at(""), one_attempt());
  SlotTimelines timelines;
  fleet.watcher.next = &timelines;
  ASSERT_TRUE(fleet.run());
  EXPECT_THAT(states(timelines), ElementsAre("done", "done", "done"));
}

// While it runs no step is called done: what was written is read back at the end.
TEST(SlotTimelines, WhileItRunsOnlyTheStepInWorkHasAPhaseAndNoneIsDone) {
  Fleet fleet(failing_at(""), one_attempt());
  SlotTimelines timelines;
  fleet.watcher.next = &timelines;
  fleet.start();
  std::set<std::string> seen;
  while (!fleet.totals && fleet.clock.step()) {
    if (fleet.watcher.attempts.contains({"1-1.1"})) break;
    for (const std::string& state : states(timelines)) seen.insert(state);
  }
  EXPECT_TRUE(seen.contains("waiting"));
  EXPECT_TRUE(seen.contains("write"));
  EXPECT_TRUE(seen.contains("worked-on"));
  EXPECT_FALSE(seen.contains("done"));
}

}  // namespace
}  // namespace station::board
