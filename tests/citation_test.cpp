// Every place in the code that cites a document is followed to its heading: `docs/devices.md, "Stalls"`, and several
// headings of one document as `docs/devices.md, "Stalls", "Poll times"`. A document named in any other way fails, so
// that a renamed heading, a deleted page and a source that is not in the tree are all found. Links between documents
// are followed too, and files that a line names must be there. This file is left out: its own examples cite what does
// not exist.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

// The documents of the tree, by path from its root, with their headings.
using Documents = std::map<std::string, std::set<std::string>>;

Lines lines_of(const fs::path& file) {
  Lines lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '/' || c == '.';
}

// Without blanks and comment signs at its beginning, and blanks at its end.
std::string_view bare(std::string_view line) {
  const auto skip = [&](std::string_view signs) {
    line.remove_prefix(std::min(line.find_first_not_of(signs), line.size()));
  };
  skip(" \t");
  skip("/#*");
  skip(" \t");
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.remove_suffix(1);
  return line;
}

// A file as one text, for citations that go on in the next line of a comment.
struct Joined {
  std::string text{};
  std::vector<std::size_t> starts{};  // where each line begins

  explicit Joined(const Lines& lines) {
    for (const std::string& line : lines) {
      starts.push_back(text.size());
      text += bare(line);
      text += ' ';
    }
  }
  std::size_t line_at(std::size_t at) const {
    return static_cast<std::size_t>(std::ranges::upper_bound(starts, at) - starts.begin());
  }
};

std::set<std::string> headings_in(const Lines& lines) {
  std::set<std::string> headings;
  bool code = false;
  for (const std::string& line : lines) {
    if (line.starts_with("```")) code = !code;
    if (code || !line.starts_with('#')) continue;
    headings.emplace(bare(line));
  }
  return headings;
}

// Where a link leads to a heading: small letters, digits and dashes.
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const unsigned char c : heading) {
    if (c == ' ' || c == '-') anchor += '-';
    if (std::isalnum(c) || c == '_') anchor += static_cast<char>(std::tolower(c));
  }
  return anchor;
}

struct Citation {
  std::string document{};
  std::vector<std::string> headings{};
  std::size_t line = 0;
};

// The headings behind a document's name: `, "A"`, each perhaps with a remark in brackets behind it.
std::vector<std::string> headings_at(std::string_view text) {
  std::vector<std::string> headings;
  while (text.starts_with(", \"")) {
    text.remove_prefix(3);
    const std::size_t end = text.find('"');
    if (end == std::string_view::npos) break;
    headings.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
    const std::size_t close = text.starts_with(" (") ? text.find(')') : std::string_view::npos;
    if (close != std::string_view::npos && text.substr(close + 1).starts_with(", \"")) text.remove_prefix(close + 1);
  }
  return headings;
}

std::vector<Citation> citations_in(const Lines& lines) {
  const Joined joined(lines);
  std::vector<Citation> found;
  constexpr std::string_view ending = ".md";
  for (std::size_t at = joined.text.find(ending); at != std::string::npos; at = joined.text.find(ending, at + 1)) {
    const std::size_t end = at + ending.size();
    if (end < joined.text.size() && std::isalnum(static_cast<unsigned char>(joined.text[end]))) continue;
    std::size_t begin = at;
    while (begin > 0 && is_word(joined.text[begin - 1])) --begin;
    if (begin == at) continue;  // "*.md"
    found.push_back({joined.text.substr(begin, end - begin), headings_at(std::string_view(joined.text).substr(end)),
                     joined.line_at(begin)});
  }
  return found;
}

