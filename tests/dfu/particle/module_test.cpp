#include "dfu/particle/module.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/image/image.h"
#include "tests/dfu/image/samples.h"

namespace dfu::particle {
namespace {

using testing::HasSubstr;

// Makes the CRC right again after a change.
void seal(Bytes& file) {
  const std::uint32_t crc = crc32(ByteView(file).first(file.size() - 4));
  for (int i = 0; i < 4; ++i) file[file.size() - 4 + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
}

std::string problem_of(const Bytes& file) {
  const ModuleResult result = parse_module(file);
  const auto* damaged = std::get_if<DamagedModule>(&result);
  return damaged ? damaged->problem : "(not damaged)";
}

const Bytes& small_user_part() {
  static const Bytes file = build_module(user_part_spec(200));
  return file;
}

const Bytes& small_system_part() {
  static const Bytes file = build_module(system_part_spec(600));
  return file;
}

TEST(Module, TruncatedPartIsRefusedAndNamesBothSizes) {
  for (const Bytes& whole : {small_user_part(), small_system_part()}) {
    const std::size_t header_end = std::get<Module>(parse_module(whole)).header_offset + 24;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(identify(cut).sound) << size;
      if (size < header_end) {
        EXPECT_TRUE(std::holds_alternative<NotAModule>(parse_module(cut))) << size;
        continue;
      }
      EXPECT_THAT(problem_of(cut), HasSubstr("shorter than its header says: it has " + std::to_string(size) +
                                             " bytes and should have " + std::to_string(whole.size())));
    }
  }
}

TEST(Module, LongerFileIsRefusedAndNamesBothSizes) {
  Bytes file = small_user_part();
  file.push_back(0);
  EXPECT_THAT(problem_of(file),
              HasSubstr("is 1 byte longer than its header says: it has 201 bytes and should have 200"));
  file.resize(4096, 0xFF);
  EXPECT_THAT(problem_of(file), HasSubstr("3896 bytes longer"));
}

TEST(Module, EverySingleChangedByteIsNoticedAndNeverTakenForARawProgram) {
  for (const Bytes& whole : {small_user_part(), small_system_part()}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const std::uint8_t change : {0x01, 0x20, 0x80, 0xFF}) {
        Bytes file = whole;
        file[at] ^= change;
        EXPECT_FALSE(std::holds_alternative<Module>(parse_module(file))) << at;
        const ImageFacts facts = identify(file);
        EXPECT_FALSE(facts.sound) << at;
        EXPECT_FALSE(facts.problem.empty());
        EXPECT_TRUE(facts.module || !resemblance(file).empty()) << at;
      }
    }
  }
}

TEST(Module, ChangedByteBehindTheHeaderIsNamedByItsCrc) {
  Bytes file = small_user_part();
  const std::string stored = hex_address(be32(file, 196));
  file[100] ^= 1;
  EXPECT_THAT(problem_of(file), HasSubstr("should be " + stored));
}

TEST(Module, NoHeaderIsFoundInRandomBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    Bytes file(random() % 2000);
    for (std::uint8_t& byte : file) byte = static_cast<std::uint8_t>(random());
    ASSERT_TRUE(std::holds_alternative<NotAModule>(parse_module(file))) << round;
    ASSERT_EQ(resemblance(file), "") << round;
  }
}

// Bytes as they are in tables and vectors: mostly zeros and small numbers.
TEST(Module, NoHeaderIsFoundInSmallNumbers) {
  std::mt19937 random(2);
  for (int round = 0; round < 100000; ++round) {
    Bytes file(700);
    for (std::uint8_t& byte : file) byte = random() % 4 == 0 ? static_cast<std::uint8_t>(random() % 16) : 0;
    ASSERT_TRUE(std::holds_alternative<NotAModule>(parse_module(file))) << round;
  }
}

TEST(Module, NoHeaderIsFoundInUniformBytes) {
  for (int value = 0; value < 256; ++value) {
    const Bytes file(5000, static_cast<std::uint8_t>(value));
    EXPECT_TRUE(std::holds_alternative<NotAModule>(parse_module(file))) << value;
    EXPECT_FALSE(identify(file).sound) << value;
  }
}

TEST(Module, HeaderInAPlaceWhereItsKindNeverHasOneIsNoHeader) {
  const Bytes header(small_user_part().begin(), small_user_part().begin() + 24);
  for (std::size_t offset = 4; offset <= 0x300; offset += 4) {
    Bytes file(200, 0x55);
    file.resize(0x400, 0x55);
    std::ranges::copy(header, file.begin() + static_cast<std::ptrdiff_t>(offset));
    EXPECT_TRUE(std::holds_alternative<NotAModule>(parse_module(file))) << offset;
  }
  const auto begin = small_system_part().begin() + 0x184;
  const Bytes system_header(begin, begin + 24);
  for (std::size_t offset = 0; offset <= 0x300; offset += 4) {
    if (offset == 0x184) continue;
    Bytes file(0x400, 0x55);
    std::ranges::copy(system_header, file.begin() + static_cast<std::ptrdiff_t>(offset));
    EXPECT_TRUE(std::holds_alternative<NotAModule>(parse_module(file))) << offset;
  }
}

