// Recipes with steps for several memories of a unit: what a recipe may say, and what it is told otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/recipe.h"
#include "tests/config/support.h"

namespace config {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string st = "usb = \"0483:df11\"\nmap = \"@Internal Flash  /0x08000000/04*016Kg,01*064Kg\"\n";
const std::string qspi = "[[device.memory]]\nalt = 1\nmap = \"@External Flash  /0x90000000/128*064Kg\"\n";

std::string step(const std::string& name, const std::string& keys) {
  return "[[step]]\nname = \"" + name + "\"\nimage = \"tables.bin\"\nformat = \"raw\"\n" + keys + "\n";
}

RecipeResult load(const std::string& device, const std::string& steps) {
  const Folder folder;
  folder.write("tables.bin", dfu::Bytes(100, 0x5A));
  return load_recipe(folder.write(
      "r.toml", "[recipe]\nname = \"r\"\n[device]\n" + device + "\n" + steps + "\n[policy]\nunpinned = \"allow\"\n"));
}

std::string said(const RecipeResult& result) {
  std::string all;
  for (const Diagnostic& one : result.diagnostics) all += one.message + " | " + one.hint + "\n";
  return all;
}

const std::string app = step("app", "address = 0x08000000");

TEST(RecipeMemories, AStepGoesIntoTheMemoryOfItsNumberOrItsName) {
  for (const char* alt : {"alt = 1", "alt = \"External Flash\""}) {
    const RecipeResult result = load(st + qspi, app + step("assets", std::string(alt) + "\naddress = 0x90001000"));
    ASSERT_TRUE(result.recipe) << said(result);
    EXPECT_EQ(result.recipe->layout.steps[0].memory, 0u);
    EXPECT_EQ(result.recipe->layout.steps[1].memory, 1u);
    ASSERT_EQ(result.recipe->profile.memories.size(), 1u);
    EXPECT_EQ(result.recipe->profile.memories[0].alternate, 1);
    EXPECT_EQ(result.recipe->layout.kept.size(), 3u)
        << "what is before and behind the assets too, and behind the program";
  }
}

TEST(RecipeMemories, TheOwnMemoryMayBeNamedToo) {
  for (const char* alt : {"alt = 0", "alt = \"Internal Flash\""}) {
    const RecipeResult result = load(st + qspi, step("app", std::string(alt) + "\naddress = 0x08000000"));
    ASSERT_TRUE(result.recipe) << said(result);
    EXPECT_TRUE(result.recipe->profile.memories.empty()) << "a unit need not have what no step uses";
  }
}

TEST(RecipeMemories, WithoutANumberItIsFoundOnTheUnitByItsName) {
  const RecipeResult result = load(st + "[[device.memory]]\nmap = \"@External Flash  /0x90000000/128*064Kg\"\n",
                                   app + step("assets", "alt = \"External Flash\"\naddress = 0x90001000"));
  ASSERT_TRUE(result.recipe) << said(result);
  EXPECT_FALSE(result.recipe->profile.memories.at(0).alternate);
  EXPECT_EQ(result.recipe->profile.memories.at(0).name, "External Flash");
}

TEST(RecipeMemories, AMemoryThatNothingDescribesIsAskedForAndTheHintIsARecipeThatLoads) {
  const RecipeResult unknown = load(st, app + step("assets", "alt = 3\naddress = 0x90001000"));
  EXPECT_FALSE(unknown.recipe);
  EXPECT_THAT(said(unknown), AllOf(HasSubstr("goes to alternate setting 3, and the recipe does not say what is there"),
                                   HasSubstr("[[device.memory]] with alt = 3, map = \"@External Flash  /0x90000000/")));
  const RecipeResult described =
      load(st + "[[device.memory]]\nalt = 3\nmap = \"@External Flash  /0x90000000/16*64Kg\"\n",
           app + step("assets", "alt = 3\naddress = 0x90001000"));
  EXPECT_TRUE(described.recipe) << said(described);
}

TEST(RecipeMemories, ASlipInANameIsGuessed) {
  EXPECT_THAT(said(load(st + qspi, app + step("assets", "alt = \"external flash\"\naddress = 0x90001000"))),
              HasSubstr("Did you mean 'External Flash'?"));
}

TEST(RecipeMemories, AddressesAreHeldAgainstTheMapOfTheirOwnMemory) {
  EXPECT_THAT(said(load(st + qspi, app + step("assets", "alt = 1\naddress = 0x08004000"))),
              HasSubstr("nothing at 0x08004000"));
  EXPECT_THAT(said(load(st + qspi, step("assets", "address = 0x90001000"))), HasSubstr("nothing at 0x90001000"));
  EXPECT_THAT(said(load(st + qspi, app + step("assets", "alt = 1\naddress = 0x90001002"))),
              HasSubstr("between two words"));
}

TEST(RecipeMemories, SlipsInTheTableAreNamed) {
  EXPECT_THAT(said(load(st + qspi + qspi, app)), HasSubstr("described already"));
  EXPECT_THAT(said(load(st + "[[device.memory]]\nalt = 0\nmap = \"@X /0x90000000/1*4Kg\"\n", app)),
              HasSubstr("described already"));
  EXPECT_THAT(said(load(st + "[[device.memory]]\nalt = 1\nmap = \"rubbish\"\n", app)),
              HasSubstr("no DfuSe memory layout"));
  EXPECT_THAT(said(load(st + "[[device.memory]]\nalt = 1\n", app)), HasSubstr("'map'"));
  EXPECT_THAT(said(load(st + qspi, app + step("x", "alt = true\naddress = 0x90000000"))), HasSubstr("'alt'"));
}

// What follows from a value that is wrong is no news.
TEST(RecipeMemories, AWrongValueIsOneDiagnostic) {
  const std::string there = "\naddress = 0x90000000";
  const std::pair<std::string, std::string> wrong[] = {
      {st + qspi, app + step("x", "alt = true" + there)},
      {st + qspi, app + step("x", "alt = 256" + there)},
      {st + qspi, app + step("x", "alt = \"\"" + there)},
      {st + qspi, app + step("x", "alt = [1]" + there)},
      {st + qspi, app + step("x", "alt = 1\naddress = \"0x90000000\"")},
      {st + qspi, app + step("x", "alt = 1\naddress = -4")},
      {st + qspi, app + step("x", "alt = 1\nsha256 = \"12\"" + there)},
      {st + qspi, app + "[[step]]\nname = \"x\"\nimage = \"tables.bin\"\nformat = \"bin\"\nalt = 1" + there + "\n"},
      {st + qspi, app + "[[step]]\nname = \"x\"\nkind = \"erase\"\nalt = -1" + there + "\nbytes = 0x10000\n"},
      {st + "[[device.memory]]\nalt = 999\nmap = \"@External Flash  /0x90000000/128*064Kg\"\n",
       app + step("x", "alt = 1" + there)},
      {st + "[[device.memory]]\nalt = 1\nmap = \"rubbish\"\n", app + step("x", "alt = 1" + there)},
      {st + "alt = \"0\"\n", app},
      {"usb = \"0483:df11\"\nmap = \"\"\n", app},
      {"usb = \"0483:df11\"\nmap = 5\n", app},
  };
  for (const auto& [device, steps] : wrong) {
    const RecipeResult result = load(device, steps);
    EXPECT_FALSE(result.recipe);
    EXPECT_EQ(result.diagnostics.size(), 1u) << device << steps << said(result);
  }
}

TEST(RecipeMemories, AWholeSectorOfAnotherMemoryCanBeErased) {
  const std::string erase =
      "[[step]]\nname = \"wipe\"\nkind = \"erase\"\nalt = 1\naddress = 0x90010000\nbytes = 0x10000\n";
  const RecipeResult result = load(st + qspi, app + erase);
  ASSERT_TRUE(result.recipe) << said(result);
  EXPECT_EQ(result.recipe->layout.steps[1].memory, 1u);
}

TEST(RecipeMemories, TheSerialFlashOfAP1IsKnown) {
  const RecipeResult result = load("profile = \"p1\"\n", step("wifi", "alt = 2\naddress = 0x00001000"));
  ASSERT_TRUE(result.recipe) << said(result);
  EXPECT_EQ(result.recipe->profile.memories.at(0).alternate, 2);
  EXPECT_TRUE(result.recipe->profile.platform) << "the unit stays a P1";
}

TEST(RecipeMemories, TheHintAboutAP1sSerialFlashLeadsThere) {
  EXPECT_THAT(said(load("profile = \"p1\"\nalt = 2\n", step("wifi", "address = 0x00001000"))),
              HasSubstr("add to each step that goes into that memory: alt = 2"));
}

TEST(RecipeMemories, KeysAndSettingsOfParticleUnitsStayOutOfReach) {
  for (const char* profile : {"profile = \"photon\"\n", "profile = \"p1\"\n", "profile = \"electron\"\n"}) {
    EXPECT_THAT(said(load(profile, step("keys", "alt = 1\naddress = 34"))), HasSubstr("no recipe may touch"));
  }
  EXPECT_THAT(said(load("profile = \"photon\"\n", step("flash", "alt = 2\naddress = 0x1000"))),
              HasSubstr("no recipe may touch"));
}

TEST(RecipeMemories, NorDoesATableInTheRecipeOpenThem) {
  const std::string store = "[[device.memory]]\nalt = 1\nmap = \"@DCT Flash   /0x00000000/01*016Kg\"\n";
  for (const char* device : {"profile = \"photon\"\n", "profile = \"p1\"\n", "profile = \"core\"\n"}) {
    EXPECT_THAT(said(load(device + store, step("keys", "alt = 1\naddress = 0x1000"))),
                HasSubstr("no recipe may touch"));
  }
  const std::string nameless = "[[device.memory]]\nmap = \"@Flash   /0x80000000/1024*004Kg\"\n";
  EXPECT_THAT(said(load("usb = \"2b04:d00c\"\nmap = \"@Internal Flash   /0x00000000/48*004Kg\"\n" + nameless,
                        step("x", "alt = \"Flash\"\naddress = 0x80289000"))),
              HasSubstr("name this memory by the number of its alternate setting"));
  EXPECT_THAT(said(load("usb = \"2b04:d00c\"\ndialect = \"dfu11\"\n", step("x", "alt = 2"))),
              HasSubstr("no recipe may touch"));
}

TEST(RecipeMemories, OptionBytesStayOutOfReachInAnyMemory) {
  const std::string bytes = "[[device.memory]]\nalt = 1\nmap = \"@Option Bytes  /0x1FFFC000/01*016 g\"\n";
  EXPECT_THAT(said(load(st + bytes, step("x", "alt = 1\naddress = 0x1FFFC000"))), HasSubstr("option bytes"));
}

const std::string argon = "usb = \"2b04:d00c\"\nmap = \"@Internal Flash   /0x00000000/1*004Ka,47*004Kg\"\n";
const std::string argon_store = "[[device.memory]]\nalt = 1\nmap = \"@DCT Flash   /0x00000000/1*016Ke\"\n";
const std::string argon_flash = "[[device.memory]]\nalt = 2\nmap = \"@External Flash   /0x80000000/1024*004Kg\"\n";

std::string byte(const std::string& keys) {
  return "[[step]]\nname = \"byte\"\nimage = \"one.bin\"\nformat = \"raw\"\n" + keys + "\n";
}

std::string said_of_argon(const std::string& steps) {
  const Folder folder;
  folder.write("one.bin", dfu::Bytes{1});
  folder.write("tables.bin", dfu::Bytes(100, 0x5A));
  const RecipeResult result =
      load_recipe(folder.write("r.toml", "[recipe]\nname = \"r\"\n[device]\n" + argon + argon_store + argon_flash +
                                             steps + "\n[policy]\nunpinned = \"allow\"\n"));
  return result.recipe ? "" : said(result);
}

TEST(RecipeMemories, OfAThirdGenerationUnitsStoreOnlyHarmlessBytesAreWritten) {
  EXPECT_EQ(said_of_argon(byte("alt = 1\naddress = 8134")), "");
  EXPECT_EQ(said_of_argon(byte("alt = \"DCT Flash\"\naddress = 1753")), "");
  EXPECT_THAT(said_of_argon(byte("alt = 1\naddress = 34")), HasSubstr("holds their keys"));
  EXPECT_THAT(said_of_argon(step("wide", "alt = 1\naddress = 8134")), HasSubstr("holds their keys"));
}

TEST(RecipeMemories, OfItsExternalFlashTheFileSystemIsLeftAlone) {
  EXPECT_EQ(said_of_argon(step("ota", "alt = 2\naddress = 0x80289000") + byte("alt = 1\naddress = 1753")), "");
  EXPECT_THAT(said_of_argon(step("ota", "alt = 2\naddress = 0x80100000")), HasSubstr("hold the file system"));
  const std::string tracker =
      "usb = \"2b04:d01a\"\nmap = \"@Internal Flash   /0x00000000/1*004Ka,47*004Kg\"\n" + argon_flash;
  EXPECT_THAT(said(load(tracker, step("ota", "alt = 2\naddress = 0x80289000"))), HasSubstr("hold the file system"));
}

TEST(RecipeMemories, PlainUnitsNeedNoMapForAnAlternateSettingOfTheirs) {
  const std::string zephyr = "usb = \"2fe3:0100\"\ndialect = \"dfu11\"\n";
  for (const char* alt : {"alt = 1", "alt = \"image_1\""}) {
    const RecipeResult result = load(zephyr, step("slot", alt));
    ASSERT_TRUE(result.recipe) << said(result);
    EXPECT_EQ(result.recipe->layout.steps[0].memory, 1u);
  }
  EXPECT_THAT(said(load(zephyr + qspi, step("slot", "alt = 1"))), HasSubstr("plain DFU have no memory maps"));
}

}  // namespace
}  // namespace config
