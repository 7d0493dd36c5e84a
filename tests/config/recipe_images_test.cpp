// What a recipe's images must be.
#include <gtest/gtest.h>

#include "config/recipe.h"
#include "tests/config/recipe_file.h"
#include "tests/config/support.h"

namespace config {
namespace {

using dfu::particle::Function;
using dfu::particle::Platform;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(RecipeFile, ImageThatIsNotThereOrAFolderIsMissingInput) {
  const RecipeResult none = load_step("image = \"none.bin\"\n");
  EXPECT_TRUE(none.input_missing);
  EXPECT_THAT(refused(none), HasSubstr("the image 'none.bin' does not exist"));
  const RecipeResult a_folder = load_step("image = \".\"\n");
  EXPECT_TRUE(a_folder.input_missing);
  EXPECT_THAT(refused(a_folder), HasSubstr("is a folder, not a file"));
}

TEST_F(RecipeFile, HugeImageIsRefused) {
  folder.write("huge.bin", "");
  std::filesystem::resize_file(folder.path("huge.bin"), (64u << 20) + 1);
  const RecipeResult result = load_step("image = \"huge.bin\"\n");
  EXPECT_FALSE(result.input_missing);
  EXPECT_THAT(refused(result), HasSubstr("is larger than 64 MiB"));
}

TEST_F(RecipeFile, PinThatDoesNotHoldNamesBothDigests) {
  const dfu::Bytes image = build_module(user_part());
  folder.write("user.bin", image);
  const std::string is = dfu::to_hex(dfu::sha256(image));
  std::string upper = is;
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_NE(load_step("image = \"user.bin\"\nsha256 = \"" + is + "\"\n").recipe, nullptr);
  EXPECT_NE(load_step("image = \"user.bin\"\nsha256 = \"" + upper + "\"\n").recipe, nullptr);
  const std::string other(64, 'a');
  const RecipeResult result = load_step("image = \"user.bin\"\nsha256 = \"" + other + "\"\n");
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("8:10"));
  EXPECT_THAT(result.diagnostics.at(0).message, testing::AllOf(HasSubstr(is), HasSubstr(other)));
}

TEST_F(RecipeFile, PinMustBeSixtyFourHexadecimalDigits) {
  for (const std::string& pin : {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'g')}) {
    EXPECT_THAT(all(load_step("image = \"user.bin\"\nsha256 = \"" + pin + "\"\n").diagnostics),
                HasSubstr(":8:10: error: 'sha256' must be 64 hexadecimal digits"));
  }
}

TEST_F(RecipeFile, FilesThatAreNoFirmwareAreRefusedEachForItsOwnReason) {
  const auto text = [](std::string_view bytes) { return dfu::Bytes(bytes.begin(), bytes.end()); };
  EXPECT_THAT(refused(load_image({})), HasSubstr("'one.bin' is empty"));
  EXPECT_THAT(refused(load_image(text("<!DOCTYPE html>\n<html><body>Not found</body></html>\n"))),
              HasSubstr("'one.bin' is a web page, not firmware: the download failed. Hint: Fetch the file again"));
  EXPECT_THAT(refused(load_image(text("PK\x03\x04 and more of it"))), HasSubstr("is a zip archive"));
  EXPECT_THAT(refused(load_image(text("\x7F"
                                      "ELF\x01\x01\x01"))),
              HasSubstr("is an ELF file"));
  EXPECT_THAT(refused(load_image(text(":020000040800F2\n:00000001FF\n"))), HasSubstr("has no bytes to flash"));
  EXPECT_THAT(refused(load_image(text("DfuSe\x01 and the rest"))), HasSubstr("is a DfuSe container"));
  EXPECT_THAT(refused(load_image({0x55, 0x46, 0x32, 0x0A, 0x57, 0x51, 0x5D, 0x9E, 0, 0})), HasSubstr("is a UF2 file"));
  EXPECT_THAT(refused(load_image(text("hello"))), HasSubstr("is text, not firmware"));
}

TEST_F(RecipeFile, ImagesWithoutAModuleHeaderAreRefusedForAPhoton) {
  dfu::Bytes core = program(0x20005000, 0x08005000);
  std::ranges::copy(std::string_view("device.spark.io"), core.end() - 100);
  EXPECT_THAT(refused(load_image(core)),
              HasSubstr("was built for the Spark Core (no module header); the unit would not run it, and would "
                        "silently go back to its factory firmware"));
  EXPECT_THAT(refused(load_image(program(0x20020000, 0x080A0000))), HasSubstr("has no Particle module header"));
}

