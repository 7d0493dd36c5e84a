#include "dfu/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/profile.h"

namespace dfu {
namespace {

using testing::AllOf;
using testing::HasSubstr;

MemoryMap photon_map() {
  return parse_memory_map(find_profile("photon")->map).value();
}

Step step(std::string name, std::uint32_t address, std::size_t size) {
  Step result;
  result.name = std::move(name);
  result.image = make_image("image.bin", Bytes(size, 0x5A));
  result.address = address;
  return result;
}

Misfit misfit_of(std::vector<Step> steps, const MemoryMap& map = photon_map()) {
  const auto result = lay_out(std::move(steps), map);
  const auto* misfit = std::get_if<Misfit>(&result);
  EXPECT_NE(misfit, nullptr);
  return misfit ? *misfit : Misfit{};
}

TEST(Layout, StepsAreCutAtSectorBordersInRecipeOrder) {
  const auto result =
      lay_out({step("user", 0x080A0000, 86192), step("system-part1", 0x08020000, 248732)}, photon_map());
  const auto& layout = std::get<Layout>(result);
  ASSERT_EQ(layout.steps.size(), 2u);
  ASSERT_EQ(layout.pieces.size(), 3u);
  EXPECT_EQ(layout.pieces[0].step, 0u);
  EXPECT_EQ(layout.pieces[0].data, (Range{0x080A0000, 0x080A0000 + 86192}));
  EXPECT_EQ(layout.pieces[0].sector.range, (Range{0x080A0000, 0x080C0000}));
  EXPECT_EQ(layout.pieces[1].step, 1u);
  EXPECT_EQ(layout.pieces[1].data, (Range{0x08020000, 0x08040000}));
  EXPECT_EQ(layout.pieces[2].data, (Range{0x08040000, 0x08020000 + 248732}));
}

TEST(Layout, PiecesCoverEveryByteOfAStepExactlyOnce) {
  for (std::uint32_t size : {1u, 4u, 0x20000u, 0x20001u, 0x3FFFFu, 0x40000u, 0x60001u}) {
    for (std::uint32_t address : {0x08020000u, 0x08020004u, 0x0803FFFCu}) {
      const auto result = lay_out({step("x", address, size)}, photon_map());
      std::uint32_t next = address;
      for (const Piece& piece : std::get<Layout>(result).pieces) {
        EXPECT_EQ(piece.data.begin, next);
        EXPECT_TRUE(piece.sector.range.contains(piece.data));
        next = piece.data.end;
      }
      EXPECT_EQ(next, address + size);
    }
  }
}

TEST(Layout, ByteOutsideTheMapIsNamed) {
  const Misfit low = misfit_of({step("core", 0x07FFFFF0, 32)});
  EXPECT_EQ(low.address, 0x07FFFFF0u);
  EXPECT_THAT(low.text, AllOf(HasSubstr("\"core\""), HasSubstr("0x07fffff0")));
  const Misfit high = misfit_of({step("ok", 0x08020000, 4), step("long", 0x080E0000, 0x20001)});
  EXPECT_EQ(high.step, 1u);
  EXPECT_EQ(high.address, 0x08100000u);
}

TEST(Layout, SectorThatCannotBeWrittenIsNamed) {
  const Misfit core = misfit_of({step("core tinker", 0x08005000, 79996)});
  EXPECT_EQ(core.address, 0x08005000u);
  EXPECT_THAT(core.text, AllOf(HasSubstr("core tinker"), HasSubstr("0x08004000")));
  for (const char letter : std::string("abcde")) {
    const auto map = parse_memory_map(std::string("@X/0x0/1*1Kg,1*1K") + letter);
    EXPECT_EQ(misfit_of({step("x", 0, 2048)}, *map).address, 1024u) << letter;
  }
}

TEST(Layout, GapInTheMapIsNamedAtItsFirstByte) {
  const auto map = parse_memory_map("@X/0x08000000/1*16Kg/0x08008000/1*16Kg");
  EXPECT_EQ(misfit_of({step("x", 0x08000000, 0x9000)}, *map).address, 0x08004000u);
}

TEST(Layout, StepsThatWantTheSameBytesAreBothNamed) {
  const Misfit misfit = misfit_of({step("part1", 0x08020000, 0x30000), step("part2", 0x08040000, 16)});
  EXPECT_EQ(misfit.step, 1u);
  EXPECT_EQ(misfit.address, 0x08040000u);
  EXPECT_THAT(misfit.text, AllOf(HasSubstr("\"part1\""), HasSubstr("\"part2\""), HasSubstr("0x08040000")));
  EXPECT_EQ(misfit_of({step("a", 0x08040000, 16), step("b", 0x08020000, 0x30000)}).address, 0x08040000u);
}

TEST(Layout, NeighboursMayShareASector) {
  const auto result = lay_out({step("a", 0x08020000, 16), step("b", 0x08020010, 16)}, photon_map());
  EXPECT_EQ(std::get<Layout>(result).pieces.size(), 2u);
}

TEST(Layout, EmptyImageIsRefused) {
  EXPECT_THAT(misfit_of({step("nothing", 0x08020000, 0)}).text, HasSubstr("nothing"));
}

TEST(Layout, ImageBeyondTheAddressSpaceIsRefused) {
  EXPECT_THAT(misfit_of({step("x", 0xFFFFFFF0, 32)}).text, HasSubstr("end of the address space"));
}

TEST(Layout, NoStepsIsAnEmptyLayout) {
  EXPECT_TRUE(std::get<Layout>(lay_out({}, photon_map())).pieces.empty());
}

}  // namespace
}  // namespace dfu
