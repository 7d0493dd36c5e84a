// The recipe of everyday, and the wrong files that people really flashed, with real images. They are third-party
// binaries and no part of the project: without them these tests say so and are skipped.
#include <gtest/gtest.h>

#include "config/recipe.h"
#include "tests/config/support.h"

namespace config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class RealImages : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(images)) GTEST_SKIP() << "no real images in " << images;
  }

  static std::string step(const std::string& name, const std::string& image) {
    return "[[step]]\nname = \"" + name + "\"\nimage = \"" + image + "\"\n";
  }
  RecipeResult load(const std::string& steps) {
    return load_recipe(folder.write("r.toml", "[recipe]\nname = \"r\"\n[device]\nprofile = \"photon\"\n" + steps));
  }
  std::string real(const std::string& name) { return (images / name).string(); }
  std::string refused(const std::string& image) {
    const RecipeResult result = load(step("s", image));
    EXPECT_EQ(result.recipe, nullptr) << image;
    EXPECT_FALSE(result.input_missing) << image;
    EXPECT_EQ(result.diagnostics.size(), 1u) << all(result.diagnostics);
    return all(result.diagnostics);
  }
  dfu::Bytes bytes(const std::string& name) {
    std::ifstream in(real(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const std::filesystem::path images = std::filesystem::path(FLASHLINE_SOURCE_DIR) / ".." / "shared" / "firmware";
  Folder folder;
};

TEST_F(RealImages, SystemPartsWithTheirTinkerAreAccepted) {
  const RecipeResult result = load(step("1", real("photon/system-part1-0.4.3-photon.bin")) +
                                   step("2", real("photon/system-part2-0.4.3-photon.bin")) +
                                   step("user", real("photon/tinker-0.4.1-photon.bin")));
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_THAT(result.diagnostics, IsEmpty()) << all(result.diagnostics);
}

TEST_F(RealImages, TinkerForNewerPartsIsRefusedAndBothVersionsAreNamed) {
  const RecipeResult result = load(step("1", real("photon/system-part1-0.4.3-photon.bin")) +
                                   step("2", real("photon/system-part2-0.4.3-photon.bin")) +
                                   step("user", real("photon/tinker-0.4.5-photon.bin")));
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("(photon user-part 1 version 3) needs system-part 2 version 6 or "
                                                 "later, but this recipe flashes version 3"));
}

TEST_F(RealImages, ImagesOfOtherBoardsAreRefused) {
  EXPECT_THAT(refused(real("core/core_tinker-1.16.0.bin")),
              HasSubstr("was built for core, this recipe flashes photon"));
  EXPECT_THAT(refused(real("core/core_tinker-headerless.bin")),
              HasSubstr("was built for the Spark Core (no module header)"));
  EXPECT_THAT(refused(real("p1/system-part1-0.4.3-p1.bin")), HasSubstr("was built for p1, this recipe flashes photon"));
  EXPECT_THAT(refused(real("p1/p1_tinker.bin")), HasSubstr("was built for p1"));
  EXPECT_THAT(refused(real("electron/product_firmware-electron.bin")), HasSubstr("was built for electron"));
  EXPECT_THAT(refused(real("photon/bootloader-2.2.0-photon.bin")), HasSubstr("is a bootloader"));
}

TEST_F(RealImages, FilesThatAreNoFirmwareAreRefused) {
  EXPECT_THAT(refused(real("broken/html-page-named-system-part1-0.6.1-electron.bin")), HasSubstr("is a web page"));
  EXPECT_THAT(refused(real("broken/empty.bin")), HasSubstr("is empty"));
}

TEST_F(RealImages, TruncatedPartIsRefusedAndNamesBothSizes) {
  dfu::Bytes part = bytes("photon/system-part2-0.4.3-photon.bin");
  part.resize(100000);
  EXPECT_THAT(refused(folder.write("cut.bin", part)),
              testing::AllOf(HasSubstr("100000"), HasSubstr("151192"), HasSubstr("shorter than its header says")));
}

TEST_F(RealImages, OneChangedByteIsRefused) {
  dfu::Bytes part = bytes("photon/system-part2-0.4.3-photon.bin");
  part[77777] ^= 1;
  EXPECT_THAT(refused(folder.write("changed.bin", part)), HasSubstr("CRC-32"));
}

TEST_F(RealImages, PartsThatDependOnEachOtherInACircleAreAcceptedOnlyWithMatchingVersions) {
  const std::string part1 = step("1", real("photon/system-part1-2.2.0-photon.bin"));
  EXPECT_NE(load(part1).recipe, nullptr);
  const RecipeResult result = load(part1 + step("2", real("photon/system-part2-0.5.2-photon.bin")));
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("needs system-part 2 version 207 or later, but this recipe flashes "
                                                 "version 17"));
}

}  // namespace
}  // namespace config
