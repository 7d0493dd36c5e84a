// Merging, as a property: whatever states of whatever stations come in whatever order and however often, the end is the
// same, and nothing is there twice.
#include <algorithm>
#include <filesystem>
#include <numeric>
#include <random>
#include <set>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include "db/care.h"
#include "db/reader.h"
#include "db/schema.h"
#include "db/verify.h"
#include "tests/db/rows_of.h"
#include "tests/db/sample.h"

namespace db {
namespace {

class MergeProperty : public testing::Test {
 protected:
  static constexpr int stations = 3, states = 3;

  // Each station's record at some moments of its life; every table is in the last.
  void live(int station) {
    const std::string path = folder_.file("s" + std::to_string(station));
    auto n = static_cast<std::uint8_t>(1 + 80 * station);
    for (int state = 0; state < states; ++state) {
      {
        db::Run run = sample::run();
        run.id = uuids_.next();
        Store store(path, "s" + std::to_string(station), run, uuids_);
        for (int unit = 0; unit < 1 + static_cast<int>(random_() % 5); ++unit, n = static_cast<std::uint8_t>(n + 2)) {
          store.append(sample::visit(n));
          store.append(sample::started(static_cast<std::uint8_t>(n + 1), n));
          store.append(random_() % 2 ? sample::passed(static_cast<std::uint8_t>(n + 1))
                                     : sample::failed(static_cast<std::uint8_t>(n + 1)));
        }
        if (state == states - 1) {
          store.append(sample::beside(static_cast<std::uint8_t>(n - 1), static_cast<std::uint8_t>(n - 2)));
        }
      }
      std::filesystem::copy_file(path, state_of(station, state));
    }
  }
  std::string state_of(int station, int state) const {
    return folder_.file("s" + std::to_string(station) + "." + std::to_string(state));
  }

  // In the order in which a reader gets it.
  static std::string told(const std::string& path) {
    Reader reader(path);
    std::string all;
    for (const StationInfo& station : reader.stations()) all += station.name + hex(station.head.hash) + "\n";
    for (const Attempt& attempt : reader.attempts()) all += to_string(attempt.started.attempt) + attempt.label + "\n";
    for (const Event& event : reader.events()) all += to_string(event.attempt.value_or(Uuid{})) + event.text + "\n";
    for (const Disposition& one : reader.dispositions(Uuid{}, sample::passed(1).unit)) all += one.reason + "\n";
    return all;
  }

  sample::Folder folder_;
  UuidGenerator uuids_;
  std::mt19937 random_{20261122};
};

TEST_F(MergeProperty, AnyOrderOfAnyStatesEndsTheSame) {
  for (int station = 0; station < stations; ++station) live(station);
  std::multiset<std::string> expected;
  for (int station = 0; station < stations; ++station) expected.merge(sample::rows_of(state_of(station, states - 1)));
  std::string first;
  for (int round = 0; round < 6; ++round) {
    std::vector<std::string> sources;
    for (int station = 0; station < stations; ++station) {
      for (int state = 0; state < states; ++state) {
        // The last state once at least, the others perhaps.
        const std::size_t times = random_() % 3 + (state == states - 1 ? 1 : 0);
        sources.insert(sources.end(), times, state_of(station, state));
      }
    }
    std::shuffle(sources.begin(), sources.end(), random_);
    const std::string all = folder_.file("all" + std::to_string(round));
    for (const std::string& source : sources) merge(all, {source}, uuids_);
    EXPECT_EQ(sample::rows_of(all), expected) << round;
    EXPECT_TRUE(verify_chain(all).sound()) << round;
    if (round == 0) first = told(all);
    EXPECT_EQ(told(all), first) << round;
    for (const MergedChain& chain : merge(all, sources, uuids_)) EXPECT_EQ(chain.added, 0) << round;
    EXPECT_EQ(sample::rows_of(all), expected) << round;
  }
}

TEST_F(MergeProperty, MergedRecordsMergeLikeThoseOfStations) {
  for (int station = 0; station < stations; ++station) live(station);
  const auto last = [&](int station) { return state_of(station, states - 1); };
  merge(folder_.file("left"), {last(0), state_of(1, 0)}, uuids_);
  merge(folder_.file("right"), {last(2), last(1)}, uuids_);
  merge(folder_.file("both"), {folder_.file("right"), folder_.file("left")}, uuids_);
  merge(folder_.file("straight"), {last(0), last(1), last(2)}, uuids_);
  EXPECT_EQ(sample::rows_of(folder_.file("both")), sample::rows_of(folder_.file("straight")));
  EXPECT_EQ(told(folder_.file("both")), told(folder_.file("straight")));
  EXPECT_TRUE(verify_chain(folder_.file("both")).sound());
}

}  // namespace
}  // namespace db
