#include "config/recipe.h"

#include <gtest/gtest.h>

#include "tests/config/recipe_file.h"
#include "tests/config/support.h"

namespace config {
namespace {

using dfu::particle::Function;
using dfu::particle::Platform;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(RecipeFile, GoodOneIsLaidOutOnTheMapOfItsProfile) {
  const RecipeResult result = load(good);
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_TRUE(result.diagnostics.empty()) << all(result.diagnostics);
  EXPECT_FALSE(result.input_missing);
  const Recipe& recipe = *result.recipe;
  EXPECT_EQ(recipe.name, "photon-0.4.3-tinker");
  EXPECT_EQ(recipe.revision, "A");
  EXPECT_EQ(recipe.text, good);
  EXPECT_EQ(dfu::to_hex(recipe.sha256),
            dfu::to_hex(dfu::sha256({reinterpret_cast<const std::uint8_t*>(good.data()), good.size()})));
  EXPECT_EQ(recipe.profile.name, "photon");
  EXPECT_EQ(recipe.enter_dfu, std::optional(false));
  EXPECT_EQ(recipe.policy.attempts, 3);
  EXPECT_EQ(recipe.policy.unchanged, Unchanged::rewrite);
  EXPECT_EQ(recipe.policy.confirm, Confirm::none);
  ASSERT_EQ(recipe.layout.steps.size(), 3u);
  EXPECT_EQ(recipe.layout.steps[0].address, 0x08020000u);
  EXPECT_EQ(recipe.layout.steps[0].header_offset, std::optional(0x184u));
  EXPECT_EQ(recipe.layout.steps[2].name, "user");
  EXPECT_EQ(recipe.layout.steps[2].header_offset, std::optional(0u));
  EXPECT_EQ(recipe.layout.pieces.size(), 2u + 2u + 1u);
}

TEST_F(RecipeFile, PolicyAndRevisionMayBeLeftOut) {
  const RecipeResult result = load_step("image = \"user.bin\"\n");
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->policy.attempts, 2);
  EXPECT_EQ(result.recipe->policy.verify, Verify::read_back);
  EXPECT_EQ(result.recipe->policy.unchanged, Unchanged::skip);
  EXPECT_EQ(result.recipe->policy.confirm, Confirm::application);
  EXPECT_EQ(result.recipe->enter_dfu, std::nullopt);
}

TEST_F(RecipeFile, WindowsLineEndsAndByteOrderMarkAreReadAndKeptInTheText) {
  std::string text = "\xEF\xBB\xBF";
  for (const char c : good) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const RecipeResult result = load(text);
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->text, text);
}

TEST_F(RecipeFile, TenMistakesGiveTenDiagnosticsEachAtItsPlace) {
  const RecipeResult result = load(R"([recipe]
nmae = "x"
revision = 3

[device]
profile = "foton"
enter_dfu = "yes"

[[step]]
name = "user"
image = "user.bin"
sha256 = "123"
adress = 5

[[step]]
name = "user"
image = "none.bin"

[policy]
attempts = 11
verify = "readback"
)");
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_TRUE(result.input_missing);
  EXPECT_THAT(places(result.diagnostics),
              ElementsAre("2:1", "3:12", "6:11", "7:13", "12:10", "13:1", "16:8", "17:9", "20:12", "21:10"))
      << all(result.diagnostics);
  const auto& said = result.diagnostics;
  EXPECT_EQ(said[0].message, "unknown key 'nmae' in [recipe]");
  EXPECT_EQ(said[0].hint, "Did you mean 'name'?");
  EXPECT_EQ(said[0].value, "nmae");
  EXPECT_EQ(said[1].message, "'revision' must be a text in quotes, not a whole number");
  EXPECT_EQ(said[2].value, "foton");
  EXPECT_THAT(said[2].message, HasSubstr("must be one of photon, p1,"));
  EXPECT_EQ(said[2].hint, "Did you mean \"photon\"?");
  EXPECT_EQ(said[3].message, "'enter_dfu' must be true or false, not a text in quotes");
  EXPECT_EQ(said[4].message, "'sha256' must be 64 hexadecimal digits");
  EXPECT_EQ(said[5].hint, "Did you mean 'address'?");
  EXPECT_THAT(said[6].message, HasSubstr("a step 'user' on line 10 already"));
  EXPECT_THAT(said[7].message, HasSubstr("'none.bin' does not exist"));
  EXPECT_EQ(said[8].message, "'attempts' must be from 1 to 10, not 11");
  EXPECT_EQ(said[9].message, "'verify' must be one of read-back and none, not \"readback\"");
  for (const Diagnostic& one : said) EXPECT_EQ(one.file, folder.path("r.toml"));
}