// What is wrong with the citations of one file, each as "file:line: ...".
std::vector<std::string> problems_in(const std::string& file, const Lines& lines, const Documents& documents) {
  std::vector<std::string> problems;
  for (const Citation& one : citations_in(lines)) {
    const std::string where = file + ":" + std::to_string(one.line) + ": " + one.document;
    const auto document = documents.find(one.document);
    if (document == documents.end()) {
      problems.push_back(where + " is no document of the tree");
      continue;
    }
    if (one.document.starts_with("docs/") && one.headings.empty()) {
      problems.push_back(where + " is cited without a heading; write " + one.document + ", \"Heading\"");
    }
    for (const std::string& heading : one.headings) {
      if (!document->second.contains(heading)) problems.push_back(where + " has no heading \"" + heading + "\"");
    }
  }
  return problems;
}

// Links to files and headings of the tree; those that lead elsewhere are left alone.
std::vector<std::string> broken_links(const fs::path& root, const std::string& file, const Documents& documents) {
  std::vector<std::string> problems;
  const Lines lines = lines_of(root / file);
  for (std::size_t number = 0; number < lines.size(); ++number) {
    const std::string& line = lines[number];
    for (std::size_t at = line.find("]("); at != std::string::npos; at = line.find("](", at + 1)) {
      const std::string link = line.substr(at + 2, line.find(')', at) - at - 2);
      if (link.find("://") != std::string::npos) continue;
      const std::size_t hash = link.find('#');
      const std::string target = link.substr(0, hash);
      const std::string path =
          target.empty() ? file : ((fs::path(file).parent_path() / target).lexically_normal()).generic_string();
      const std::string where = file + ":" + std::to_string(number + 1) + ": " + link;
      if (!fs::exists(root / path)) problems.push_back(where + " leads to no file");
      const auto document = documents.find(path);
      if (hash == std::string::npos || document == documents.end()) continue;
      const std::string anchor = link.substr(hash + 1);
      const auto is_it = [&](const std::string& heading) { return anchor_of(heading) == anchor; };
      if (std::ranges::none_of(document->second, is_it)) problems.push_back(where + " leads to no heading");
    }
  }
  return problems;
}

std::vector<std::string> files_with(const fs::path& root, const std::set<std::string>& endings) {
  constexpr std::string_view tops[] = {"config", "db", "dfu", "docs", "reports", "scheduler", "station", "tests"};
  std::vector<std::string> files;
  const auto add = [&](const fs::directory_entry& entry) {
    if (!entry.is_regular_file() || !endings.contains(entry.path().extension().string())) return;
    files.push_back(fs::relative(entry.path(), root).generic_string());
  };
  for (const auto& entry : fs::directory_iterator(root)) add(entry);
  for (const std::string_view top : tops) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) add(entry);
  }
  std::ranges::sort(files);
  return files;
}

Documents documents_of(const fs::path& root) {
  Documents documents;
  for (const std::string& file : files_with(root, {".md"})) documents[file] = headings_in(lines_of(root / file));
  return documents;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + "\n";
  return all;
}

const fs::path root = FLASHLINE_SOURCE_DIR;

TEST(Citations, LeadToHeadingsOfTheTree) {
  const Documents documents = documents_of(root);
  std::vector<std::string> problems;
  int citations = 0;
  for (const std::string& file : files_with(root, {".h", ".cpp", ".py", ".sh", ".js", ".toml", ".txt"})) {
    if (file == "tests/citation_test.cpp") continue;
    const Lines lines = lines_of(root / file);
    citations += static_cast<int>(citations_in(lines).size());
    std::ranges::copy(problems_in(file, lines, documents), std::back_inserter(problems));
  }
  EXPECT_TRUE(problems.empty()) << joined(problems);
  EXPECT_GT(citations, 100) << "the citations are not found any longer";
}