TEST_F(RecipeFile, ProgramWithoutAHeaderThatRunsOnACoreIsFlashedToOneWhoeverBuiltIt) {
  folder.write("u.bin", program(0x20005000, 0x08005000));
  const auto result =
      load("[recipe]\nname = \"r\"\n[device]\nprofile = \"core\"\n[[step]]\nname = \"u\"\nimage = \"u.bin\"\n");
  ASSERT_TRUE(result.recipe) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->layout.steps[0].address, 0x08005000u);
}

TEST_F(RecipeFile, ImagesForAnotherPlatformAreRefusedAndBothAreNamed) {
  for (const Platform platform : {Platform::p1, Platform::electron}) {
    dfu::particle::ModuleSpec spec = user_part();
    spec.platform = platform;
    EXPECT_THAT(refused(load_image(build_module(spec))),
                HasSubstr("was built for " + std::string(to_string(platform)) + ", this recipe flashes photon"));
  }
  dfu::particle::ModuleSpec core = user_part();
  core.platform = Platform::core;
  core.function = Function::monolithic;
  core.index = 0;
  core.start = 0x08005000;
  EXPECT_THAT(refused(load_image(build_module(core))), HasSubstr("was built for core, this recipe flashes photon"));
}

TEST_F(RecipeFile, ModulesThatHaveNoPlaceOnAPhotonAreRefused) {
  dfu::particle::ModuleSpec boot = user_part();
  boot.function = Function::bootloader;
  boot.index = 0;
  boot.start = 0x08000000;
  EXPECT_THAT(refused(load_image(build_module(boot))), HasSubstr("is a bootloader (photon bootloader version 2)"));
  dfu::particle::ModuleSpec mono = boot;
  mono.function = Function::monolithic;
  mono.start = 0x08020000;
  EXPECT_THAT(refused(load_image(build_module(mono))), HasSubstr("photon units have no place for such a module"));
  dfu::particle::ModuleSpec third = user_part();
  third.index = 3;
  EXPECT_THAT(refused(load_image(build_module(third))), HasSubstr("photon units have no place for such a module"));
}

TEST_F(RecipeFile, ModuleThatWasBuiltForAnotherAddressIsRefused) {
  dfu::particle::ModuleSpec spec = user_part();
  spec.start = 0x08080000;
  EXPECT_THAT(refused(load_image(build_module(spec))),
              HasSubstr("was built to start at 0x08080000, but on photon units user-part 1 starts at 0x080a0000"));
}

TEST_F(RecipeFile, ModuleMayFillItsSlotToTheLastByteAndNoFurther) {
  dfu::particle::ModuleSpec spec = user_part();
  spec.file_size = 0x20000;
  EXPECT_NE(load_image(build_module(spec)).recipe, nullptr);
  spec.file_size += 4;
  EXPECT_THAT(refused(load_image(build_module(spec))), HasSubstr("is too large: it has 131076 bytes"));
}

TEST_F(RecipeFile, AddressThatIsNotTheHeadersIsRefusedAtTheAddress) {
  const RecipeResult result = load_step("image = \"user.bin\"\naddress = 0x080C0000\n");
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("8:11"));
  EXPECT_EQ(result.diagnostics.at(0).value, "0x080C0000");
  EXPECT_THAT(result.diagnostics.at(0).message, HasSubstr("belongs at 0x080a0000 by its header"));
}

TEST_F(RecipeFile, AddressBeyondThirtyTwoBitsIsRefused) {
  for (const std::string address : {"-1", "0x100000000", "0x7fffffffffffffff"}) {
    EXPECT_THAT(all(load_step("image = \"user.bin\"\naddress = " + address + "\n").diagnostics),
                HasSubstr("'address' must be from 0x00000000 to 0xffffffff"));
  }
}

TEST_F(RecipeFile, ChangedByteAnywhereAndEveryTruncationIsRefused) {
  const dfu::Bytes whole = build_module(user_part());
  for (std::size_t at = 0; at < whole.size(); at += 41) {
    dfu::Bytes changed = whole;
    changed[at] ^= 0x10;
    EXPECT_EQ(load_image(changed).recipe, nullptr) << "byte " << at;
    EXPECT_EQ(load_image(dfu::Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at))).recipe, nullptr);
  }
}

TEST_F(RecipeFile, TwoImagesForOneSlotAreRefusedAndTheFirstIsNamed) {
  folder.write("user.bin", build_module(user_part()));
  folder.write("other.bin", build_module(user_part()));
  const RecipeResult result = load_step("image = \"user.bin\"\n[[step]]\nname = \"t\"\nimage = \"other.bin\"\n");
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("10:9"));
  EXPECT_THAT(result.diagnostics.at(0).message,
              HasSubstr("goes into the user-part 1, and so does 'user.bin' (line 7)"));
}

