#include "dfu/memory_map.h"

#include <gtest/gtest.h>

namespace dfu {
namespace {

MemoryMap map_of(std::string_view text) {
  std::string problem;
  const auto map = parse_memory_map(text, &problem);
  EXPECT_TRUE(map) << text << ": " << problem;
  return map.value_or(MemoryMap{});
}

TEST(MemoryMap, PhotonsMapHasTwelveSectorsAndItsFirstThreeCannotBeWritten) {
  const MemoryMap map = map_of("@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg");
  ASSERT_EQ(map.sectors.size(), 12u);
  EXPECT_EQ(map.name, "Internal Flash");
  EXPECT_TRUE(map.sectors[2].readable);
  EXPECT_FALSE(map.sectors[2].writable);
  EXPECT_TRUE(map.sectors[3].writable && map.sectors[3].erasable);
  EXPECT_EQ(map.sectors[4].range, (Range{0x08010000, 0x08020000}));
  EXPECT_EQ(map.sectors.back().range, (Range{0x080E0000, 0x08100000}));
}

TEST(MemoryMap, RealStringsWithOddDigitsAndBlankMultipliersAreRead) {
  EXPECT_EQ(map_of("@Flash/0x08000000/064*0002Kg").sectors.size(), 64u);
  EXPECT_EQ(map_of("@Flash/0x08004000/122*002Kg").sectors.size(), 122u);
  EXPECT_EQ(map_of("@External Flash/0x80000000/1024*004Kg").sectors.size(), 1024u);
  EXPECT_EQ(map_of("@Option Bytes   /0x1FFFF800/01*016 e").sectors[0].range.size(), 16u);
  EXPECT_EQ(map_of("@Device Feature/0xFFFF0000/01*004 e").sectors[0].range.size(), 4u);
  EXPECT_EQ(map_of("@X/0x0/1*004Ka").sectors[0].range.size(), 4096u);
  EXPECT_EQ(map_of("@X/0x0/1*512Bg").sectors[0].range.size(), 512u);
  EXPECT_EQ(map_of("@X/0x0/2*16g").sectors[1].range, (Range{16, 32}));
  EXPECT_EQ(map_of("@X/0x90000000/8*1Mg").sectors[7].range.begin, 0x90700000u);
}

TEST(MemoryMap, EachAddressStartsANewRegion) {
  const MemoryMap map = map_of("@Two /0x08000000/2*16Kg/0x08100000/1*16Kg");
  ASSERT_EQ(map.sectors.size(), 3u);
  EXPECT_EQ(map.find(0x08008000), nullptr);
  EXPECT_EQ(map.find(0x08100000)->range.begin, 0x08100000u);
  EXPECT_TRUE(map.covering({0x08004000, 0x0800C000}).empty());
  EXPECT_EQ(map.covering({0x08000001, 0x08004001}).size(), 2u);
}

TEST(MemoryMap, TypeLettersMeanReadEraseWrite) {
  const std::string letters = "abcdefg";
  for (int i = 0; i < 7; ++i) {
    const Sector sector = map_of(std::string("@X/0x0/1*1K") + letters[i]).sectors.at(0);
    EXPECT_EQ(sector.readable, ((i + 1) & 1) != 0) << letters[i];
    EXPECT_EQ(sector.erasable, ((i + 1) & 2) != 0) << letters[i];
    EXPECT_EQ(sector.writable, ((i + 1) & 4) != 0) << letters[i];
  }
}

TEST(MemoryMap, TextThatIsNoLayoutIsRefusedWithAReason) {
  for (const char* text :
       {"", "@", "Internal Flash", "@X", "@X/", "@X/0x", "@X/0x08000000", "@X/0x08000000/", "@X/0x0/1*", "@X/0x0/1*1K",
        "@X/0x0/1*1Kz", "@X/0x0/0*1Kg", "@X/0x0/1*0Kg", "@X/0x0/99999999*1Kg", "@X/0xFFFFFFFF/1*1Kg",
        "@X/0x123456789/1*1Kg", "@X/0x0/1*2Kg/0x400/1*1Kg", "@X/0x0/1*99999999999999999999Kg"}) {
    std::string problem;
    EXPECT_FALSE(parse_memory_map(text, &problem)) << text;
    EXPECT_FALSE(problem.empty()) << text;
  }
}

}  // namespace
}  // namespace dfu
