#include "reports/statistics.h"

#include <gtest/gtest.h>

#include "tests/reports/attempt.h"

namespace reports {
namespace {

using namespace std::chrono_literals;

Statistics of(const std::vector<db::Attempt>& attempts) {
  Statistician statistician;
  for (const db::Attempt& attempt : attempts) statistician.add(attempt);
  return statistician.statistics();
}

// A unit of its own, started so long after the first one.
db::Attempt unit(std::uint8_t id, db::milliseconds after, bool good, const std::string& slot = "A2") {
  db::Attempt attempt = sample::attempt(id, id, good ? sample::passed(id) : sample::failed(id));
  attempt.visit.slot = slot;
  attempt.finished.unit.clear();
  attempt.started.at += after;
  attempt.finished.at += after;
  return attempt;
}

// Values from the closed form; 10 of 10 is the well-known 72.2 %.
TEST(Statistics, BoundsAreWilsonsScoreInterval) {
  EXPECT_NEAR((Share{10, 10}.bounds().first), 0.7225, 0.0001);
  EXPECT_NEAR((Share{10, 10}.bounds().second), 1.0, 1e-9);
  EXPECT_NEAR((Share{0, 10}.bounds().second), 0.2775, 0.0001);
  EXPECT_NEAR((Share{95, 100}.bounds().first), 0.8882, 0.0001);
  EXPECT_NEAR((Share{95, 100}.bounds().second), 0.9785, 0.0001);
  EXPECT_EQ((Share{0, 0}.bounds()), (std::pair{0.0, 1.0}));
}

TEST(Statistics, PeriodsHaveNoGapsAndCountEachUnitOnceWhereItBegan) {
  const Statistics statistics = of({unit(1, 0ms, true), unit(2, 1min, false), unit(3, 3h, true), unit(4, 3h, true)});
  EXPECT_EQ(statistics.period, 5min);
  ASSERT_EQ(statistics.periods.size(), 37u);
  std::uint64_t units = 0;
  for (std::size_t i = 0; i < statistics.periods.size(); ++i) {
    units += statistics.periods[i].good.whole;
    EXPECT_EQ(statistics.periods[i].begin - statistics.periods[0].begin, statistics.period * i);
  }
  EXPECT_EQ(units, 4u);
  EXPECT_EQ(statistics.periods.front().good.part, 1u);
  EXPECT_EQ(statistics.periods.front().good.whole, 2u);
}

TEST(Statistics, AUnitThatPassedOnItsSecondAttemptIsYieldButNotFirstPass) {
  db::Attempt first = unit(1, 0ms, false), second = unit(2, 5s, true);
  second.visit = first.visit;
  second.started.number = 2;
  const Statistics statistics = of({first, second});
  ASSERT_EQ(statistics.periods.size(), 1u);
  EXPECT_EQ(statistics.periods[0].good.part, 1u);
  EXPECT_EQ(statistics.periods[0].first_pass.part, 0u);
  EXPECT_EQ(statistics.tries, (std::vector<std::uint64_t>{0, 1}));
  ASSERT_EQ(statistics.places.size(), 1u);
  EXPECT_EQ(statistics.places[0].good.value(), 1.0);
}

TEST(Statistics, PlacesStandInTheOrderOfTheirNumbers) {
  const Statistics statistics =
      of({unit(1, 0ms, true, "A10"), unit(2, 0ms, true, "A2"), unit(3, 0ms, true, "B1"), unit(4, 0ms, true, "A2")});
  std::vector<std::string> places;
  for (const PlaceYield& place : statistics.places) places.push_back(place.place);
  EXPECT_EQ(places, (std::vector<std::string>{"A2", "A10", "B1"}));
  EXPECT_FALSE(by_number("A2", "A2"));
  EXPECT_TRUE(by_number("1-1.9", "1-1.10"));
  EXPECT_FALSE(by_number("1-1.10", "1-1.9"));
}

TEST(Statistics, OneUnitThatTookMinutesDoesNotFlattenTheCycleTimes) {
  std::vector<db::Attempt> attempts;
  for (std::uint8_t i = 1; i <= 200; ++i) attempts.push_back(unit(i, 0ms, true));
  attempts.back().finished.flash = 300s;
  const CycleTimes cycles = of(attempts).cycles;
  EXPECT_LT(cycles.bin_seconds * static_cast<double>(cycles.bins.size()), 12);
  EXPECT_EQ(cycles.bins.back(), 1u) << "but it is counted";
  std::uint64_t all = 0;
  for (const std::uint64_t bin : cycles.bins) all += bin;
  EXPECT_EQ(all, 200u);
}

TEST(Statistics, TheTimelineKeepsTheLastAttemptsAndSaysThatItWasCut) {
  std::vector<db::Attempt> attempts(2100, unit(1, 0ms, true));
  attempts.back().visit.slot = "last";
  const Statistics statistics = of(attempts);
  EXPECT_TRUE(statistics.timeline_cut);
  EXPECT_EQ(statistics.timeline.size(), 2000u);
  EXPECT_EQ(statistics.timeline.back().place, "last");
}

}  // namespace
}  // namespace reports