TEST(Module, ImplausibleFieldsAreNoHeader) {
  struct Change {
    std::size_t at;
    std::uint8_t value;
    const char* why;
  };
  for (const Change& change :
       {Change{12, 103, "platform of another maker"}, Change{12, 7, "unused platform id"}, Change{14, 0, "no function"},
        Change{14, 10, "unknown function"}, Change{9, 0x20, "unknown flag"}, Change{8, 1, "reserved byte set"},
        Change{3, 0x18, "start outside the flash"}, Change{7, 0x18, "end outside the flash"},
        Change{16, 0, "empty dependency with a version"}, Change{16, 77, "odd dependency"},
        Change{20, 77, "odd second dependency"}, Change{22, 1, "second without function"}}) {
    Bytes file = small_user_part();
    file[change.at] = change.value;
    seal(file);
    EXPECT_TRUE(std::holds_alternative<NotAModule>(parse_module(file))) << change.why;
    EXPECT_TRUE(!resemblance(file).empty()) << change.why;
    EXPECT_FALSE(identify(file).sound) << change.why;
  }
}

TEST(Module, CoresPlatformIdOfZeroIsNotReadIntoOtherKinds) {
  Bytes file = small_user_part();
  file[12] = 0;
  seal(file);
  EXPECT_TRUE(std::holds_alternative<NotAModule>(parse_module(file)));
}

TEST(Module, SuffixOfTheFirstReleasesHasNoProductFields) {
  Bytes file = small_user_part();
  file[file.size() - 6] = 36;
  seal(file);
  const Module module = std::get<Module>(parse_module(file));
  EXPECT_TRUE(module.hash);
  EXPECT_FALSE(module.product_id);
  EXPECT_FALSE(module.product_version);
}

TEST(Module, ImpossibleSuffixSizeMeansNoSuffixAndIsNoDamage) {
  for (const int size : {0, 35, 500, 0xFFFF}) {
    Bytes file = small_user_part();
    file[file.size() - 6] = static_cast<std::uint8_t>(size);
    file[file.size() - 5] = static_cast<std::uint8_t>(size >> 8);
    seal(file);
    EXPECT_FALSE(std::get<Module>(parse_module(file)).hash) << size;
  }
}

TEST(Module, ProductFieldsOfASuffixWithExtensionsAreRead) {
  Bytes file = small_user_part();
  const std::size_t end = file.size() - 4;
  file[end - 2] = 62;
  for (const auto& [at, value] : {std::pair{62, 2}, {61, 0}, {60, 16}, {59, 0}, {46, 1}, {45, 0}, {44, 10}, {43, 0}}) {
    file[end - at] = static_cast<std::uint8_t>(value);
  }
  file[end - 40] = 0x39;
  file[end - 39] = 0x30;
  file[end - 38] = 9;
  file[end - 37] = 0;
  seal(file);
  const Module module = std::get<Module>(parse_module(file));
  EXPECT_EQ(module.product_id, 12345);
  EXPECT_EQ(module.product_version, 9);
}

TEST(Module, DifferingHashAloneIsNoDamage) {
  Bytes file = small_user_part();
  file[file.size() - 20] ^= 1;
  seal(file);
  EXPECT_TRUE(std::holds_alternative<Module>(parse_module(file)));
}

// An asset has no address that would make its header certain.
TEST(Module, TruncatedAssetIsNoModuleAndNotSound) {
  ModuleSpec spec;
  spec.platform = Platform::core;
  spec.function = Function::asset;
  spec.index = 0;
  spec.file_size = 200;
  const Bytes whole = build_module(spec);
  ASSERT_TRUE(identify(whole).sound);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const ByteView cut = ByteView(whole).first(size);
    EXPECT_TRUE(std::holds_alternative<NotAModule>(parse_module(cut))) << size;
    EXPECT_FALSE(identify(cut).sound) << size;
  }
}

TEST(Module, P2UserPartsEndAtAFixedAddress) {
  ModuleSpec spec;
  spec.platform = Platform::p2;
  spec.file_size = 57344;
  spec.start = 0x08600000 - spec.file_size;
  const Module module = std::get<Module>(parse_module(build_module(spec)));
  EXPECT_EQ(module.end, 0x085FFFFCu);
  spec.file_size = 57400;  // with records behind its header, from wherever they make it begin
  spec.start = 0x08600000 - spec.file_size;
  EXPECT_EQ(std::get<Module>(parse_module(build_module(spec))).start, 0x085F1FC8u);
}

TEST(Module, HeaderReadFromAUnitIsEnough) {
  const Bytes& file = small_system_part();
  const auto module = parse_header(ByteView(file).subspan(0x184, 24));
  ASSERT_TRUE(module);
  EXPECT_EQ(describe(*module), "photon system-part 1 version 3");
  EXPECT_EQ(module->header_offset, 0x184u);
  EXPECT_FALSE(parse_header(ByteView(file).subspan(0x184, 23)));
  EXPECT_FALSE(parse_header(Bytes(24, 0xFF)));
  EXPECT_FALSE(parse_header(Bytes(24, 0x00)));
}

TEST(Module, NamesAreThoseOfTheFormats) {
  EXPECT_EQ(to_string(Function::ncp_firmware), "ncp-firmware");
  EXPECT_EQ(to_string(Platform::b5som), "b5som");
  EXPECT_FALSE(platform_from(7));
  EXPECT_FALSE(function_from(0));
  EXPECT_FALSE(function_from(10));
  for (int id = 0; id < 256; ++id) {
    const auto platform = platform_from(static_cast<std::uint16_t>(id));
    EXPECT_EQ(platform ? static_cast<int>(*platform) : id, id);
  }
  EXPECT_EQ(describe(Dependency{Function::system_part, 2, 6}), "system-part 2 version 6 or later");
  EXPECT_EQ(describe(Dependency{Function::bootloader, 0, 101}), "bootloader version 101 or later");
}

}  // namespace
}  // namespace dfu::particle
