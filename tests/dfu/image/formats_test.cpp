#include "dfu/image/formats.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/image/image.h"
#include "tests/dfu/image/samples.h"

namespace dfu {
namespace {

using testing::HasSubstr;

ImageKind kind_of(const Bytes& file) {
  return identify(file).kind;
}

void expect_refused(const Bytes& file, ImageKind kind) {
  const ImageFacts facts = identify(file);
  EXPECT_EQ(facts.kind, kind) << to_string(facts.kind);
  EXPECT_FALSE(facts.sound);
  EXPECT_FALSE(facts.problem.empty());
  EXPECT_FALSE(facts.module);
}

TEST(Identify, EmptyFileIsNamed) {
  expect_refused({}, ImageKind::empty);
}

TEST(Identify, WebPagesAreNamedInEveryDress) {
  for (const char* page : {"<!DOCTYPE html><html>", "<!doctype HTML>\n", "\n\n  <HTML>",
                           "\xEF\xBB\xBF<html lang=\"de\">", "<?xml version=\"1.0\"?><html/>",
                           "<head><title>Not found \xC3\xA9</title>", "<!-- saved --><html>", "\t<p>404</p>"}) {
    expect_refused(bytes_of(page), ImageKind::html);
  }
}

TEST(Identify, BytesThatOnlyBeginLikeATagAreNoWebPage) {
  EXPECT_EQ(kind_of(bytes_of("<")), ImageKind::unknown);
  EXPECT_EQ(kind_of(bytes_of("<3")), ImageKind::unknown);
  Bytes binary = bytes_of("<html");
  binary.insert(binary.end(), 64, 0);
  EXPECT_EQ(kind_of(binary), ImageKind::unknown);
}

TEST(Identify, TextIsNoFirmware) {
  expect_refused(bytes_of("404: Not Found\n"), ImageKind::unknown);
  EXPECT_THAT(identify(bytes_of("404: Not Found\n")).problem, HasSubstr("text"));
  expect_refused(bytes_of("DfuSe:\n- Do erase and write in two separate passes\n"), ImageKind::unknown);
}

TEST(Identify, KnownContainersAreNamedByTheirFirstBytes) {
  expect_refused(bytes_of(std::string_view("\x7F"
                                           "ELF\x01\x01\x01\0\0",
                                           9)),
                 ImageKind::elf);
  expect_refused(bytes_of("PK\x03\x04 and more"), ImageKind::zip);
  expect_refused(bytes_of("PK\x05\x06 of an empty archive"), ImageKind::zip);
  expect_refused(bytes_of("UF2\n\x57\x51\x5D\x9E rest"), ImageKind::uf2);
  expect_refused(bytes_of("DfuSe\x01 rest"), ImageKind::dfuse);
}

TEST(Identify, IntelHexNeedsAFirstRecordWithTheRightSum) {
  for (const char* text :
       {":020000040800F2\r\n", ":10010000214601360121470136007EFE09D2190140\n", ":00000001FF", ":020000040800f2\n"}) {
    expect_refused(bytes_of(text), ImageKind::intel_hex);
  }
  for (const char* text :
       {":", ":02", ":020000040800F3\n", ":0200000408", ":02 000040800F2", ":zz0000040800F2", ":00000006FA"}) {
    EXPECT_EQ(kind_of(bytes_of(text)), ImageKind::unknown) << text;
  }
}

TEST(Identify, EveryCutOfASignatureIsSafeInput) {
  for (const char* text : {"\x7F"
                           "ELF",
                           "PK\x03\x04", "UF2\n\x57\x51\x5D\x9E", "DfuSe", ":020000040800F2", "<!doctype html"}) {
    const Bytes whole = bytes_of(text);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(identify(ByteView(whole).first(size)).sound) << text << ' ' << size;
    }
  }
}

TEST(Identify, ProgramWithAPlausibleVectorTableIsRaw) {
  for (const std::uint32_t stack : {0x20020000u, 0x2001FFF0u, 0x10008000u, 0x24080000u}) {
    for (const std::uint32_t base : {0x08000000u, 0x08010000u, 0x00000000u}) {
      const ImageFacts facts = identify(program(stack, base, 4096));
      EXPECT_EQ(facts.kind, ImageKind::raw) << hex_address(stack) << ' ' << hex_address(base);
      EXPECT_TRUE(facts.sound);
      EXPECT_TRUE(facts.problem.empty());
    }
  }
}

TEST(Identify, ProgramWithAnImpossibleVectorIsNotRaw) {
  for (const std::uint32_t stack : {0x00000000u, 0xFFFFFFFFu, 0x08001000u, 0x20020001u, 0x60000000u}) {
    EXPECT_EQ(kind_of(program(stack, 0x08000000, 4096)), ImageKind::unknown) << hex_address(stack);
  }
  for (std::size_t entry = 1; entry <= 3; ++entry) {
    Bytes even = program(0x20020000, 0x08000000, 4096);
    even[entry * 4] &= 0xFE;
    EXPECT_EQ(kind_of(even), ImageKind::unknown) << entry;
    Bytes elsewhere = program(0x20020000, 0x08000000, 4096);
    elsewhere[entry * 4 + 3] = 0x60;
    EXPECT_EQ(kind_of(elsewhere), ImageKind::unknown) << entry;
    Bytes far = program(0x20020000, 0x08000000, 4096);
    far[entry * 4 + 2] = 0x10;
    EXPECT_EQ(kind_of(far), ImageKind::unknown) << "handlers further apart than the file is long: " << entry;
  }
}

TEST(Identify, BeginningOfAProgramIsNotRaw) {
  const Bytes whole = program(0x20020000, 0x08000000, 4096);
  for (std::size_t size = 0; size < 64; ++size) {
    EXPECT_FALSE(identify(ByteView(whole).first(size)).sound) << size;
  }
}

Bytes naming_the_cloud(Bytes file) {
  std::ranges::copy(std::string_view("device.spark.io"), file.begin() + 2000);
  return file;
}

TEST(Identify, CoreProgramWithoutHeaderIsNamed) {
  EXPECT_EQ(kind_of(naming_the_cloud(program(0x20005000, 0x08005000, 79996))), ImageKind::legacy_core);
  EXPECT_EQ(kind_of(naming_the_cloud(program(0x20005000, 0x08000000, 79996))), ImageKind::raw)
      << "linked below the Core's program";
  EXPECT_EQ(kind_of(naming_the_cloud(program(0x20005000, 0x08005000, 0x1B004))), ImageKind::raw)
      << "too long for a Core";
}

TEST(Identify, ProgramOfAnotherBoardForThePlaceOfACoreProgramIsNotNamedOne) {
  const Bytes maple = program(0x20005000, 0x08005000, 20000);
  EXPECT_EQ(kind_of(maple), ImageKind::raw);
  EXPECT_TRUE(runs_on_core(maple));
}

TEST(Identify, RandomBytesAreUnknown) {
  std::mt19937 random(3);
  for (int round = 0; round < 5000; ++round) {
    Bytes file(1 + random() % 3000);
    for (std::uint8_t& byte : file) byte = static_cast<std::uint8_t>(random());
    ASSERT_FALSE(identify(file).sound) << round;
  }
}

TEST(Identify, ModuleIsNamedWithItsFacts) {
  const ImageFacts facts = identify(build_module(user_part_spec(5324)));
  EXPECT_EQ(facts.kind, ImageKind::particle_module);
  EXPECT_TRUE(facts.sound);
  EXPECT_EQ(describe(facts.module.value()), "photon user-part 1 version 2");
}

TEST(Image, KnowsItsDigestAndFacts) {
  const Bytes file = build_module(user_part_spec(500));
  const auto image = make_image("user.bin", file);
  EXPECT_EQ(image->name, "user.bin");
  EXPECT_EQ(image->sha256, sha256(file));
  EXPECT_EQ(image->payload().size(), 500u);
  EXPECT_TRUE(image->facts.sound);
}

}  // namespace
}  // namespace dfu
