// Steps that are more than an image, as a recipe says them, and what no recipe may say.
#include <gtest/gtest.h>

#include "config/compatibility.h"
#include "config/judge.h"
#include "config/recipe.h"
#include "dfu/virtual/particle_boot.h"
#include "tests/config/support.h"

namespace config {
namespace {

using dfu::particle::Function;
using testing::ElementsAre;
using testing::HasSubstr;
using Does = dfu::Step::Does;

dfu::Bytes bootloader(std::uint16_t version) {
  dfu::particle::ModuleSpec spec;
  spec.function = Function::bootloader;
  spec.index = 0;
  spec.version = version;
  spec.start = 0x08000000;
  spec.file_size = 700;
  return build_module(spec);
}

// A program as any Cortex-M has it.
dfu::Bytes raw(std::uint32_t base = 0x08000000) {
  dfu::Bytes bytes;
  dfu::append_le32(bytes, 0x20002000);
  for (std::uint32_t vector = 1; vector < 64; ++vector) dfu::append_le32(bytes, base + 0x81);
  return bytes;
}

class StepKinds : public testing::Test {
 protected:
  StepKinds() {
    folder.write("boot.bin", bootloader(1006));
    folder.write("part1.bin", build_module(system_part(1, 2202)));
    auto part2 = system_part(2, 2202, {needs_part(1, 2202), {Function::bootloader, 0, 1003}});
    folder.write("part2.bin", build_module(part2));
    folder.write("user.bin", build_module(user_part({needs_part(2, 207)})));
    folder.write("old2.bin", build_module(system_part(2, 207, {needs_part(1, 207)})));
  }

  static std::string step(const std::string& name, const std::string& lines) {
    return "[[step]]\nname = \"" + name + "\"\n" + lines + "\n";
  }
  static std::string image(const std::string& name) { return step(name, "image = \"" + name + ".bin\""); }
  RecipeResult load(const std::string& steps, const std::string& profile = "photon") {
    return load_recipe(
        folder.write("r.toml", "[recipe]\nname = \"r\"\n[device]\nprofile = \"" + profile + "\"\n" + steps));
  }
  std::string refused(const RecipeResult& result) {
    EXPECT_EQ(result.recipe, nullptr);
    EXPECT_EQ(result.diagnostics.size(), 1u) << all(result.diagnostics);
    return all(result.diagnostics);
  }
  std::string refused_alone(const std::string& lines) { return refused(load(step("s", lines))); }

  // A unit with this bootloader and these parts; all else is blank.
  static dfu::SurveyResult survey_of(const Recipe& recipe, std::uint16_t boot, std::uint16_t part2) {
    dfu::virt::Flash flash;
    flash.place(0x08000000, bootloader(boot));
    if (part2 != 0) {
      flash.place(0x08020000, build_module(system_part(1, part2)));
      flash.place(0x08060000, build_module(system_part(2, part2)));
    }
    dfu::SurveyResult survey;
    survey.map = *dfu::parse_memory_map(recipe.profile.map);
    survey.transfer_size = 4096;
    survey.can_upload = survey.has_store = true;
    survey.pieces.assign(recipe.layout.pieces.size(), dfu::Holds::other);
    for (const auto& place : dfu::particle::places(*recipe.profile.platform)) {
      const dfu::ByteView held = flash.view({place.address, place.address + dfu::particle::place_bytes});
      survey.heads.emplace_back(held.begin(), held.end());
    }
    return survey;
  }
  static std::string judged(const Recipe& recipe, const dfu::SurveyResult& survey) {
    const auto result = judge(recipe, survey);
    const auto* fault = std::get_if<dfu::Fault>(&result);
    return fault ? std::string(to_string(fault->code)) + ": " + fault->text : "(taken)";
  }

