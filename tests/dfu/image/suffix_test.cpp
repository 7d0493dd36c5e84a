#include "dfu/image/suffix.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/dfu/image/samples.h"

namespace dfu {
namespace {

using testing::HasSubstr;

// As the specification describes it, bit by bit, and not by the library that the code uses.
std::uint32_t specified_crc(ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return crc;
}

Bytes with_suffix(Bytes file, std::uint8_t length = 16) {
  for (std::uint8_t more = 16; more < length; ++more) file.push_back(0x77);
  append_le16(file, 0x0200);
  append_le16(file, 0xD006);
  append_le16(file, 0x2B04);
  append_le16(file, 0x0100);
  for (const char letter : {'U', 'F', 'D'}) file.push_back(static_cast<std::uint8_t>(letter));
  file.push_back(length);
  append_le32(file, specified_crc(file));
  return file;
}

TEST(DfuSuffix, FieldsAreReadAndTheModuleBeforeItIsKept) {
  const Bytes module = build_module(user_part_spec(300));
  const auto image = make_image("user.dfu", with_suffix(module));
  EXPECT_EQ(image->facts.kind, ImageKind::dfu_suffix);
  EXPECT_TRUE(image->facts.sound) << image->facts.problem;
  ASSERT_TRUE(image->facts.suffix && image->facts.module);
  EXPECT_EQ(image->facts.suffix->vendor, 0x2B04);
  EXPECT_EQ(image->facts.suffix->product, 0xD006);
  EXPECT_EQ(image->facts.suffix->release, 0x0200);
  EXPECT_EQ(image->facts.suffix->dfu_version, 0x0100);
  EXPECT_TRUE(std::ranges::equal(image->payload(), module));
}

// HackRF's files: the header for the ROM goes before a file that has its suffix already.
TEST(DfuSuffix, AHeaderForTheRomOfAnLpcIsNoPartOfWhatItsCrcIsOver) {
  Bytes header(16, 0xFF);
  header[0] = 0xDA, header[2] = 0x58, header[3] = 0x00;
  Bytes file = header;
  const Bytes inner = with_suffix(Bytes(600, 0x5A));
  file.insert(file.end(), inner.begin(), inner.end());
  const auto image = make_image("hackrf.dfu", file);
  EXPECT_TRUE(image->facts.sound) << image->facts.problem;
  EXPECT_EQ(image->payload().size(), 616u) << "the unit wants the header";
  for (const std::size_t at : {20u, 300u, 615u, 618u}) {
    Bytes changed = file;
    changed[at] ^= 1;
    EXPECT_FALSE(identify(changed).sound) << at;
  }
  file[8] = 0;
  EXPECT_FALSE(identify(file).sound) << "another header";
}

TEST(DfuSuffix, LongerSuffixIsTakenOffWhole) {
  const Bytes module = build_module(user_part_spec(300));
  const auto image = make_image("user.dfu", with_suffix(module, 20));
  EXPECT_TRUE(image->facts.sound) << image->facts.problem;
  EXPECT_EQ(image->payload().size(), 300u);
}

TEST(DfuSuffix, EverySingleChangedByteIsNoticedWhateverIsBeforeIt) {
  const Bytes module = build_module(user_part_spec(200));
  const Bytes raw = program(0x20020000, 0x08000000, 400);
  for (const Bytes& whole : {with_suffix(module), with_suffix(raw), with_suffix(Bytes(100, 0x91))}) {
    ASSERT_TRUE(identify(whole).sound);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const std::uint8_t change : {0x01, 0x80, 0xFF}) {
        Bytes file = whole;
        file[at] ^= change;
        const ImageFacts facts = identify(file);
        EXPECT_FALSE(facts.sound) << at;
        EXPECT_FALSE(facts.problem.empty());
        EXPECT_LE(make_image("x", file)->payload().size(), file.size());
      }
    }
  }
}

TEST(DfuSuffix, WrongCrcIsNamedWithBothValues) {
  Bytes file = with_suffix(Bytes(100, 0x91));
  const std::string should = hex_address(le32(file, file.size() - 4));
  file[0] ^= 1;
  const ImageFacts facts = identify(file);
  EXPECT_EQ(facts.kind, ImageKind::dfu_suffix);
  EXPECT_THAT(facts.problem, HasSubstr("should be " + should));
}

TEST(DfuSuffix, ImpossibleLengthIsRefusedEvenWithARightCrc) {
  for (const int length : {0, 1, 15, 200, 255}) {
    Bytes file = with_suffix(Bytes(100, 0x91));
    const std::size_t crc_at = file.size() - 4;
    file[crc_at - 1] = static_cast<std::uint8_t>(length);
    Bytes crc;
    append_le32(crc, specified_crc(ByteView(file).first(crc_at)));
    std::ranges::copy(crc, file.begin() + static_cast<std::ptrdiff_t>(crc_at));
    EXPECT_EQ(identify(file).kind, ImageKind::dfu_suffix);
    EXPECT_FALSE(identify(file).sound) << length;
    EXPECT_EQ(make_image("x", file)->payload().size(), file.size());
  }
}

TEST(DfuSuffix, RightSuffixDoesNotMakeBadContentsGood) {
  Bytes damaged = build_module(user_part_spec(200));
  damaged[100] ^= 1;
  EXPECT_FALSE(identify(with_suffix(damaged)).sound);
  EXPECT_THAT(identify(with_suffix(damaged)).problem, HasSubstr("CRC-32"));
  EXPECT_FALSE(identify(with_suffix({})).sound);
  EXPECT_FALSE(identify(with_suffix(bytes_of("<!doctype html><html>"))).sound);
  EXPECT_FALSE(identify(with_suffix(bytes_of("404: Not Found"))).sound);
}

TEST(DfuSuffix, OfADfuseContainerDoesNotHideTheContainer) {
  EXPECT_EQ(identify(with_suffix(bytes_of("DfuSe\x01 rest"))).kind, ImageKind::dfuse);
}

}  // namespace
}  // namespace dfu