TEST_F(RecipeFile, MissingTablesAndKeysAreNamedAtTheTableThatLacksThem) {
  EXPECT_THAT(all(load("").diagnostics),
              testing::AllOf(HasSubstr(":1:1: error: this file has no [recipe]"),
                             HasSubstr("this file has no [device]"), HasSubstr("this file has no [[step]]")));
  const RecipeResult result = load("[device]\n[[step]]\n\n [recipe]\n");
  EXPECT_THAT(places(result.diagnostics), ElementsAre("1:1", "2:1", "2:1", "4:2")) << all(result.diagnostics);
  EXPECT_EQ(result.diagnostics[1].message, "[[step]] number 1 has no 'name'");
  EXPECT_EQ(result.diagnostics[2].message, "[[step]] number 1 has no 'image'");
}

TEST_F(RecipeFile, ARecipeThatIsExtendedAndIsNotThereIsOneMistake) {
  const RecipeResult result = load("[recipe]\nname = \"r\"\nextends = \"end.toml\"\n");
  ASSERT_EQ(result.diagnostics.size(), 1u) << all(result.diagnostics);
  EXPECT_THAT(result.diagnostics[0].message, HasSubstr("the recipe 'end.toml' does not exist"));
  EXPECT_EQ(result.recipe, nullptr);
}

TEST_F(RecipeFile, MisspeltTableIsOneMistake) {
  std::string text(good);
  for (std::size_t at; (at = text.find("[[step]]")) != std::string::npos;) text.replace(at, 8, "[[stpe]]");
  const RecipeResult result = load(text);
  ASSERT_EQ(result.diagnostics.size(), 1u) << all(result.diagnostics);
  EXPECT_EQ(result.diagnostics[0].hint, "Did you mean 'step'?");
}

TEST_F(RecipeFile, SingleAndDoubleBracketsAreToldApart) {
  EXPECT_THAT(all(load("[recipe]\nname=\"r\"\n[device]\nprofile=\"photon\"\n[step]\nname=\"s\"\n").diagnostics),
              HasSubstr("'step' must be a list of tables, not a table. Hint: Write [[step]], in double brackets"));
  EXPECT_THAT(all(load("[[recipe]]\nname=\"r\"\n").diagnostics),
              HasSubstr("'recipe' must be a table, not a list. Hint: There is one of it: write [recipe]"));
  EXPECT_THAT(all(load("step = []\n").diagnostics), HasSubstr("'step' is an empty list"));
}

TEST_F(RecipeFile, FileThatIsNotThereOrAFolderIsMissingInput) {
  const RecipeResult none = load_recipe(folder.path("none.toml"));
  EXPECT_TRUE(none.input_missing);
  EXPECT_THAT(all(none.diagnostics), HasSubstr("does not exist"));
  EXPECT_EQ(none.diagnostics.at(0).line, 0);
  const RecipeResult a_folder = load_recipe(folder.path("."));
  EXPECT_TRUE(a_folder.input_missing);
  EXPECT_THAT(all(a_folder.diagnostics), HasSubstr("is a folder, not a file"));
}

TEST_F(RecipeFile, HugeFileIsNoRecipe) {
  const RecipeResult result = load(std::string(2 << 20, '#'));
  EXPECT_FALSE(result.input_missing);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("is larger than 1 MiB"));
}

TEST_F(RecipeFile, EveryCutOfAGoodRecipeIsRefusedOrGoodButNeverACrash) {
  for (std::size_t length = 0; length < good.size(); ++length) {
    const RecipeResult result = load(good.substr(0, length));
    EXPECT_EQ(result.recipe == nullptr, has_error(result.diagnostics)) << length;
  }
}

// --- the device

TEST_F(RecipeFile, DeviceNeedsProfileOrUsbAndNotBoth) {
  EXPECT_THAT(all(load_with("", "").diagnostics), HasSubstr("[device] has no 'profile'"));
  EXPECT_THAT(all(load_with("profile = \"photon\"\nusb = \"0483:df11\"", "").diagnostics),
              HasSubstr(":5:7: error: [device] has both 'profile' and 'usb'"));
  EXPECT_THAT(all(load_with("profile = \"photon\"\nalt = 1", "").diagnostics),
              HasSubstr(":5:7: error: 'alt' does not go with 'profile'"));
  EXPECT_THAT(all(load_with("profile = \"toaster\"", "").diagnostics),
              HasSubstr("'profile' must be one of photon, p1, electron, core, stm32-rom and dfu11, not \"toaster\""));
}

