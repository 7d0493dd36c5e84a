// The list of fault codes in docs/formats.md, "Fault codes", and the code: each code is in the list under whom it
// blames, and is either made somewhere in the program or called reserved there. The texts of the page are for
// Board.checks.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "scheduler/fault_policy.h"

namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

const fs::path root = FLASHLINE_SOURCE_DIR;

std::string content(const fs::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return std::move(out).str();
}

std::vector<dfu::FaultCode> all_codes() {
  std::vector<dfu::FaultCode> all;
  for (int i = 0; i <= static_cast<int>(dfu::FaultCode::internal); ++i) all.push_back(static_cast<dfu::FaultCode>(i));
  return all;
}

// What stands between backquotes.
Names quoted_in(const std::string& text) {
  static const std::regex quoted("`([^`]+)`");
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), quoted), end; at != end; ++at) names.insert((*at)[1]);
  return names;
}

std::string section() {
  const std::string all = content((root / "docs/formats").replace_extension("md"));
  const std::size_t begin = all.find("### Fault codes");
  return all.substr(begin, all.find("\n## ", begin) - begin);
}

// The codes of each row of the table, by its first column.
std::map<std::string, Names> listed() {
  std::map<std::string, Names> rows;
  std::istringstream lines(section());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t column = line.find('|', 1);
    rows[*quoted_in(line.substr(0, column)).begin()] = quoted_in(line.substr(column));
  }
  return rows;
}

Names reserved() {
  const std::string text = section();
  const std::size_t end = text.find("are **reserved**");
  if (end == std::string::npos) return {};
  return quoted_in(text.substr(text.rfind("\n\n", end), end - text.rfind("\n\n", end)));
}

// Every name behind `FaultCode::` in the program, but for where the codes are listed.
Names made() {
  static const std::regex code("FaultCode::([a-z_]+)");
  const Names lists{"dfu/fault.cpp", "scheduler/fault_policy.cpp"};
  Names names;
  for (const char* folder : {"dfu", "config", "scheduler", "station"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".cpp" && file.extension() != ".h") continue;
      if (lists.contains(fs::relative(file, root).generic_string())) continue;
      const std::string text = content(file);
      for (std::sregex_iterator at(text.begin(), text.end(), code), end; at != end; ++at) {
        std::string name = (*at)[1];
        std::ranges::replace(name, '_', '-');
        names.insert(name);
      }
    }
  }
  return names;
}

TEST(FaultCodes, EachIsListedOnceUnderWhatItBlames) {
  const std::map<std::string, Names> rows = listed();
  std::size_t listed_codes = 0;
  for (const auto& [about, codes] : rows) listed_codes += codes.size();
  EXPECT_EQ(listed_codes, all_codes().size());
  for (const dfu::FaultCode code : all_codes()) {
    const std::string about(to_string(scheduler::about(code)));
    ASSERT_TRUE(rows.contains(about)) << about;
    EXPECT_TRUE(rows.at(about).contains(std::string(to_string(code))))
        << to_string(code) << " is not in the document in the row of `" << about << "`";
  }
}

TEST(FaultCodes, EachIsMadeSomewhereOrCalledReserved) {
  const Names all_made = made(), all_reserved = reserved();
  ASSERT_GT(all_made.size(), 20U) << "the sources were not found at " << root;
  for (const dfu::FaultCode code : all_codes()) {
    const std::string name(to_string(code));
    EXPECT_NE(all_made.contains(name), all_reserved.contains(name))
        << name
        << (all_made.contains(name) ? " is made, and the document calls it reserved"
                                    : " is made nowhere; make it, or call it reserved in the document");
  }
}

}  // namespace
