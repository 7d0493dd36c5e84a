// Recipes of several files: what they extend, where their images lie, and the lock that freezes them.
#include <gtest/gtest.h>

#include "config/lock_file.h"
#include "config/recipe.h"
#include "tests/config/support.h"

namespace config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view base = R"([recipe]
name = "base"
revision = "A"
[device]
profile = "photon"
[[step]]
name = "system-part1"
image = "part1.bin"
[[step]]
name = "user"
image = "user.bin"
[policy]
attempts = 3
confirm = "none"
)";

class RecipeFiles : public testing::Test {
 protected:
  RecipeFiles() {
    folder.write("part1.bin", build_module(system_part(1, 3)));
    folder.write("user.bin", build_module(user_part()));
    auto other = user_part();
    other.seed = 9;
    folder.write("other.bin", build_module(other));
    folder.write("base.toml", base);
  }

  RecipeResult load(const std::string& text) { return load_recipe(folder.write("r.toml", text)); }
  // With its own name and whatever else.
  RecipeResult extend(const std::string& rest) {
    return load("[recipe]\nname = \"r\"\nextends = \"base.toml\"\n" + rest);
  }
  std::string said(const RecipeResult& result) {
    EXPECT_EQ(result.recipe, nullptr);
    return all(result.diagnostics);
  }

  Folder folder;
};

TEST_F(RecipeFiles, WhatIsNotSaidIsThatOfTheRecipeThatIsExtended) {
  const RecipeResult result = extend("[policy]\nattempts = 1\n");
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  EXPECT_EQ(result.recipe->name, "r");
  EXPECT_EQ(result.recipe->revision, "A");
  EXPECT_EQ(result.recipe->profile.name, "photon");
  EXPECT_EQ(result.recipe->policy.attempts, 1);
  EXPECT_EQ(result.recipe->policy.confirm, Confirm::none);
  EXPECT_EQ(result.recipe->layout.steps.size(), 2u);
  EXPECT_THAT(result.recipe->text, HasSubstr("# ---- extends: base.toml\n[recipe]\nname = \"base\""));
}

TEST_F(RecipeFiles, StepOfTheSameNameTakesTheOthersPlaceAndNewOnesFollow) {
  const RecipeResult result = extend(
      "[[step]]\nname = \"user\"\nimage = \"other.bin\"\n"
      "[[step]]\nname = \"factory\"\nkind = \"factory\"\nimage = \"user.bin\"\n");
  ASSERT_NE(result.recipe, nullptr) << all(result.diagnostics);
  std::vector<std::string> steps;
  for (const dfu::Step& step : result.recipe->layout.steps) steps.push_back(step.name + " " + step.image->name);
  EXPECT_THAT(steps, ElementsAre("system-part1 part1.bin", "user other.bin", "factory user.bin"));
}

TEST_F(RecipeFiles, MistakesAreToldWithTheFileThatTheyAreIn) {
  std::string bad(base);
  bad.replace(bad.find("part1.bin"), 9, "lost.bin");
  folder.write("base.toml", bad);
  const std::string text = said(extend("[[step]]\nname = \"x\"\nimage = \"gone.bin\"\n"));
  EXPECT_THAT(text, HasSubstr("r.toml:6:9: error: the image 'gone.bin' does not exist"));
  EXPECT_THAT(text, HasSubstr("base.toml:8:9: error: the image 'lost.bin' does not exist"));
}

TEST_F(RecipeFiles, CircleAndMissingOneAreRefusedWhereTheyAreNamed) {
  folder.write("base.toml", "[recipe]\nname = \"b\"\nextends = \"r.toml\"\n");
  EXPECT_THAT(
      said(extend("")),
      HasSubstr("base.toml:3:11: error: the recipe 'r.toml' extends itself, through other recipes or directly"));
  const RecipeResult missing = load("[recipe]\nname = \"r\"\nextends = \"none.toml\"\n");
  EXPECT_TRUE(missing.input_missing);
  EXPECT_THAT(said(missing), HasSubstr("r.toml:3:11: error: the recipe 'none.toml' does not exist"));
}

TEST_F(RecipeFiles, EndlessChainIsRefused) {
  for (int i = 0; i < 9; ++i) {
    folder.write("c" + std::to_string(i) + ".toml",
                 "[recipe]\nname = \"c\"\nextends = \"c" + std::to_string(i + 1) + ".toml\"\n");
  }
  folder.write("c9.toml", base);
  EXPECT_EQ(load_recipe(folder.path("c0.toml")).recipe, nullptr);
  EXPECT_NE(load_recipe(folder.path("c2.toml")).recipe, nullptr);
}

TEST_F(RecipeFiles, ImagesAreLookedForBesideTheRecipeThenInItsFolders) {
  std::filesystem::create_directories(folder.path("fw/deep"));
  std::filesystem::rename(folder.path("part1.bin"), folder.path("fw/deep/part1.bin"));
  std::string text(base);
  text.insert(text.find("revision"), "images = [\"fw\", \"fw/deep\"]\n");
  EXPECT_NE(load(text).recipe, nullptr);
  std::filesystem::remove(folder.path("fw/deep/part1.bin"));
  EXPECT_THAT(said(load(text)), HasSubstr("fw/deep/part1.bin"));
  std::string wrong(base);
  wrong.insert(wrong.find("revision"), "images = \"fw\"\n");
  EXPECT_THAT(said(load(wrong)), HasSubstr("'images' must be a list of texts in quotes"));
}