TEST_F(RecipeFile, AnotherMemoryOfAParticleUnitIsNotTakenForItsFlash) {
  for (const char* device : {"profile = \"p1\"\nalt = 2", "usb = \"2b04:d008\"\nalt = 2"}) {
    EXPECT_THAT(all(load_with(device, "").diagnostics),
                AllOf(HasSubstr("alternate setting 2 of p1 units"), HasSubstr("alt = 2")));
  }
  EXPECT_THAT(all(load_with("profile = \"photon\"\nalt = 1", "").diagnostics), HasSubstr("kind = \"setting\""));
}

TEST_F(RecipeFile, UsbIdMustBeOne) {
  for (const std::string text : {"0483", "483:df11", "0483:df1", "0483-df11", "0483:dg11", "0x0483:df11"}) {
    EXPECT_THAT(all(load_with("usb = \"" + text + "\"", "").diagnostics),
                HasSubstr(":4:7: error: '" + text + "' is not a USB id"));
  }
}

TEST_F(RecipeFile, KnownUnitCannotBeSpelledOutPastItsChecks) {
  for (const std::string id : {"2b04:d006", "2B04:D006", "2b04:c006"}) {
    EXPECT_THAT(all(load_with("usb = \"" + id + "\"", "").diagnostics),
                HasSubstr("Write instead: profile = \"photon\""));
  }
}

// ST's ROM is in many parts with many maps: only the profile's own one is known.
TEST_F(RecipeFile, PartOfStMayBeSpelledOut) {
  const std::string map = "map = \"@Internal Flash  /0x08000000/128*0002Kg\"";
  const std::string diagnostics = all(load_with("usb = \"0483:df11\"\n" + map, "").diagnostics);
  EXPECT_EQ(diagnostics.find("profile of their own"), std::string::npos) << diagnostics;
}

TEST_F(RecipeFile, UsbUnitNeedsAMapThatCanBeRead) {
  EXPECT_THAT(all(load_with("usb = \"0483:df11\"", "").diagnostics),
              HasSubstr(":4:7: error: the memory map of 0483:df11 is not known"));
  EXPECT_THAT(all(load_with("usb = \"0483:df11\"\nmap = \"@Flash\"", "").diagnostics),
              HasSubstr(":5:7: error: 'map' is not a DfuSe memory map"));
}

// --- policy

TEST_F(RecipeFile, EachProofOfBootIsTakenAsItIsWritten) {
  for (const std::string word : {"none", "application", "reread", "modules"}) {
    const RecipeResult result = load_step("image = \"user.bin\"\n[policy]\nconfirm = \"" + word + "\"\n");
    ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
    EXPECT_EQ(to_string(result.recipe->policy.confirm), word);
  }
}

TEST_F(RecipeFile, LeavingOutTheReadBackIsAWarning) {
  const RecipeResult result = load_with("profile = \"photon\"", "verify = \"none\"");
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->policy.verify, Verify::none);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("warning: nothing will be read back"));
}

TEST_F(RecipeFile, AttemptsAreFromOneToTen) {
  for (const int attempts : {1, 10}) {
    EXPECT_NE(load_with("profile = \"photon\"", "attempts = " + std::to_string(attempts)).recipe, nullptr);
  }
  for (const std::string attempts : {"0", "11", "-1", "9223372036854775807", "2.0", "\"2\"", "[2]", "true"}) {
    EXPECT_EQ(load_with("profile = \"photon\"", "attempts = " + attempts).recipe, nullptr) << attempts;
  }
}

// --- units without a platform

class PlainUnit : public RecipeFile {
 protected:
  PlainUnit() { folder.write("raw.bin", program(0x20020000, 0x08000000)); }

  static dfu::Bytes hex(const std::vector<std::string>& lines) {
    dfu::Bytes text;
    for (const std::string& line : lines) {
      text.insert(text.end(), line.begin(), line.end());
      text.push_back('\n');
    }
    return text;
  }

  RecipeResult load_steps(const std::string& steps) {
    return load(
        "[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\nalt = 0\n"
        "map = \"@Internal Flash  /0x08000000/04*016Kg,01*064Ka\"\n" +
        steps);
  }
};

