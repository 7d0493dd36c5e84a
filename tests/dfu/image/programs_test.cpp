#include "dfu/image/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/image/image.h"
#include "tests/dfu/image/samples.h"

namespace dfu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Segment {
  std::uint32_t type = 1, address = 0;
  Bytes bytes;
};

// A 32-bit little-endian ELF file: header, segment table, the segments' bytes.
Bytes elf(const std::vector<Segment>& segments, std::uint16_t machine = 40) {
  Bytes file = {0x7F, 'E', 'L', 'F', 1, 1, 1};
  file.resize(16);
  append_le16(file, 2);
  append_le16(file, machine);
  append_le32(file, 1);
  append_le32(file, 0x08000101);  // entry
  append_le32(file, 52);          // segment table
  append_le32(file, 0);
  append_le32(file, 0);
  append_le16(file, 52);
  append_le16(file, 32);
  append_le16(file, static_cast<std::uint16_t>(segments.size()));
  file.resize(52);
  auto offset = static_cast<std::uint32_t>(52 + 32 * segments.size());
  for (const Segment& one : segments) {
    const auto size = static_cast<std::uint32_t>(one.bytes.size());
    for (const std::uint32_t field : {one.type, offset, 0x20000000u, one.address, size, size, 5u, 4u}) {
      append_le32(file, field);
    }
    offset += size;
  }
  for (const Segment& one : segments) file.insert(file.end(), one.bytes.begin(), one.bytes.end());
  return file;
}

Bytes uf2(std::uint32_t blocks, std::uint32_t family = 0xE48BFF56) {
  Bytes file;
  for (std::uint32_t i = 0; i < blocks; ++i) {
    for (const std::uint32_t field :
         {0x0A324655u, 0x9E5D5157u, 0x2000u, 0x10000000u + 256 * i, 256u, i, blocks, family}) {
      append_le32(file, field);
    }
    file.insert(file.end(), 476, 0xAB);
    append_le32(file, 0x0AB16F30);
  }
  return file;
}

TEST(Elf, ProgramForArmSaysWhereItsBytesGo) {
  const Bytes file = elf({{1, 0x08000200, Bytes(16, 1)},
                          {1, 0x08000000, Bytes(0x200, 2)},
                          {6, 0, Bytes(4, 3)},
                          {1, 0x08010000, Bytes(8, 4)}});
  const ImageFacts facts = identify(file);
  EXPECT_EQ(facts.kind, ImageKind::elf);
  EXPECT_FALSE(facts.sound);
  EXPECT_EQ(facts.problem, "is an ELF file for ARM; flash the .bin made from it");
  EXPECT_THAT(facts.ranges, ElementsAre(Range{0x08000000, 0x08000210}, Range{0x08010000, 0x08010008}));
}

TEST(Elf, ProgramOfAnotherMachineIsNoFirmware) {
  EXPECT_THAT(identify(elf({{1, 0, Bytes(16, 1)}}, 3)).problem, HasSubstr("for x86, not firmware"));
  for (const std::uint16_t machine : {40, 83, 94, 243}) {
    EXPECT_THAT(identify(elf({{1, 0, Bytes(16, 1)}}, machine)).problem, HasSubstr("flash the .bin made from it"));
  }
  EXPECT_THAT(identify(elf({{1, 0, Bytes(16, 1)}}, 0xFFF0)).problem, HasSubstr("ELF file, not firmware"));
}

TEST(Elf, EveryCutAndEveryChangeIsSafeInput) {
  Bytes file = elf({{1, 0x08000000, Bytes(64, 1)}, {1, 0xFFFFFFF0, Bytes(32, 1)}});
  EXPECT_TRUE(read_elf(file).ranges.empty()) << "a segment past the end of the address space";
  file = elf({{1, 0x08000000, Bytes(64, 1)}});
  for (std::size_t size = 4; size < file.size(); ++size) {
    EXPECT_TRUE(identify(ByteView(file).first(size)).ranges.empty()) << size;
  }
  for (std::size_t at = 4; at < file.size(); ++at) {
    for (const std::uint8_t change : {0x01, 0x80, 0xFF}) {
      file[at] ^= change;
      EXPECT_FALSE(identify(file).sound) << at;
      file[at] ^= change;
    }
  }
}

TEST(Uf2, BlocksAreOneRangeAndTheChipIsNamed) {
  const ImageFacts facts = identify(uf2(5));
  EXPECT_EQ(facts.kind, ImageKind::uf2);
  EXPECT_EQ(facts.problem, "is a UF2 file for RP2040; flash the .bin made from it");
  EXPECT_THAT(facts.ranges, ElementsAre(Range{0x10000000, 0x10000500}));
}

TEST(Uf2, DamageIsNamedWithItsBlock) {
  for (const std::size_t field : {0u, 4u, 16u, 20u, 24u, 508u}) {
    Bytes file = uf2(3);
    file[512 + field + 1] ^= 0x40;
    EXPECT_THAT(identify(file).problem, HasSubstr("block 1 is damaged")) << field;
  }
  Bytes file = uf2(2);
  file.pop_back();
  EXPECT_FALSE(identify(file).problem.empty());
  EXPECT_TRUE(identify(file).ranges.empty());
}

TEST(OtherFiles, AreNamedAndNeverFirmware) {
  for (const auto& [begin, name] : std::vector<std::pair<std::string, std::string>>{
           {"\x1F\x8B", "gzip"}, {"MZ", "Windows"}, {"\x89PNG", "picture"}, {"!<arch>\n", "linker"}}) {
    Bytes file = bytes_of(begin);
    file.resize(300, 0x01);
    const ImageFacts facts = identify(file);
    EXPECT_EQ(facts.kind, ImageKind::unknown);
    EXPECT_FALSE(facts.sound);
    EXPECT_THAT(facts.problem, HasSubstr(name));
  }
}

}  // namespace
}  // namespace dfu
