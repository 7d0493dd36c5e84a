#include "dfu/image/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/image/image.h"
#include "tests/dfu/image/archives.h"
#include "tests/dfu/image/samples.h"

namespace dfu {
namespace {

using testing::HasSubstr;

Bytes application(std::vector<particle::AssetNeed> assets = {}) {
  particle::ModuleSpec spec = user_part_spec(400);
  spec.assets = std::move(assets);
  return build_module(spec);
}

std::vector<ZipMember> bundle_members() {
  const Bytes picture = bytes_of("a picture of a cat");
  return {{"app.bin", application({{"cat.jpg", sha256(picture)}}), true}, {"assets/cat.jpg", picture, false}};
}

TEST(Zip, MembersComeOutAsTheyWentIn) {
  const Bytes empty, large(70000, 7);
  const Bytes file =
      make_zip({{"a", bytes_of("stored")}, {"d/", {}}, {"d/b", large, true}, {"c", empty, true}}, "by hand");
  const auto read = read_zip(file);
  const auto* members = std::get_if<std::vector<Member>>(&read);
  ASSERT_TRUE(members);
  ASSERT_EQ(members->size(), 3u);
  EXPECT_EQ((*members)[0].name, "a");
  EXPECT_EQ((*members)[0].bytes, bytes_of("stored"));
  EXPECT_EQ((*members)[1].name, "d/b");
  EXPECT_EQ((*members)[1].bytes, large);
  EXPECT_TRUE((*members)[2].bytes.empty());
}

TEST(Zip, EveryCutIsNoticed) {
  const Bytes whole = make_zip(bundle_members());
  for (std::size_t size = 4; size < whole.size(); ++size) {
    const ImageFacts facts = identify(ByteView(whole).first(size));
    ASSERT_EQ(facts.kind, ImageKind::zip);
    ASSERT_FALSE(facts.sound) << size;
  }
}

TEST(Zip, NoChangedByteOfAMemberGoesUnseen) {
  std::vector<ZipMember> members = bundle_members();
  members[0].deflate = false;
  Bytes file = make_zip(members);
  const std::size_t first_data = 30 + members[0].name.size();
  for (std::size_t at = first_data; at < first_data + members[0].bytes.size(); ++at) {
    file[at] ^= 0x10;
    ASSERT_FALSE(identify(file).sound) << at;
    file[at] ^= 0x10;
  }
}

TEST(Zip, AnyChangedByteIsSafeInputAndGivesNoModuleToTheArchiveItself) {
  Bytes file = make_zip(bundle_members());
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const std::uint8_t change : {0x01, 0x80, 0xFF}) {
      file[at] ^= change;
      ASSERT_FALSE(identify(file).module) << at;
      file[at] ^= change;
    }
  }
}

TEST(Zip, SizesThatLieAreNotBelieved) {
  Bytes file = make_zip({{"a", Bytes(100, 1), true}});
  const std::size_t directory = le32(file, file.size() - 6);
  for (const std::size_t field : {20u, 24u, 42u}) {
    Bytes lie = file;
    for (int i = 0; i < 4; ++i) lie[directory + field + i] = 0xF0;
    EXPECT_TRUE(std::holds_alternative<std::string>(read_zip(lie))) << field;
  }
}

TEST(Zip, WhatNobodyCanReadIsNamed) {
  EXPECT_THAT(std::get<std::string>(read_zip(make_zip({{"a", {}, false, 1}}))), HasSubstr("encrypted"));
  const std::vector<ZipMember> many(1025, ZipMember{"a", {}});
  EXPECT_THAT(std::get<std::string>(read_zip(make_zip(many))), HasSubstr("1025 files"));
}

TEST(Bundle, WholeOneIsSoundAndItsApplicationIsNamed) {
  const ImageFacts facts = identify(make_zip(bundle_members()));
  EXPECT_EQ(facts.kind, ImageKind::zip);
  EXPECT_TRUE(facts.sound) << facts.problem;
  EXPECT_FALSE(facts.module) << "the archive has no header itself";
  ASSERT_EQ(facts.packed.size(), 2u);
  EXPECT_TRUE(facts.packed[0].module);
  EXPECT_EQ(facts.packed[1].kind, ImageKind::unknown);
}

TEST(Bundle, EachWayNotToBeOneHasItsReason) {
  const auto problem = [](const std::vector<ZipMember>& members) {
    const ImageFacts facts = identify(make_zip(members));
    EXPECT_FALSE(facts.sound);
    return facts.problem;
  };
  const std::vector<ZipMember> good = bundle_members();
  EXPECT_THAT(problem({}), HasSubstr("nothing in it"));
  EXPECT_THAT(problem({good[0]}), HasSubstr("lacks the file \"cat.jpg\""));
  EXPECT_THAT(problem({good[0], {"assets/cat.jpg", bytes_of("a dog")}}), HasSubstr("another file \"cat.jpg\""));
  EXPECT_THAT(problem({good[0], {"second.bin", application()}, good[1]}), HasSubstr("app.bin, second.bin"));
  EXPECT_THAT(problem({{"readme.txt", bytes_of("hello")}}), HasSubstr("readme.txt"));
  EXPECT_THAT(problem({{"part.bin", build_module(system_part_spec(600))}}), HasSubstr("unpack it"));
  Bytes damaged = application();
  damaged[200] ^= 1;
  EXPECT_THAT(problem({{"app.bin", damaged}}), HasSubstr("\"app.bin\" is damaged"));
}

TEST(Bundle, ArchiveInAnArchiveIsNotOpened) {
  const Bytes inner = make_zip(bundle_members());
  const ImageFacts facts = identify(make_zip({{"bundle.zip", inner}}));
  ASSERT_EQ(facts.packed.size(), 1u);
  EXPECT_EQ(facts.packed[0].kind, ImageKind::zip);
  EXPECT_FALSE(facts.packed[0].sound);
}

}  // namespace
}  // namespace dfu