TEST_F(PlainUnit, RawImageGoesWhereTheRecipeSays) {
  folder.write("raw.bin", program(0x20020000, 0x08004000));
  const RecipeResult result = load_steps("[[step]]\nname=\"a\"\nimage=\"raw.bin\"\naddress=0x08004000\n");
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->profile.dfu, (dfu::UsbId{0x0483, 0xDF11}));
  EXPECT_EQ(result.recipe->layout.steps[0].address, 0x08004000u);
  EXPECT_EQ(result.recipe->layout.steps[0].header_offset, std::nullopt);
}

TEST_F(PlainUnit, FileThatSaysItsAddressesGoesThereInAllItsRanges) {
  folder.write("a.hex", hex({":020000040800F2", ":0400000001020304F2",
                             ":0480000001020304"
                             "72",
                             ":00000001FF"}));
  for (const std::string address : {"", "address=0x08000000\n"}) {
    const RecipeResult result = load_steps("[[step]]\nname=\"a\"\nimage=\"a.hex\"\n" + address);
    ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
    const dfu::Step& step = result.recipe->layout.steps[0];
    EXPECT_EQ(step.address, 0x08000000u);
    EXPECT_EQ(step.size(), 8u);
    ASSERT_EQ(result.recipe->layout.pieces.size(), 2u);
    EXPECT_EQ(result.recipe->layout.pieces[1].data, (dfu::Range{0x08008000, 0x08008004}));
  }
  EXPECT_THAT(all(load_steps("[[step]]\nname=\"a\"\nimage=\"a.hex\"\naddress=0x08000004\n").diagnostics),
              HasSubstr(":10:9: error: 'a.hex' says itself that it begins at 0x08000000, not at 0x08000004"));
}

TEST_F(PlainUnit, RawImageNeedsAnAddress) {
  EXPECT_THAT(all(load_steps("[[step]]\nname=\"a\"\nimage=\"raw.bin\"\n").diagnostics),
              HasSubstr(":9:7: error: 'raw.bin' is a raw binary: it does not say where it belongs"));
}

TEST_F(PlainUnit, EveryStepThatDoesNotFitTheMapIsTold) {
  const RecipeResult result = load_steps(
      "[[step]]\nname=\"a\"\nimage=\"raw.bin\"\naddress=0x08000000\n"
      "[[step]]\nname=\"b\"\nimage=\"raw.bin\"\naddress=0x08000400\n"
      "[[step]]\nname=\"c\"\nimage=\"raw.bin\"\naddress=0x08010000\n"
      "[[step]]\nname=\"d\"\nimage=\"raw.bin\"\naddress=0x0801ff00\n"
      "[[step]]\nname=\"e\"\nimage=\"raw.bin\"\naddress=0xffffffff\n"
      "[[step]]\nname=\"f\"\nimage=\"raw.bin\"\naddress=0x08004000\n");
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("14:9", "18:9", "22:9", "26:9")) << all(result.diagnostics);
}

// --- plain DFU

class Dfu11 : public RecipeFile {
 protected:
  Dfu11() { folder.write("raw.bin", program(0x20020000, 0x08000000)); }

  RecipeResult load_device(const std::string& device, const std::string& more = "") {
    return load("[recipe]\nname = \"r\"\n[device]\n" + device + "\n[[step]]\nname=\"a\"\nimage=\"raw.bin\"\n" + more);
  }
};

TEST_F(Dfu11, OneImageNeedsNeitherMapNorAddress) {
  for (const std::string device : {"profile = \"dfu11\"", "usb = \"1234:5678\"\ndialect = \"dfu11\""}) {
    const RecipeResult result = load_device(device);
    ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
    EXPECT_EQ(result.recipe->profile.dialect, dfu::Dialect::dfu11);
    EXPECT_EQ(result.recipe->layout.pieces.size(), 1u);
    EXPECT_EQ(result.recipe->layout.steps[0].address, 0u);
  }
}

TEST_F(Dfu11, WhatPlainDfuDoesNotHaveIsRefused) {
  const std::string device = "profile = \"dfu11\"";
  EXPECT_THAT(all(load_device(device, "address = 0x08000000\n").diagnostics), HasSubstr("which have no addresses"));
  EXPECT_THAT(all(load_device(device, "[[step]]\nname=\"b\"\nimage=\"raw.bin\"\n").diagnostics),
              HasSubstr(":10:7: error: units of plain DFU take one image"));
  EXPECT_THAT(all(load_device("usb = \"1234:5678\"\ndialect = \"dfu11\"\nmap = \"@X/0x0/1*1Kg\"").diagnostics),
              HasSubstr("have no memory map"));
  EXPECT_THAT(all(load_device(device + "\ndialect = \"dfu11\"").diagnostics), HasSubstr("does not go with 'profile'"));
  EXPECT_THAT(all(load_device("usb = \"1234:5678\"\ndialect = \"dfu12\"").diagnostics), HasSubstr("dialect"));
}