class LockFile : public RecipeFiles {
 protected:
  LockFile() {
    folder.write("r.toml", "[recipe]\nname = \"r\"\nextends = \"base.toml\"\n");
    const RecipeResult result = load_recipe(folder.path("r.toml"));
    EXPECT_FALSE(result.recipe->locked);
    folder.write("r.toml.lock", lock_text(*result.recipe));
  }
  RecipeResult again() { return load_recipe(folder.path("r.toml")); }
};

TEST_F(LockFile, RecipeThatIsAsItWasIsTaken) {
  ASSERT_NE(again().recipe, nullptr) << all(again().diagnostics);
  EXPECT_TRUE(again().recipe->locked);
}

TEST_F(LockFile, EveryChangedFileIsNamed) {
  folder.write("user.bin", build_module(user_part({needs_part(1, 1)})));
  EXPECT_THAT(said(again()), HasSubstr("the image 'user.bin' of step 'user' is not as it was locked: its SHA-256 is"));
  EXPECT_THAT(said(again()), HasSubstr("r.toml.lock:16:10"));
  EXPECT_THAT(said(again()), HasSubstr("flashline check --lock"));
  EXPECT_NE(load_recipe(folder.path("r.toml"), Lock::ignore).recipe, nullptr);
}

TEST_F(LockFile, ChangeOfTheExtendedRecipeIsAChange) {
  folder.write("base.toml", std::string(base) + "# later\n");
  EXPECT_THAT(said(again()), HasSubstr("the recipe 'r.toml' is not as it was locked"));
}

TEST_F(LockFile, StepsThatCameOrWentAreNamed) {
  folder.write("r.toml",
               "[recipe]\nname = \"r\"\nextends = \"base.toml\"\n[[step]]\nname = \"f\"\nkind = "
               "\"factory\"\nimage = \"user.bin\"\n");
  EXPECT_THAT(said(again()), HasSubstr("the step 'f' of the recipe is not locked"));
  std::string without(base);
  without.replace(without.find("name = \"user\""), 13, "name = \"app\"");
  folder.write("base.toml", without);
  EXPECT_THAT(said(again()), HasSubstr("no longer has a step 'user'"));
}

TEST_F(LockFile, DamagedOneLocksAndDoesNotOpen) {
  for (const char* text : {"", "[recipe]\n", "not toml", "[recipe]\nsha256 = \"x\"\n[[image]]\n"}) {
    folder.write("r.toml.lock", std::string_view(text));
    EXPECT_EQ(again().recipe, nullptr) << text;
  }
  std::filesystem::remove(folder.path("r.toml.lock"));
  EXPECT_NE(again().recipe, nullptr);
}

TEST(Examples, AreAllTakenWithoutAWord) {
  int recipes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FLASHLINE_EXAMPLES)) {
    if (entry.path().extension() != ".toml") continue;
    const RecipeResult result = load_recipe(entry.path().string());
    EXPECT_NE(result.recipe, nullptr) << all(result.diagnostics);
    EXPECT_TRUE(result.diagnostics.empty()) << all(result.diagnostics);
    ++recipes;
  }
  EXPECT_EQ(recipes, 4);
}

// ---- a dozen mistakes in a recipe that TOML has nothing against

TEST_F(RecipeFiles, DozenMistakesAreADozenDiagnosticsEachAtItsPlaceWithItsValue) {
  folder.write("core.bin", [] {
    dfu::particle::ModuleSpec spec;
    spec.platform = dfu::particle::Platform::core;
    spec.function = dfu::particle::Function::monolithic;
    spec.index = 0;
    spec.start = 0x08005000;
    spec.file_size = 2000;
    return build_module(spec);
  }());
  folder.write("part2.bin", build_module(system_part(2, 3, {needs_part(1, 6)})));
  folder.write("cut.bin", [] {
    dfu::Bytes file = build_module(user_part());
    file.resize(3000);
    return file;
  }());
  folder.write("page.bin", std::string_view("<!DOCTYPE html><title>Not found</title>"));
  const RecipeResult result = load(R"([recipe]
name = "dozen"
revison = "A"

[device]
profile = "photon"

[[step]]
name = "system-part1"
image = "part1.bin"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"

[[step]]
name = "system-part2"
image = "part2.bin"

[[step]]
name = "user"
image = "core.bin"

[[step]]
name = "user"
image = "cut.bin"

[[step]]
name = "factory"
kind = "factory"
image = "page.bin"

[[step]]
name = "clear"
kind = "erase"
address = 0x08004000
bytes = 0x4000

[[step]]
name = "country"
kind = "setting"
setting = "private-key"
value = "DE"

[[step]]
name = "spare"
image = "spare.bin"

[policy]
attempts = 0
)");
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(places(result.diagnostics), ElementsAre("3:1", "11:10", "15:9", "19:9", "22:8", "23:9", "28:9", "33:11",
                                                      "37:8", "39:11", "44:9", "47:12"))
      << all(result.diagnostics);
  for (const Diagnostic& one : result.diagnostics) {
    EXPECT_FALSE(one.message.empty());
    EXPECT_FALSE(one.value.empty()) << one.message;
  }
}

}  // namespace
}  // namespace config
