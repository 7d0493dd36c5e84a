// Compressed and combined modules, records behind header and code, and modules of platforms that are none of ours.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/image/image.h"
#include "dfu/particle/module.h"
#include "tests/dfu/image/archives.h"
#include "tests/dfu/image/samples.h"

namespace dfu::particle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void put_le32(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

Bytes sealed(Bytes file) {
  const std::uint32_t crc = crc32(ByteView(file).first(file.size() - 4));
  for (int i = 0; i < 4; ++i) file[file.size() - 4 + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  return file;
}

Bytes with_flags(Bytes file, std::uint8_t flags) {
  file[std::get<Module>(parse_module(file)).header_offset + 9] |= flags;
  return sealed(std::move(file));
}

// As an updater packs it: the header in front, then the packed module, then its suffix.
Bytes compressed(const Bytes& module, std::uint8_t flags = flag::compressed) {
  const std::size_t header = std::get<Module>(parse_module(module)).header_offset;
  const bool drops = (module[header + 9] & flag::drop_header) != 0;
  const ByteView whole(module);
  const ByteView inner = drops ? whole.subspan(24, whole.size() - 24 - 44) : whole;
  Bytes file(module.begin() + static_cast<std::ptrdiff_t>(header),
             module.begin() + static_cast<std::ptrdiff_t>(header + 24));
  append_le16(file, 8);
  append_le16(file, 0);
  append_le32(file, static_cast<std::uint32_t>(inner.size()));
  const Bytes packed = deflated(inner);
  file.insert(file.end(), packed.begin(), packed.end());
  file.insert(file.end(), module.end() - 44, module.end());
  put_le32(file, 4, le32(file, 0) + static_cast<std::uint32_t>(file.size()) - 4);
  file[9] |= flags;
  return sealed(std::move(file));
}

Bytes combined(const std::vector<Bytes>& modules) {
  Bytes file;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const Bytes one = i + 1 < modules.size() ? with_flags(modules[i], flag::combined) : modules[i];
    file.insert(file.end(), one.begin(), one.end());
  }
  return file;
}

std::string problem_of(ByteView file) {
  const ModuleResult result = parse_module(file);
  const auto* damaged = std::get_if<DamagedModule>(&result);
  return damaged ? damaged->problem : "(not damaged)";
}

const Bytes& part() {
  static const Bytes file = build_module(system_part_spec(600));
  return file;
}

TEST(Compressed, SystemPartIsNamedByTheHeaderInFrontThoughItHasNoVectors) {
  const Module module = std::get<Module>(parse_module(compressed(part())));
  EXPECT_EQ(module.header_offset, 0u);
  EXPECT_EQ(describe(module), "photon system-part 1 version 3");
  EXPECT_EQ(module.unpacked_size, 600u);
  EXPECT_THAT(only_over_the_air(module), HasSubstr("compressed"));
  EXPECT_TRUE(identify(compressed(part())).sound);
}

TEST(Compressed, ModuleWhoseHeaderIsDroppedHasNoneInside) {
  const Bytes file = compressed(with_flags(build_module(user_part_spec(300)), flag::drop_header));
  EXPECT_TRUE(std::holds_alternative<Module>(parse_module(file))) << problem_of(file);
}

TEST(Compressed, WhatDoesNotUnpackToWhatItSaysIsDamaged) {
  Bytes file = compressed(part());
  put_le32(file, 28, 599);
  EXPECT_THAT(problem_of(sealed(file)), HasSubstr("does not unpack to the 599 bytes"));
  put_le32(file, 28, 0x10000000);
  EXPECT_THAT(problem_of(sealed(file)), HasSubstr("larger than any flash"));
  file = compressed(part());
  file[26] = 1;
  EXPECT_THAT(problem_of(sealed(file)), HasSubstr("in a way that is not known"));
  file = compressed(part());
  file[10] = 9;  // version of the header in front
  EXPECT_THAT(problem_of(sealed(file)), HasSubstr("not the module it says"));
  file = compressed(part());
  for (std::size_t at = 24; at < file.size() - 44; ++at) {
    Bytes changed = file;
    changed[at] ^= 0x20;
    // The size of the window, on which nothing depends, and the unused bits of a stored block.
    if (at == 27 || at == 32) continue;
    EXPECT_TRUE(std::holds_alternative<DamagedModule>(parse_module(sealed(changed)))) << at;
  }
}

TEST(Compressed, HeaderBehindVectorsIsNotThatOfACompressedModule) {
  EXPECT_FALSE(std::holds_alternative<Module>(parse_module(sealed([] {
    Bytes file = part();
    file[0x184 + 9] |= flag::compressed;
    return file;
  }()))));
}

TEST(Combined, EveryModuleInTheFileIsNamed) {
  const Bytes user = build_module(user_part_spec(300));
  const Module module = std::get<Module>(parse_module(combined({part(), compressed(part()), user})));
  EXPECT_EQ(module.function, Function::system_part);
  ASSERT_EQ(module.following.size(), 2u);
  EXPECT_TRUE(module.following[0].has(flag::compressed));
  EXPECT_EQ(module.following[1].function, Function::user_part);
  EXPECT_THAT(only_over_the_air(module), HasSubstr("several modules"));
}

TEST(Combined, DamageInAnyOfThemIsFoundAndCounted) {
  const Bytes user = build_module(user_part_spec(300));
  const Bytes whole = combined({part(), user, user});
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    Bytes file = whole;
    file[at] ^= 0x04;
    EXPECT_FALSE(identify(file).sound) << at;
  }
  Bytes file = whole;
  file[600 + 300 + 100] ^= 1;
  EXPECT_THAT(problem_of(file), HasSubstr("number 3 of them is damaged"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(identify(ByteView(whole).first(size)).sound) << size;
  }
  file = whole;
  file.insert(file.end(), user.begin(), user.end());
  EXPECT_THAT(problem_of(file), HasSubstr("number 3 of them is 300 bytes longer"));
}

TEST(Combined, FileWithoutEndIsRefusedAndNotFollowedForEver) {
  EXPECT_THAT(problem_of(combined(std::vector<Bytes>(17, part()))), HasSubstr("one too many"));
  EXPECT_TRUE(std::holds_alternative<Module>(parse_module(combined(std::vector<Bytes>(16, part())))));
  EXPECT_THAT(problem_of(with_flags(part(), flag::combined)), HasSubstr("cut off"));
}

TEST(Records, AssetsOfAnApplicationAreRead) {
  ModuleSpec spec = user_part_spec(400);
  spec.assets = {{"cat.jpg", Sha256{1, 2, 3}}, {"a\nb", Sha256{4}}};
  const Module module = std::get<Module>(parse_module(build_module(spec)));
  EXPECT_THAT(module.assets, ElementsAre(AssetNeed{"cat.jpg", Sha256{1, 2, 3}}, AssetNeed{"a?b", Sha256{4}}));
}

TEST(Records, DamagedOnesAreNoDamageOfTheModule) {
  ModuleSpec spec = user_part_spec(400);
  spec.assets = {{"cat.jpg", Sha256{1}}};
  const Bytes whole = build_module(spec);
  const std::size_t suffix = le16(whole, whole.size() - 6);
  for (std::size_t at = whole.size() - 4 - suffix; at < whole.size() - 4; ++at) {
    for (const std::uint8_t change : {0x01, 0x80, 0xFF}) {
      Bytes file = whole;
      file[at] ^= change;
      EXPECT_TRUE(std::holds_alternative<Module>(parse_module(sealed(file)))) << at;
    }
  }
}

TEST(Records, AssetIsNamedByItsRecordAndNotTakenForACoreModule) {
  ModuleSpec spec;
  spec.platform = Platform::core;
  spec.function = Function::asset;
  spec.index = 0;
  spec.file_size = 200;
  const Module module = std::get<Module>(parse_module(build_module(spec)));
  EXPECT_TRUE(module.for_any_platform());
  EXPECT_EQ(describe(module), "asset");
}

TEST(ForeignPlatforms, ModulesAreNamedButNotReadAsOneOfOurs) {
  for (const auto& [id, name] : std::vector<std::pair<int, std::string>>{{88, "RedBear Duo"}, {103, "Bluz"}, {4, ""}}) {
    Bytes file = part();
    file[0x184 + 12] = static_cast<std::uint8_t>(id);
    const ImageFacts facts = identify(sealed(file));
    EXPECT_EQ(facts.kind, ImageKind::unknown);
    EXPECT_FALSE(facts.module);
    EXPECT_THAT(facts.problem, HasSubstr("platform " + std::to_string(id)));
    EXPECT_THAT(facts.problem, HasSubstr(name));
  }
}

TEST(WholeFiles, WhatEarlyToolsDidToThemIsSaid) {
  Bytes file = build_module(user_part_spec(201));
  file.push_back(0);
  EXPECT_THAT(problem_of(file), HasSubstr("particle-cli up to 1.27"));
  file.push_back(1);
  EXPECT_THAT(problem_of(file), HasSubstr("bytes were appended to it"));
  ModuleSpec spec = system_part_spec(600);
  spec.function = Function::bootloader;
  spec.index = 0;
  spec.start = 0x08000000;
  file = build_module(spec);
  put_le32(file, 0x188, le32(file, 0x188) - 100);
  EXPECT_THAT(problem_of(sealed(file)), HasSubstr("early bootloaders, whose headers are wrong"));
  file = build_module(spec);
  for (int i = 0; i < 4; ++i) file[596 + i] = static_cast<std::uint8_t>(0x78563412 >> (24 - 8 * i));
  EXPECT_THAT(problem_of(file), HasSubstr("the build was not finished"));
  file.resize(16384, 0xFF);
  EXPECT_THAT(problem_of(file), HasSubstr("its CRC-32 was never put in"));
}

}  // namespace
}  // namespace dfu::particle
