#include "db/uuid.h"

#include <algorithm>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace db {
namespace {

const Time kNoon{std::chrono::milliseconds(0x0193C5A01234)};

TEST(Uuid, BeginsWithTheMillisecondsAndCarriesVersionAndVariant) {
  UuidGenerator generator;
  const std::string text = to_string(generator.next(kNoon));
  ASSERT_EQ(text.size(), 36U);
  EXPECT_EQ(text.substr(0, 15), "0193c5a0-1234-7");
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
}

TEST(Uuid, KeepsTheirOrderWithinOneMillisecond) {
  UuidGenerator generator;
  Uuid last = generator.next(kNoon);
  for (int i = 0; i < 20000; ++i) {  // more than the counter holds
    const Uuid next = generator.next(kNoon);
    ASSERT_LT(last, next);
    ASSERT_EQ(next.bytes[6] >> 4, 7);
    last = next;
  }
}

TEST(Uuid, KeepsTheirOrderWhenTheClockStepsBack) {
  UuidGenerator generator;
  const Uuid first = generator.next(kNoon);
  EXPECT_LT(first, generator.next(kNoon - std::chrono::hours(1)));
}

TEST(Uuid, AreDifferentFromGeneratorsThatDoNotKnowEachOther) {
  EXPECT_NE(UuidGenerator().next(kNoon), UuidGenerator().next(kNoon));
}

TEST(Uuid, AreDifferentInAllThreadsThatShareAGenerator) {
  UuidGenerator generator;
  std::vector<Uuid> all(4000);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < 1000; ++i) all[t * 1000 + i] = generator.next(kNoon);
      });
    }
  }
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST(Uuid, TextIsReadBackAsTheSameValue) {
  UuidGenerator generator;
  const Uuid uuid = generator.next();
  EXPECT_EQ(parse_uuid(to_string(uuid)), uuid);
  EXPECT_EQ(parse_uuid("0193C5A0-1234-7000-8000-00000000000F"), parse_uuid("0193c5a0-1234-7000-8000-00000000000f"));
}

TEST(Uuid, TextOfAnyOtherFormIsNone) {
  const std::string good = "0193c5a0-1234-7000-8000-00000000000f";
  EXPECT_EQ(parse_uuid(""), std::nullopt);
  EXPECT_EQ(parse_uuid(good + "0"), std::nullopt);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = 'x';
    EXPECT_EQ(parse_uuid(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace db
