// Every key that the readers of recipe and station file accept is in the page about that file, and every key in there
// is accepted. What they accept, the readers say themselves: about a key that they do not know they name those they do.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/recipe.h"
#include "config/station_config.h"
#include "tests/config/support.h"

namespace config {
namespace {

using testing::IsSupersetOf;

using Keys = std::set<std::string>;

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Of a page: for each heading the keys in the table below it.
std::map<std::string, Keys> documented(const std::string& page) {
  std::map<std::string, Keys> all;
  std::istringstream text(contents(FLASHLINE_SOURCE_DIR "/docs/" + page + ".md"));
  const std::regex row(R"(^\| `([a-z0-9_]+)` \|.*)");
  std::string heading;
  for (std::string line; std::getline(text, line);) {
    std::smatch found;
    if (line.starts_with("## ") || line.starts_with("### ")) heading = line.substr(line.find(' ') + 1);
    if (std::regex_match(line, found, row)) all[heading].insert(found[1]);
  }
  return all;
}

// The keys that the sources of a reader ask a table for.
Keys asked_for(const std::string& source) {
  const std::string text = contents(FLASHLINE_SOURCE_DIR "/config/" + source);
  const std::regex call(
      R"re((?:text|texts|integer|number|boolean|has|has_text|word<[A-Za-z:]+>)\(\s*"([a-z0-9_]+)")re");
  Keys keys;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), call); at != std::sregex_iterator(); ++at) {
    keys.insert((*at)[1]);
  }
  return keys;
}

Keys all_of(const std::map<std::string, Keys>& tables) {
  Keys all;
  for (const auto& [heading, keys] : tables) all.insert(keys.begin(), keys.end());
  return all;
}

std::vector<Diagnostic> read(const std::string& page, const std::string& text) {
  const Folder folder;
  folder.write("file.toml", text);
  return page == "recipe-file" ? load_recipe(folder.path("file.toml")).diagnostics
                               : load_station(folder.path("file.toml")).diagnostics;
}

// What the tables before need, so that the reader gets as far as the one that is looked at.
std::string lines_of(const std::string& page, const std::string& heading) {
  if (page != "recipe-file" || heading.starts_with("[recipe]")) return "";
  return "[recipe]\nname = \"r\"\n" +
         std::string(heading.starts_with("[device]") ? "" : "[device]\nprofile = \"photon\"\n");
}

// "[[step]] kind = "erase"" as it stands in a file.
std::string opened(std::string heading) {
  if (!heading.starts_with('[')) return "";
  if (const std::size_t blank = heading.find(' '); blank != std::string::npos) heading[blank] = '\n';
  return heading + "\n";
}

// Whether a table of the file takes a key; `known` gets the keys that are named instead.
bool takes(const std::string& page, const std::string& heading, const std::string& key, Keys* known = nullptr) {
  bool takes = true;
  const std::string text = lines_of(page, heading) + opened(heading) + key + " = 1\n";
  for (const Diagnostic& one : read(page, text)) {
    if (one.message.find("unknown key '" + key + "'") == std::string::npos) continue;
    takes = false;
    const std::regex word("[a-z0-9_]+");
    const std::string hint = one.hint.substr(std::min(one.hint.find(':'), one.hint.size()));
    for (auto at = std::sregex_iterator(hint.begin(), hint.end(), word); at != std::sregex_iterator(); ++at) {
      if (known && at->str() != "and") known->insert(at->str());
    }
  }
  return takes;
}

// Some keys are there only beside another one: `version` beside `module`.
bool takes_beside_another(const std::string& page, const std::string& heading, const std::string& key,
                          const Keys& others) {
  return std::ranges::any_of(others, [&](const std::string& other) {
    return other != key && takes(page, heading + "\n" + other + " = 1", key);
  });
}

class DocumentedKeys : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(DocumentedKeys, AreAllThatTheSourcesOfTheReaderAskFor) {
  const auto& [page, source] = GetParam();
  const Keys asked = asked_for(source);
  EXPECT_GE(asked.size(), 20u);
  EXPECT_THAT(all_of(documented(page)), IsSupersetOf(asked)) << "document these keys in docs/" << page;
}

TEST_P(DocumentedKeys, AreAllThatTheReaderNamesForEachTable) {
  const auto& [page, source] = GetParam();
  const auto tables = documented(page);
  Keys headings;
  for (const auto& [heading, keys] : tables) headings.insert(heading);
  for (const auto& [heading, keys] : tables) {
    if (heading == "[[step]]") continue;  // its keys are in the tables of the kinds as well
    Keys known;
    EXPECT_FALSE(takes(page, heading, "qqqqqqqqqqqq", &known)) << heading;
    EXPECT_FALSE(known.empty()) << heading;
    for (const std::string& key : known) {
      const bool of_step = heading.starts_with("[[step]]") && tables.at("[[step]]").contains(key);
      const bool table = headings.contains("[" + key + "]") || headings.contains("[[" + key + "]]") ||
                         headings.contains("[[device." + key + "]]");
      EXPECT_TRUE(keys.contains(key) || of_step || table) << "docs/" << page << " lacks " << key << " in " << heading;
    }
  }
}

TEST_P(DocumentedKeys, AreAllAccepted) {
  const auto& [page, source] = GetParam();
  for (const auto& [heading, keys] : documented(page)) {
    for (const std::string& key : keys) {
      const bool accepted = takes(page, heading, key) || takes_beside_another(page, heading, key, keys);
      EXPECT_TRUE(accepted) << key << " in " << heading;
    }
  }
}

// What the package puts into /etc: with its comment signs it changes nothing, without them it is accepted.
TEST(ShippedStationFile, NamesEveryKeyInItsTable) {
  const std::string commented = contents(FLASHLINE_SOURCE_DIR "/station/packaging/station.toml");
  std::istringstream text(commented);
  std::map<std::string, Keys> named;
  std::string heading = "The file itself", plain;
  const std::regex key("#([a-z0-9_]+) = .*");
  for (std::string line; std::getline(text, line);) {
    std::smatch found;
    const bool table = line.starts_with("#[");
    const bool value = std::regex_match(line, found, key);
    if (table) heading = line.substr(1);
    if (value) named[heading].insert(found[1]);
    plain += (table || value ? line.substr(1) : line) + "\n";
  }
  EXPECT_EQ(named, documented("station-file"));
  EXPECT_THAT(read("station-file", commented), testing::IsEmpty());
  const std::vector<Diagnostic> diagnostics = read("station-file", plain);
  ASSERT_EQ(diagnostics.size(), 1u) << all(diagnostics);
  EXPECT_THAT(diagnostics.front().message, testing::HasSubstr("/usr/local/bin/lamp"));
}

INSTANTIATE_TEST_SUITE_P(Pages, DocumentedKeys,
                         testing::Values(std::pair("recipe-file", "recipe_reader.cpp"),
                                         std::pair("station-file", "station_config.cpp")),
                         [](const auto& one) { return one.index == 0 ? "Recipe" : "Station"; });

}  // namespace
}  // namespace config
