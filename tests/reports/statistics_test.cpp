#include "reports/statistics.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/reports/attempt.h"
#include "tests/reports/test_of_the_line.h"

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

// Slot 1-1.1 fails every second unit, the others none; each unit is tried twice, so that only the last attempt counts.
db::Attempt at_port(int number, int tries, bool good) {
  const auto id = static_cast<std::uint8_t>(number % 251);
  db::Attempt attempt = sample::attempt(id, id, good ? sample::passed(id) : sample::failed(id));
  attempt.visit.port = "1-1." + std::to_string(number % 8 + 1);
  attempt.visit.slot.clear();
  attempt.visit.visit = {};
  attempt.visit.visit.bytes[0] = static_cast<std::uint8_t>(number >> 8);
  attempt.visit.visit.bytes[1] = static_cast<std::uint8_t>(number);
  attempt.started.attempt = attempt.visit.visit;
  attempt.started.attempt.bytes[2] = static_cast<std::uint8_t>(tries);
  attempt.finished.unit.clear();
  return attempt;
}

TEST(Statistics, ASlotIsSuspectByTheTestOfTheLineWithTheLastAttemptOfEachVisit) {
  Statistician statistician(make_slot_test);
  scheduler::Suspicion line;
  for (int number = 0; number < 800; ++number) {
    const bool good = number % 8 != 0 || number % 16 != 0;
    statistician.add(at_port(number, 1, false));
    statistician.add(at_port(number, 2, good));
    line.judged("1-1." + std::to_string(number % 8 + 1), !good);
  }
  const Statistics statistics = statistician.statistics();
  ASSERT_EQ(statistics.places.size(), 8u);
  for (const PlaceYield& place : statistics.places) {
    EXPECT_EQ(place.suspect, place.place.port == "1-1.1") << place.place.port;
    EXPECT_EQ(place.suspect, line.is_suspect(place.place.port));
  }
}

// Half of one station's units fail, in every slot: a bad lot there. Another station's good slots do not make it
// suspect.
TEST(Statistics, ASlotIsComparedWithThoseOfItsOwnStation) {
  Statistician statistician(make_slot_test);
  for (int number = 0; number < 800; ++number) {
    db::Attempt here = at_port(number, 1, number / 8 % 2 == 0), there = at_port(number, 2, true);
    there.installation = {};
    there.visit.visit.bytes[3] = 1;
    there.station = "line-4";
    statistician.add(here);
    statistician.add(there);
  }
  const Statistics statistics = statistician.statistics();
  ASSERT_EQ(statistics.places.size(), 16u);
  for (const PlaceYield& place : statistics.places) EXPECT_FALSE(place.suspect) << place.place.port;
}

TEST(Statistics, PeriodsHaveNoGapsAndCountEachUnitOnceWhereItBegan) {
  const Statistics statistics = of({unit(1, 0ms, true), unit(2, 1min, false), unit(3, 3h, true), unit(4, 3h, true)});
  EXPECT_EQ(statistics.period, 15min);
  ASSERT_EQ(statistics.periods.size(), 13u);
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

db::Attempt at_port(db::Attempt attempt, const std::string& port) {
  attempt.visit.port = port;
  return attempt;
}

TEST(Statistics, PeriodsAreLongEnoughToSaySomethingAboutEach) {
  std::vector<db::Attempt> attempts;
  for (std::uint8_t i = 0; i < 200; ++i) attempts.push_back(unit(i, i * 30min, true));
  const Statistics statistics = of(attempts);
  EXPECT_EQ(statistics.period, 24h) << "200 units in 100 hours: 4 hours hold 8 of them";
}

TEST(Statistics, PlacesStandAsTheyHangOnTheirHubs) {
  const Statistics statistics =
      of({at_port(unit(1, 0ms, true, "A1"), "1-1.10"), at_port(unit(2, 0ms, true, "A2"), "1-1.9"),
          at_port(unit(3, 0ms, true, "B1"), "1-2.1"), at_port(unit(4, 0ms, true, "A2"), "1-1.9")});
  std::vector<std::string> places;
  for (const PlaceYield& place : statistics.places) places.push_back(place.place.name());
  EXPECT_EQ(places, (std::vector<std::string>{"A2", "A1", "B1"}));
  EXPECT_EQ(statistics.places[0].good.whole, 2U);
  EXPECT_FALSE(by_number("A2", "A2"));
  EXPECT_TRUE(by_number("1-1.9", "1-1.10"));
  EXPECT_FALSE(by_number("1-1.10", "1-1.9"));
}

TEST(Statistics, AUnitThatFailedInOneSlotAndPassedInAnotherSpeaksAgainstTheFirst) {
  db::Attempt failed = at_port(unit(1, 0ms, false, "A1"), "1-1.1"), passed = at_port(unit(2, 1h, true, "A2"), "1-1.2");
  failed.finished.unit = passed.finished.unit = "3b00";
  const Statistics statistics = of({failed, passed});
  ASSERT_EQ(statistics.places.size(), 2U);
  EXPECT_EQ(statistics.places[0].first_pass.whole, 1U);
  EXPECT_EQ(statistics.places[0].first_pass.part, 0U);
  EXPECT_EQ(statistics.places[0].good.whole, 0U);
  EXPECT_EQ(statistics.places[1].good.part, 1U);
  EXPECT_EQ(statistics.recovered, 1U);
}

TEST(Statistics, ThePlacesOfTheTimelineAreThoseOfTheFixture) {
  const Statistics statistics =
      of({at_port(unit(1, 0ms, true, "B"), "1-2.1"), at_port(unit(2, 1s, false, "A"), "1-1.1")});
  ASSERT_EQ(statistics.timeline.size(), 2U);
  EXPECT_EQ(statistics.places[statistics.timeline[0].place].place.slot, "B");
  EXPECT_EQ(statistics.places[statistics.timeline[1].place].place.slot, "A");
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

}  // namespace
}  // namespace reports