// --- the Core

TEST_F(RecipeFile, CoreTakesItsProgramsWithoutAHeader) {
  folder.write("core.bin", program(0x20005000, 0x08005000));
  const auto load_core = [&](const std::string& more) {
    return load("[recipe]\nname=\"r\"\n[device]\nprofile=\"core\"\n[[step]]\nname=\"a\"\nimage=\"core.bin\"\n" + more);
  };
  const RecipeResult result = load_core("");
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->layout.steps[0].address, 0x08005000u);
  EXPECT_THAT(all(load_core("address=0x08006000\n").diagnostics), HasSubstr("belongs at 0x08005000 on a Core"));
}

TEST_F(RecipeFile, AProofThatItsUnitsCannotGiveIsRefusedNotWeakened) {
  folder.write("raw.bin", program(0x20020000, 0x08000000));
  const auto with = [&](const std::string& profile, const std::string& address, const std::string& proof,
                        const std::string& more = "") {
    return load("[recipe]\nname = \"r\"\n[device]\nprofile = \"" + profile + "\"\n[[step]]\nname = \"s\"\n" +
                "image = \"raw.bin\"\naddress = " + address + "\n[policy]\nconfirm = \"" + proof + "\"\n" + more);
  };
  const RecipeResult rom = with("stm32-rom", "0x08000000", "reread");
  EXPECT_EQ(rom.recipe, nullptr);
  EXPECT_THAT(all(rom.diagnostics), HasSubstr("nothing over USB brings them back into DFU mode"));
  const RecipeResult plain = with("dfu11", "0", "modules");
  EXPECT_EQ(plain.recipe, nullptr);
  EXPECT_THAT(all(plain.diagnostics), HasSubstr("they do not say what they run"));
  EXPECT_THAT(all(plain.diagnostics), HasSubstr("They can give \"application\" or \"none\"."));
  const RecipeResult compared = with("dfu11", "0", "reread");
  EXPECT_EQ(compared.recipe, nullptr);
  EXPECT_THAT(all(compared.diagnostics), HasSubstr("units of plain DFU are not read a second time"));
  const RecipeResult nothing = with("dfu11", "0", "none", "verify = \"none\"\n");
  EXPECT_EQ(nothing.recipe, nullptr);
  EXPECT_THAT(all(nothing.diagnostics), HasSubstr("would pass without any proof"));
  const RecipeResult taken = with("dfu11", "0", "application", "verify = \"none\"\n");
  EXPECT_NE(taken.recipe, nullptr) << all(taken.diagnostics);
}

// The chip would refuse each word of it (errPROG), unit after unit.
TEST_F(RecipeFile, AnAddressBetweenTwoWordsIsRefusedWithTheOnesThatFit) {
  folder.write("raw.bin", program(0x20020000, 0x08004000));
  const RecipeResult result = load(
      "[recipe]\nname = \"r\"\n[device]\nprofile = \"stm32-rom\"\n[[step]]\nname = \"s\"\nimage = \"raw.bin\"\n"
      "address = 0x08004001\n[policy]\nconfirm = \"none\"\n");
  EXPECT_EQ(result.recipe, nullptr);
  const std::string said = all(result.diagnostics);
  EXPECT_THAT(said, HasSubstr("r.toml:8:"));
  EXPECT_THAT(said, HasSubstr("0x08004001 lies between two words"));
  EXPECT_THAT(said, HasSubstr("0x08004000 or 0x08004004"));
}

TEST_F(RecipeFile, AHexFileWithBytesBetweenTwoWordsIsRefused) {
  folder.write("x.hex", std::string_view(":020000040800F2\n:024002000102B9\n:00000001FF\n"));
  const RecipeResult result = load(
      "[recipe]\nname = \"r\"\n[device]\nprofile = \"stm32-rom\"\n[[step]]\nname = \"s\"\nimage = \"x.hex\"\n"
      "[policy]\nconfirm = \"none\"\n");
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("'x.hex' has bytes that begin at 0x08004002, between two words"));
}

}  // namespace
}  // namespace config
