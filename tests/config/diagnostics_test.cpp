#include "config/diagnostics.h"

#include <gtest/gtest.h>

#include "config/table_reader.h"
#include "config/toml_file.h"

namespace config {
namespace {

TEST(Diagnostics, OneLineNamesPlaceMessageValueAndHint) {
  const Diagnostic one{"r.toml", 12, 9, Severity::error, "11", "'attempts' is too many", "Write a smaller number."};
  EXPECT_EQ(to_string(one), "r.toml:12:9: error: 'attempts' is too many (11). Hint: Write a smaller number.");
}

TEST(Diagnostics, ValueThatTheMessageQuotesIsNotRepeated) {
  EXPECT_EQ(to_string(Diagnostic{"r.toml", 1, 2, Severity::warning, "x", "'x' is odd", ""}),
            "r.toml:1:2: warning: 'x' is odd.");
}

TEST(Diagnostics, WholeFileHasNoLineAndASentenceKeepsItsOwnStop) {
  EXPECT_EQ(to_string(Diagnostic{"r.toml", 0, 0, Severity::error, "", "It does not exist.", ""}),
            "r.toml: error: It does not exist.");
}

TEST(Diagnostics, LongValueIsCutBetweenCharactersAndLosesControlCharacters) {
  std::string value = "\x1b[31m";
  while (value.size() < 200) value += "\xC3\xA4";
  const std::string text = to_string(Diagnostic{"r.toml", 1, 1, Severity::error, value, "bad", ""});
  EXPECT_LT(text.size(), 130u);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("\xC3\xA4...)"), std::string::npos) << text;
}

TEST(Diagnostics, WarningsAloneAreNoError) {
  EXPECT_FALSE(has_error({}));
  EXPECT_FALSE(has_error({Diagnostic{"", 0, 0, Severity::warning, "", "", ""}}));
  EXPECT_TRUE(has_error(
      {Diagnostic{"", 0, 0, Severity::warning, "", "", ""}, Diagnostic{"", 0, 0, Severity::error, "", "", ""}}));
}

TEST(Nearest, FindsTheWordThatWasMeantAndNoneForAnother) {
  const std::vector<std::string> known{"name", "image", "sha256", "address"};
  EXPECT_EQ(nearest("nmae", known), "name");
  EXPECT_EQ(nearest("Image", known), "image");
  EXPECT_EQ(nearest("adress", known), "address");
  EXPECT_EQ(nearest("sha-256", known), "sha256");
  EXPECT_EQ(nearest("colour", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest(std::string(100000, 'n'), known), "");
}

struct Mistake {
  std::string_view text;
  int line;
  int column;
  std::string_view says;
};

class Syntax : public testing::TestWithParam<Mistake> {};

TEST_P(Syntax, MistakeIsOneDiagnosticWithItsPlaceInPlainWords) {
  const auto parsed = parse_toml("r.toml", GetParam().text);
  ASSERT_TRUE(std::holds_alternative<Diagnostic>(parsed));
  const auto& problem = std::get<Diagnostic>(parsed);
  EXPECT_EQ(problem.file, "r.toml");
  EXPECT_EQ(problem.line, GetParam().line) << to_string(problem);
  EXPECT_EQ(problem.column, GetParam().column) << to_string(problem);
  EXPECT_NE(problem.message.find(GetParam().says), std::string::npos) << to_string(problem);
  EXPECT_FALSE(problem.hint.empty());
}

INSTANTIATE_TEST_SUITE_P(
    OfSyntax, Syntax,
    testing::Values(
        Mistake{"[recipe]\nname = photon\n", 2, 8, "neither a text in quotes"},
        Mistake{"[recipe]\nname = \"photon\n", 2, 15, "does not end"},
        Mistake{"a = 1\r\na = 2\r\n", 2, 5, "given before"}, Mistake{"[a]\n[a]\n", 2, 1, "given before"},
        Mistake{"[recipe\n", 1, 8, "no closing bracket"}, Mistake{"name \"x\"\n", 1, 6, "no = after the key"},
        Mistake{"a = \n", 1, 5, "no value after the ="}, Mistake{"a = 08\n", 1, 7, "must not begin with 0"},
        Mistake{"a = 1,5\n", 1, 6, "more on this line"}, Mistake{"a = True\n", 1, 5, "neither a text in quotes"},
        Mistake{"a = \"C:\\images\"\n", 1, 9, "backslash"}, Mistake{"a = \"C:\\Users\"\n", 1, 10, "backslash"},
        Mistake{"a = \"\xff\"\n", 1, 5, "UTF-8"}, Mistake{"<html>", 1, 1, "cannot be read as TOML"}));

TEST(Toml, ByteOrderMarkAndCrlfAreTolerated) {
  const auto parsed = parse_toml("r.toml", "\xEF\xBB\xBF[recipe]\r\nname = \"x\" # why\r\naddress = 0x080A0000\r\n");
  ASSERT_TRUE(std::holds_alternative<TomlNode>(parsed));
  const auto& root = std::get<TomlTable>(std::get<TomlNode>(parsed).content);
  ASSERT_EQ(root.size(), 1u);
  const auto& recipe = std::get<TomlTable>(root[0].value.content);
  ASSERT_EQ(recipe.size(), 2u);
  EXPECT_EQ(recipe[0].value.place, (TextPosition{2, 8}));
  EXPECT_EQ(recipe[1].value.written, "0x080A0000");
}

TEST(Toml, ValuesAreCutOutAsWrittenAlsoBehindOtherAlphabets) {
  const auto parsed = parse_toml("r.toml", "\"\xE7\xAB\x99\" = { a = 1_000, b = +1.50 } # \xE7\xAB\x99\n");
  ASSERT_TRUE(std::holds_alternative<TomlNode>(parsed));
  const auto& root = std::get<TomlTable>(std::get<TomlNode>(parsed).content);
  const auto& inner = std::get<TomlTable>(root.at(0).value.content);
  EXPECT_EQ(inner.at(0).value.written, "1_000");
  EXPECT_EQ(inner.at(1).value.written, "+1.50");
}

}  // namespace
}  // namespace config