  Folder folder;
};

TEST_F(StepKinds, EachIsLaidOutInItsPlace) {
  const RecipeResult result = load(step("boot", "kind = \"bootloader\"\nimage = \"boot.bin\"") +
                                   step("country", "kind = \"setting\"\nsetting = \"country-code\"\nvalue = \"DE\"") +
                                   step("part1", "kind = \"holds\"\nimage = \"part1.bin\"") + image("part2") +
                                   image("user") + step("factory", "kind = \"factory\"\nimage = \"user.bin\""));
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_TRUE(result.diagnostics.empty()) << all(result.diagnostics);
  std::vector<std::string> steps;
  for (const dfu::Step& one : result.recipe->layout.steps) {
    steps.push_back(one.name + " " + dfu::hex_address(one.address) + " " + std::to_string(static_cast<int>(one.does)));
  }
  EXPECT_THAT(steps,
              ElementsAre("boot 0x080c0000 0", "boot (flag) 0x000006d9 2", "country 0x000006de 2", "part1 0x08020000 3",
                          "part2 0x08060000 0", "user 0x080a0000 0", "factory 0x080e0000 0"));
}

TEST_F(StepKinds, EraseTakesWholeSectorsOutsideOfWhatIsForbidden) {
  EXPECT_NE(load(step("s", "kind = \"erase\"\naddress = 0x080E0000\nbytes = 0x20000")).recipe, nullptr);
  EXPECT_THAT(refused_alone("kind = \"erase\"\naddress = 0x080E0000\nbytes = 0x1000"), HasSubstr("only a part of"));
  EXPECT_THAT(refused_alone("kind = \"erase\"\nbytes = 0x1000"), HasSubstr("has no 'address'"));
}

std::vector<std::string> erased(const Recipe& recipe) {
  std::vector<std::string> sectors;
  for (const dfu::Piece& piece : recipe.layout.pieces) {
    if (recipe.layout.steps[piece.step].does == Does::erase) sectors.push_back(dfu::hex_address(piece.data.begin));
  }
  return sectors;
}

// A mass erase is never done unasked, and where it is asked for it leaves what no recipe may touch.
TEST_F(StepKinds, TheRestIsEverySectorThatNoOtherStepNeedsAndThatARecipeMayTouch) {
  const std::string rest = step("rest", "kind = \"erase\"\nrest = true");
  const RecipeResult photon = load(rest + image("part1") + image("part2") + image("user"));
  ASSERT_NE(photon.recipe, nullptr) << all(photon.diagnostics);
  EXPECT_EQ(photon.recipe->layout.steps[0].name, "rest") << "in the order of the recipe";
  EXPECT_THAT(erased(*photon.recipe), ElementsAre("0x080c0000", "0x080e0000"));

  folder.write("raw.bin", raw(0x08004000));
  const RecipeResult rom = load(step("s", "image = \"raw.bin\"\naddress = 0x08004000") + rest, "stm32-rom");
  ASSERT_NE(rom.recipe, nullptr) << all(rom.diagnostics);
  EXPECT_THAT(erased(*rom.recipe),
              ElementsAre("0x08000000", "0x08008000", "0x0800c000", "0x08010000", "0x08020000", "0x08040000",
                          "0x08060000", "0x08080000", "0x080a0000", "0x080c0000", "0x080e0000"));
}

TEST_F(StepKinds, TheRestIsRefusedWhereThereIsNoneOrWhereItIsNoQuestion) {
  EXPECT_THAT(refused_alone("kind = \"erase\"\nrest = false"), HasSubstr("'rest' can only be true"));
  EXPECT_THAT(refused_alone("kind = \"erase\"\nrest = true\naddress = 0x080E0000"), HasSubstr("'address'"));
  EXPECT_THAT(refused(load(step("s", "kind = \"erase\"\nrest = true") + step("t", "kind = \"erase\"\nrest = true"))),
              HasSubstr("leave no sector to erase"));
}

// Bootloader, both copies of the configuration store, emulated EEPROM: each sector, and each way to name it.
TEST_F(StepKinds, NoRecipeReachesBootloaderOrConfigurationStoreByAddress) {
  for (const std::string profile : {"photon", "p1", "electron"}) {
    for (const std::string address :
         {"0x08000000", "0x08004000", "0x08008000", "0x0800C000", "0x08010000", "0x0801C000"}) {
      const auto result = load(step("s", "kind = \"erase\"\naddress = " + address + "\nbytes = 0x4000"), profile);
      EXPECT_THAT(refused(result), HasSubstr("which no recipe may touch")) << profile << address;
    }
  }
  folder.write("raw.bin", raw());
  for (const char* kind : {"image", "holds"}) {
    EXPECT_THAT(refused_alone("kind = \"" + std::string(kind) + "\"\nimage = \"raw.bin\"\naddress = 0x08004000"),
                HasSubstr("raw.bin"));
    EXPECT_THAT(refused_alone("kind = \"" + std::string(kind) + "\"\nimage = \"boot.bin\""), HasSubstr("bootloader"));
  }
  for (const char* setting : {"private-key", "device-key", "server-key", "flash-modules", "ota-flag", "claimed"}) {
    EXPECT_THAT(refused_alone("kind = \"setting\"\nsetting = \"" + std::string(setting) + "\"\nvalue = \"x\""),
                HasSubstr("'setting' must be one of antenna, claim-code, country-code and ssid-prefix"));
  }
  const auto spelled = load_recipe(folder.write("s.toml",
                                                "[recipe]\nname = \"r\"\n[device]\nusb = \"2b04:d00c\"\nalt = 1\nmap = "
                                                "\"@DCT/0x00000000/01*016Kg\"\n[[step]]\nname = \"s\"\nimage = "
                                                "\"raw.bin\"\naddress = 34\n"));
  EXPECT_THAT(refused(spelled), HasSubstr("it holds their keys"));
}

TEST_F(StepKinds, OptionBytesAreRefusedOnEveryUnit) {
  folder.write("raw.bin", raw());
  for (const char* address : {"0x1FFFC000", "0x1FFF7800", "0x1FFF0000"}) {
    const auto result = load_recipe(
        folder.write("s.toml", std::string("[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\nalt = 1\nmap = "
                                           "\"@Option Bytes  /0x1FFF0000/16*004Kg\"\n[[step]]\nname = \"s\"\nimage = "
                                           "\"raw.bin\"\naddress = ") +
                                   address + "\n"));
    EXPECT_THAT(refused(result), HasSubstr("option bytes")) << address;
  }
}

TEST_F(StepKinds, ImagesThatShareASectorAreToldOf) {
  folder.write("raw.bin", raw());
  const std::string head =
      "[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\nmap = \"@Flash/0x08000000/4*16Kg\"\n";
  const auto two = [&](const char* address) {
    return load_recipe(folder.write("s.toml", head + step("a", "image = \"raw.bin\"\naddress = 0x08000000") +
                                                  step("b", "image = \"raw.bin\"\naddress = " + std::string(address))));
  };
  const RecipeResult shared = two("0x08001000");
  EXPECT_NE(shared.recipe, nullptr);
  EXPECT_THAT(all(shared.diagnostics), HasSubstr("s.toml:12:9: warning: 'raw.bin' shares the sector at 0x08000000"));
  EXPECT_TRUE(two("0x08004000").diagnostics.empty());
  EXPECT_EQ(two("0x08000080").recipe, nullptr) << "overlapping bytes are a mistake";
}

TEST_F(StepKinds, WrongValuesAreRefusedAtTheValue) {
  EXPECT_THAT(refused_alone("kind = \"setting\"\nsetting = \"claim-code\"\nvalue = \"short\""),
              HasSubstr("'value' of claim-code must be 63 characters long, and has 5"));
  EXPECT_THAT(refused_alone("kind = \"bootloader\"\nimage = \"user.bin\""),
              HasSubstr("is not a bootloader for photon"));
  EXPECT_THAT(refused_alone("kind = \"factory\"\nimage = \"part1.bin\""), HasSubstr("the factory image is an app"));
  EXPECT_THAT(refused_alone("kind = \"holds\"\nmodule = \"system-part 9\"\nversion = 3"),
              HasSubstr("'module' must be one of bootloader, system-part 1"));
  EXPECT_THAT(refused_alone("kind = \"holds\"\nmodule = \"bootloader\"\nversion = 3"),
              HasSubstr("there is nothing to flash"));
  EXPECT_THAT(refused_alone("kind = \"earse\"\nimage = \"part1.bin\""), HasSubstr("Did you mean \"erase\"?"));
  EXPECT_THAT(refused(load(step("s", "kind = \"bootloader\"\nimage = \"boot.bin\""), "core")),
              HasSubstr("no recipe can change the bootloader of core units"));
}

TEST_F(StepKinds, SettingsAndBootloaderComeBeforeWhatTheyMayNeed) {
  const std::string boot = step("boot", "kind = \"bootloader\"\nimage = \"boot.bin\"");
  EXPECT_THAT(refused(load(image("part1") + image("part2") + boot)),
              HasSubstr("r.toml:12:8: error: a bootloader comes after the step 'part1' (line 5), which changes the"));
  EXPECT_NE(load(step("there", "kind = \"holds\"\nimage = \"part1.bin\"") + boot + image("part2")).recipe, nullptr);
}

TEST_F(StepKinds, BootloaderThatNobodyWouldPutInPlaceIsRefused) {
  folder.write("part1.bin", build_module(system_part(1, 207)));
  EXPECT_THAT(refused(load(step("boot", "kind = \"bootloader\"\nimage = \"boot.bin\"") + image("part1") +
                           step("part2", "image = \"old2.bin\""))),
              HasSubstr("would never be installed: 'old2.bin'"));
}

TEST_F(StepKinds, NewPartsOnAnOldBootloaderAreTakenTogetherWithItsUpdate) {
  const std::string parts = image("part1") + image("part2") + image("user");
  const RecipeResult without = load(parts);
  ASSERT_NE(without.recipe, nullptr);
  EXPECT_THAT(all(without.diagnostics), HasSubstr("needs bootloader version 1003 or later, which is not in this"));
  EXPECT_THAT(judged(*without.recipe, survey_of(*without.recipe, 7, 0)),
              HasSubstr("image-unfit: The unit would end in safe mode: system-part 2 version 2202"));
  const RecipeResult with = load(step("boot", "kind = \"bootloader\"\nimage = \"boot.bin\"") + parts);
  ASSERT_NE(with.recipe, nullptr);
  EXPECT_TRUE(with.diagnostics.empty()) << all(with.diagnostics);
  EXPECT_EQ(judged(*with.recipe, survey_of(*with.recipe, 7, 0)), "(taken)");
  EXPECT_EQ(judged(*with.recipe, survey_of(*with.recipe, 7, 207)), "(taken)");
  EXPECT_THAT(judged(*with.recipe, survey_of(*with.recipe, 1007, 207)),
              HasSubstr("holds bootloader version 1007, and the recipe would put the older version 1006"));
}

TEST_F(StepKinds, UnitWhoseStoreIsOutOfReachIsRefused) {
  const RecipeResult result = load(step("country", "kind = \"setting\"\nsetting = \"country-code\"\nvalue = \"DE\"") +
                                   image("part1") + image("part2") + image("user"));
  ASSERT_NE(result.recipe, nullptr);
  EXPECT_THAT(judged(*result.recipe, survey_of(*result.recipe, 1006, 0)),
              HasSubstr("only reaches the configuration store with system-part 2 of Device OS 0.7.0"));
  EXPECT_EQ(judged(*result.recipe, survey_of(*result.recipe, 1006, 207)), "(taken)");
  dfu::SurveyResult survey = survey_of(*result.recipe, 1006, 207);
  survey.has_store = false;
  EXPECT_THAT(judged(*result.recipe, survey), HasSubstr("shows no configuration store"));
}

TEST_F(StepKinds, WhatMustBeThereIsJudgedBeforeAnythingIsWritten) {
  const RecipeResult bytes = load(step("part1", "kind = \"holds\"\nimage = \"part1.bin\"") + image("part2"));
  ASSERT_NE(bytes.recipe, nullptr);
  EXPECT_THAT(judged(*bytes.recipe, survey_of(*bytes.recipe, 1006, 2202)),
              HasSubstr("image-unfit: The unit does not hold part1.bin"));
  const RecipeResult version = load(step("boot", "kind = \"holds\"\nmodule = \"bootloader\"\nversion = 1003") +
                                    image("part1") + image("part2") + image("user"));
  ASSERT_NE(version.recipe, nullptr);
  EXPECT_TRUE(version.diagnostics.empty()) << "the step answers the question: " << all(version.diagnostics);
  EXPECT_EQ(judged(*version.recipe, survey_of(*version.recipe, 1003, 0)), "(taken)");
  EXPECT_THAT(judged(*version.recipe, survey_of(*version.recipe, 1002, 0)),
              HasSubstr("must hold bootloader version 1003 or later, and it holds version 1002"));
}

TEST_F(StepKinds, EmptyFactorySlotAndAnApplicationThatIsErasedAreForeseen) {
  const RecipeResult result = load(step("s", "kind = \"erase\"\naddress = 0x080A0000\nbytes = 0x20000"));
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_THAT(judged(*result.recipe, survey_of(*result.recipe, 7, 6)), HasSubstr("would end in safe mode"));
}

}  // namespace
}  // namespace config
