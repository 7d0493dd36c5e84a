// Is a slot worse than its peers? Named in time, and hardly ever wrongly.
#include "scheduler/suspicion.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace scheduler {
namespace {

constexpr int slots = 16, seeds = 200;
constexpr double error_rate = 0.01;

struct Outcomes {
  int named_after = 0;     // units of the bad slot; 0: not named
  bool wrong_one = false;  // another one was named
};

// Slot 6 loses `bad` of its units, the others 1 in 200.
Outcomes run(unsigned seed, double bad, int units_per_slot) {
  std::mt19937 dice(seed);
  std::uniform_real_distribution<double> roll(0, 1);
  Suspicion suspicion(error_rate);
  Outcomes out;
  for (int unit = 1; unit <= units_per_slot; ++unit) {
    for (int slot = 0; slot < slots; ++slot) {
      const bool failed = roll(dice) < (slot == 6 ? bad : 0.005);
      const auto found = suspicion.judged("A" + std::to_string(slot), failed);
      if (!found || !found->first) continue;
      if (slot == 6 && bad > 0.005) {
        out.named_after = unit;
      } else {
        out.wrong_one = true;
      }
    }
  }
  return out;
}

TEST(Suspicion, ASlotThatLosesOneInTenIsNamedWithin200OfItsUnitsAndHalfOfTheTimeWithin60) {
  std::vector<int> named;
  int wrong = 0;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    const Outcomes one = run(seed, 0.1, 200);
    if (one.named_after > 0) named.push_back(one.named_after);
    wrong += one.wrong_one;
  }
  std::ranges::sort(named);
  EXPECT_GE(named.size(), seeds - 1u);
  EXPECT_LE(named[seeds / 2], 60);
  EXPECT_LE(wrong, seeds * error_rate);
  std::cout << "named in " << named.size() << " of " << seeds << " lines, after " << named[seeds / 2]
            << " of its units in half of them, " << named[seeds * 9 / 10] << " in nine of ten, " << named.back()
            << " at the latest; wrong ones named in " << wrong << "\n";
}

// However long the line runs: 200 lines of 16 equal slots and 2000 units each.
TEST(Suspicion, EqualSlotsAreNamedNoMoreOftenThanTheStatedErrorRate) {
  int wrong = 0;
  for (unsigned seed = 1000; seed < 1000 + seeds; ++seed) wrong += run(seed, 0.005, 2000).wrong_one;
  EXPECT_LE(wrong, seeds * error_rate);
}

TEST(Suspicion, ABadLotIsNoSlotsFault) {
  std::mt19937 dice(7);
  Suspicion suspicion;
  for (int unit = 0; unit < 100; ++unit) {
    for (int slot = 0; slot < slots; ++slot) {
      EXPECT_FALSE(suspicion.judged(std::to_string(slot), dice() % 3 == 0));
    }
  }
}

TEST(Suspicion, WithoutPeersNobodyIsSuspected) {
  Suspicion suspicion;
  for (int unit = 0; unit < 1000; ++unit) EXPECT_FALSE(suspicion.judged("A1", true));
}

TEST(Suspicion, ADeadSlotIsNamedAfterAHandfulOfUnitsAndSaysItsNumbers) {
  Suspicion suspicion;
  for (int unit = 1; unit <= 20; ++unit) {
    for (int slot = 1; slot < slots; ++slot) suspicion.judged(std::to_string(slot), false);
    const auto found = suspicion.judged("0", true);
    if (!found) continue;
    EXPECT_LE(unit, 6);
    EXPECT_EQ(found->failed, unit);
    EXPECT_EQ(found->units, unit);
    EXPECT_EQ(found->others_failed, 0);
    EXPECT_EQ(found->others_units, unit * 15);
    EXPECT_TRUE(suspicion.is_suspect("0"));
    EXPECT_FALSE(suspicion.judged("0", true)->first);
    suspicion.forget("0");
    EXPECT_FALSE(suspicion.is_suspect("0"));
    return;
  }
  FAIL() << "never named";
}

}  // namespace
}  // namespace scheduler