// --- images with a DFU suffix

dfu::Bytes with_suffix(dfu::Bytes bytes, std::uint16_t vendor, std::uint16_t product) {
  dfu::append_le16(bytes, 0xFFFF);
  dfu::append_le16(bytes, product);
  dfu::append_le16(bytes, vendor);
  dfu::append_le16(bytes, 0x0100);
  for (const char c : {'U', 'F', 'D'}) bytes.push_back(static_cast<std::uint8_t>(c));
  bytes.push_back(16);
  dfu::append_le32(bytes, ~dfu::crc32(bytes));
  return bytes;
}

TEST_F(RecipeFile, SuffixIsNotFlashedAndItsIdsMustBeTheUnits) {
  const dfu::Bytes module = build_module(user_part());
  for (const auto& [vendor, product] : {std::pair{0x2B04, 0xD006}, {0xFFFF, 0xFFFF}, {0x2B04, 0xFFFF}}) {
    const RecipeResult result =
        load_image(with_suffix(module, static_cast<std::uint16_t>(vendor), static_cast<std::uint16_t>(product)));
    ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
    EXPECT_EQ(result.recipe->layout.steps[0].range().size(), module.size());
  }
  EXPECT_THAT(refused(load_image(with_suffix(module, 0x1D50, 0x607F))),
              HasSubstr("is marked for units with the USB id 1d50:607f, this recipe flashes photon (2b04:d006)"));
  dfu::Bytes changed = with_suffix(module, 0x2B04, 0xD006);
  changed[100] ^= 1;
  EXPECT_EQ(load_image(changed).recipe, nullptr);
  EXPECT_EQ(load_image(with_suffix(program(0x20020000, 0x080A0000), 0x2B04, 0xD006)).recipe, nullptr);
}

// --- dependencies

class Dependencies : public RecipeFile {
 protected:
  RecipeResult load_all() { return load(good); }
};

TEST_F(Dependencies, UnmetOneNamesBothModulesAndVersions) {
  folder.write("user.bin", build_module(user_part({needs_part(2, 6)})));
  const RecipeResult result = load_all();
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("19:9")) << all(result.diagnostics);
  EXPECT_EQ(result.diagnostics.at(0).message,
            "'user.bin' (photon user-part 1 version 2) needs system-part 2 version 6 or later, but this recipe flashes "
            "version 3 ('part2.bin'): the unit would end in safe mode");
  EXPECT_FALSE(result.diagnostics.at(0).hint.empty());
}

TEST_F(Dependencies, VersionsDecideAndEqualIsEnough) {
  for (const std::uint16_t version : {0, 1, 2, 3, 4}) {
    folder.write("user.bin", build_module(user_part({needs_part(2, version)})));
    EXPECT_EQ(load_all().recipe != nullptr, version <= 3) << version;
  }
}

TEST_F(Dependencies, SecondOneCountsToo) {
  folder.write("user.bin", build_module(user_part({needs_part(2, 3), needs_part(1, 4)})));
  EXPECT_THAT(all(load_all().diagnostics), HasSubstr("needs system-part 1 version 4 or later"));
}

TEST_F(Dependencies, CircleIsFineAndSoIsAnyOrderOfSteps) {
  folder.write("part1.bin", build_module(system_part(1, 2202, {needs_part(2, 207)})));
  folder.write("part2.bin", build_module(system_part(2, 2202, {needs_part(1, 2202)})));
  EXPECT_NE(load_all().recipe, nullptr);
  EXPECT_NE(load_step("image = \"user.bin\"\n[[step]]\nname=\"2\"\nimage=\"part2.bin\"\n[[step]]\nname=\"1\"\n"
                      "image=\"part1.bin\"\n")
                .recipe,
            nullptr);
}

TEST_F(Dependencies, OneThatIsNotInTheRecipeIsAWarning) {
  const RecipeResult result = load_step("image = \"user.bin\"\n");
  ASSERT_NE(result.recipe, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("7:9"));
  EXPECT_EQ(result.diagnostics.at(0).severity, Severity::warning);
  EXPECT_THAT(result.diagnostics.at(0).message,
              HasSubstr("needs system-part 2 version 1 or later, which is not in this recipe: it must already be on"));
}

TEST_F(Dependencies, OnTheBootloaderIsAWarningThatSaysWhatWouldHappen) {
  folder.write("part2.bin", build_module(system_part(2, 207, {needs_part(1, 3), {Function::bootloader, 0, 101}})));
  const RecipeResult result = load_all();
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("needs bootloader version 101 or later"));
  EXPECT_THAT(all(result.diagnostics), HasSubstr("safe mode"));
}

}  // namespace
}  // namespace config