// "scheduler/same_unit.h", "tests/run.sh": files of the tree that a line names, from its root.
std::vector<std::string> files_named_in(std::string_view line) {
  static const std::set<std::string_view> tops{"config", "db", "dfu", "reports", "scheduler", "station", "tests"};
  static const std::set<std::string_view> endings{".h", ".cpp", ".py", ".sh", ".js", ".json", ".toml"};
  std::vector<std::string> named;
  while (!line.empty()) {
    const auto length = static_cast<std::size_t>(std::ranges::find_if_not(line, is_word) - line.begin());
    std::string_view word = line.substr(0, length);
    while (word.ends_with('.')) word.remove_suffix(1);  // of the sentence
    const std::size_t slash = word.find('/'), dot = word.rfind('.');
    if (slash != std::string_view::npos && dot != std::string_view::npos && tops.contains(word.substr(0, slash)) &&
        endings.contains(word.substr(dot))) {
      named.emplace_back(word);
    }
    line.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return named;
}

// In comments, scripts and documents. A file that was renamed is found wherever it is named.
TEST(Citations, FilesThatAreNamedAreThere) {
  std::vector<std::string> problems;
  int named = 0;
  for (const std::string& file : files_with(root, {".h", ".cpp", ".py", ".sh", ".js", ".md"})) {
    if (file.ends_with("layering_test.cpp") || file.ends_with("citation_test.cpp")) continue;  // made up there
    const Lines lines = lines_of(root / file);
    for (std::size_t number = 0; number < lines.size(); ++number) {
      for (const std::string& one : files_named_in(lines[number])) {
        ++named;
        if (fs::exists(root / one)) continue;
        problems.push_back(file + ":" + std::to_string(number + 1) + ": there is no " + one);
      }
    }
  }
  EXPECT_TRUE(problems.empty()) << joined(problems);
  EXPECT_GT(named, 1000) << "files are not found any longer";
}

TEST(Citations, AFileThatIsNamedIsFoundInItsSentence) {
  EXPECT_EQ(files_named_in("// Wrong (dfu/usb/lane.h, \"x\"), see scheduler/line.cpp. Not a/b.h, nor dfu."),
            (std::vector<std::string>{"dfu/usb/lane.h", "scheduler/line.cpp"}));
}

TEST(Citations, LinksBetweenDocumentsLeadSomewhere) {
  const Documents documents = documents_of(root);
  std::vector<std::string> problems;
  for (const auto& [file, headings] : documents) {
    std::ranges::copy(broken_links(root, file, documents), std::back_inserter(problems));
  }
  EXPECT_TRUE(problems.empty()) << joined(problems);
}

TEST(Citations, AHeadingThatWasRenamedIsFoundWithFileAndLine) {
  const Documents documents{{"docs/devices.md", {"Stalls", "Poll times"}}};
  const Lines lines{"int a;", "// Asked once more (docs/devices.md, \"Stalls\", \"Poll", "// rates\").", "int b;"};
  EXPECT_EQ(problems_in("dfu/a.cpp", lines, documents),
            std::vector<std::string>{"dfu/a.cpp:2: docs/devices.md has no heading \"Poll rates\""});
}

TEST(Citations, ADocumentThatIsNotInTheTreeIsFound) {
  EXPECT_EQ(problems_in("dfu/a.cpp", {"// Source: elsewhere/dfu.md 2.4."}, {}),
            std::vector<std::string>{"dfu/a.cpp:1: elsewhere/dfu.md is no document of the tree"});
}

TEST(Citations, ADocumentWithoutAHeadingIsFound) {
  const Documents documents{{"docs/record.md", {"The chain"}}};
  EXPECT_EQ(problems_in("db/a.h", {"// See docs/record.md."}, documents).size(), 1U);
  EXPECT_TRUE(problems_in("db/a.h", {"// See docs/record.md, \"The chain\"."}, documents).empty());
}

TEST(Citations, ARemarkMayStandBetweenTwoHeadings) {
  const Documents documents{{"docs/devices.md", {"Stalls"}}};
  const Lines lines{"// docs/devices.md, \"Stalls\" (serial, leave), \"Nothing\""};
  EXPECT_EQ(problems_in("a.h", lines, documents).size(), 1U);
}

}  // namespace
