// Files that are nested or named so that reading them would take the stack, the memory or the patience.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/files.h"
#include "config/line_file.h"
#include "config/lock_file.h"
#include "config/recipe.h"
#include "config/station_config.h"
#include "config/toml_file.h"
#include "tests/config/support.h"

namespace config {
namespace {

using testing::HasSubstr;

constexpr int many = 60000;

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

struct Nested {
  std::string name;
  std::string text;
  int line;
  std::string says;
};

std::vector<Nested> nested() {
  const std::string dots = "a" + repeated(".a", many);
  return {{"Key", "x = 1\n" + dots + " = 1\n", 2, "parts"},
          {"Header", "\n\n[" + dots + "]\n", 3, "parts"},
          {"ListHeader", "[[" + dots + "]]\n", 1, "parts"},
          {"Blanks", "a" + repeated(" . a", many) + " = 1\n", 1, "parts"},
          {"Quoted", "a" + repeated(".\"a\"", many) + " = 1\n", 1, "parts"},
          {"NotAscii", "a" + repeated(".\xC3\xA4", many) + " = 1\n", 1, "parts"},
          {"InlineKey", "x = { " + dots + " = 1 }\n", 1, "parts"},
          {"Lists", "a = " + repeated("[", many) + repeated("]", many) + "\n", 1, "brackets"},
          {"ListsOverLines", "a = " + repeated("[\n", many) + repeated("]\n", many), 17, "brackets"},
          {"Tables", "a = " + repeated("{ a = ", many) + "1" + repeated(" }", many) + "\n", 1, "brackets"},
          {"Mixed", "a = " + repeated("[{ a = ", many) + "\n", 1, "brackets"}};
}

class TooDeepFile : public testing::TestWithParam<Nested> {};

TEST_P(TooDeepFile, IsOneErrorWithItsPlaceInEveryKindOfFile) {
  const Folder folder;
  const std::string file = folder.write("x.toml", GetParam().text);
  const auto expect = [&](const std::vector<Diagnostic>& diagnostics) {
    ASSERT_EQ(diagnostics.size(), 1u) << all(diagnostics).substr(0, 1000);
    EXPECT_EQ(diagnostics[0].line, GetParam().line);
    EXPECT_GT(diagnostics[0].column, 0);
    EXPECT_THAT(diagnostics[0].message, HasSubstr(GetParam().says));
    EXPECT_FALSE(diagnostics[0].hint.empty());
  };
  expect(load_recipe(file).diagnostics);
  expect(load_station(file).diagnostics);
  expect(load_line(file).diagnostics);
}

INSTANTIATE_TEST_SUITE_P(Each, TooDeepFile, testing::ValuesIn(nested()),
                         [](const auto& one) { return one.param.name; });

TEST(Depth, ALockFileThatIsTooDeepIsRefusedToo) {
  const Folder folder;
  folder.write("user.bin", build_module(user_part()));
  const std::string recipe = folder.write("r.toml",
                                          "[recipe]\nname = \"r\"\n[device]\nprofile = \"photon\"\n[[step]]\nname = "
                                          "\"user\"\nimage = \"user.bin\"\n");
  ASSERT_NE(load_recipe(recipe).recipe, nullptr);
  folder.write("r.toml.lock", "a" + repeated(".a", many) + " = 1\n");
  const RecipeResult result = load_recipe(recipe);
  EXPECT_EQ(result.recipe, nullptr);
  EXPECT_THAT(all(result.diagnostics), HasSubstr("r.toml.lock:1:"));
}

TEST(Depth, WhatOnlyLooksDeepIsRead) {
  const std::string dots = repeated(".", 100), open = repeated("[{", 100);
  for (const std::string& text :
       {"a = \"" + dots + open + "\"", "a = '" + dots + open + "'", "a = 1 # " + dots + open,
        "a = \"\"\"\n" + dots + "\n" + open + "\"\" \\\" \"\"\"", "a = '''\n" + dots + "\n" + open + "'''",
        "a = \"\\\\\" # " + open, std::string("a.b.c.d.e.f = [[[[1.5, 2.5]]]]"),
        "a = [" + repeated("1.5, ", 1000) + "]", repeated("[[x]]\n", 1000), "\"" + dots + "\" = 1"}) {
    const auto parsed = parse_toml("x.toml", text + "\n");
    EXPECT_TRUE(std::holds_alternative<TomlNode>(parsed)) << text << "\n" << to_string(std::get<Diagnostic>(parsed));
  }
}

TEST(Depth, AHeaderWithoutItsBracketIsTheMistakeThatIsReported) {
  const auto parsed = parse_toml("x.toml", repeated("[step\n", 100));
  ASSERT_TRUE(std::holds_alternative<Diagnostic>(parsed));
  EXPECT_EQ(std::get<Diagnostic>(parsed).line, 1);
  EXPECT_THAT(std::get<Diagnostic>(parsed).message, HasSubstr("no closing bracket"));
}

// The work per value must not grow with the length of its line.
TEST(Depth, AMebibyteOfValuesOnOneLineIsRead) {
  std::string text = "a = [";
  while (text.size() < (1 << 20) - 64) text += "1,";
  const auto parsed = parse_toml("x.toml", text + "\"\xC3\xA4\"]\n");
  ASSERT_TRUE(std::holds_alternative<TomlNode>(parsed));
  const auto& list = std::get<TomlList>(std::get<TomlTable>(std::get<TomlNode>(parsed).content)[0].value.content);
  EXPECT_GT(list.size(), 500000u);
  EXPECT_EQ(list[400000].written, "1");
}

TEST(Files, APipeIsRefusedAndNotWaitedFor) {
  const Folder folder;
  ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  const auto read = read_file(folder.path("pipe"), 1000);
  ASSERT_TRUE(std::holds_alternative<Unreadable>(read));
  EXPECT_THAT(std::get<Unreadable>(read).problem, HasSubstr("pipe"));
  EXPECT_THAT(all(load_station(folder.path("pipe")).diagnostics), HasSubstr("pipe"));
}

TEST(Files, ADeviceWithoutAnEndIsRefused) {
  const auto read = read_file("/dev/zero", 1000);
  ASSERT_TRUE(std::holds_alternative<Unreadable>(read));
  EXPECT_THAT(std::get<Unreadable>(read).problem, HasSubstr("device"));
}

}  // namespace
}  // namespace config
