// Man pages and shell completion, against the command line that the program reads.
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "station/cli/command.h"
#include "station/cli/command_tree.h"
#include "station/packaging/completion.h"
#include "station/packaging/man_page.h"

namespace station {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void for_each_command(const CommandNode& node, const std::function<void(const CommandNode&)>& look) {
  look(node);
  for (const CommandNode& inner : node.commands) for_each_command(inner, look);
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream text(line);
  return {std::istream_iterator<std::string>(text), {}};
}

// What a shell says, by lines.
std::vector<std::string> output_of(const std::string& command) {
  std::string all;
  std::FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe)) all.append(part.data(), size);
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << all;
  std::vector<std::string> lines;
  std::istringstream text(all);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null").c_str()) == 0;
}

// A completion as a file, in a folder with one recipe in it.
class Completion {
 public:
  explicit Completion(const std::string& text) {
    std::string name = fs::temp_directory_path() / "pagesXXXXXX";
    folder_ = mkdtemp(name.data());
    std::ofstream(file()) << text;
    std::ofstream(folder_ / "recipe.toml") << "\n";
  }
  ~Completion() {
    fs::remove_all(folder_);
    fs::remove(file());
  }
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  fs::path file() const { return folder_.string() + ".completion"; }
  std::vector<std::string> run(const std::string& command) const {
    return output_of("cd " + folder_.string() + " && " + command);
  }

 private:
  fs::path folder_;
};

// What bash offers for the last word of a line.
std::vector<std::string> bash_offers(const Completion& completion, const std::string& line) {
  std::vector<std::string> words = words_of(line);
  if (line.ends_with(' ')) words.push_back("''");
  std::string array;
  for (const std::string& word : words) array += word + " ";
  return completion.run("bash -c \". " + completion.file().string() + "; COMP_WORDS=(" + array +
                        "); COMP_CWORD=" + std::to_string(words.size() - 1) +
                        "; _flashline; printf '%s\\\\n' \\\"\\${COMPREPLY[@]}\\\"\"");
}

std::vector<std::string> fish_offers(const Completion& completion, const std::string& line) {
  std::vector<std::string> offers = completion.run("HOME=. fish --no-config -c \"source " + completion.file().string() +
                                                   "; complete -C '" + line + "'\"");
  for (std::string& offer : offers) offer.resize(std::min(offer.find('\t'), offer.size()));
  return offers;
}

TEST(CommandTree, EveryOptionSaysWhatItDoesAndWhatItsValueIs) {
  const std::set<std::string> says_nothing = {"TEXT", "INT", "UINT", "FLOAT", "ENUM", "BOOLEAN"};
  for_each_command(command_tree(), [&](const CommandNode& command) {
    EXPECT_FALSE(command.what.empty()) << command.words;
    for (const OptionEntry& option : command.options) {
      const std::string name = command.words + ": " + (option.names.empty() ? option.argument : option.names.back());
      EXPECT_FALSE(option.what.empty()) << name;
      const bool reason = option.value == "TEXT" && option.names == std::vector<std::string>{"--reason"};
      EXPECT_TRUE(reason || !says_nothing.contains(option.value)) << name << " " << option.value;
      EXPECT_THAT(option.value, Not(HasSubstr(" in ["))) << name;
    }
  });
}

TEST(CommandTree, EveryCommandHasAnExampleThatTheProgramAccepts) {
  for_each_command(command_tree(), [](const CommandNode& command) {
    if (!command.commands.empty()) return;
    ASSERT_TRUE(command.example.starts_with("flashline " + command.words)) << command.words;
    const std::vector<std::string> words = words_of(command.example);
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    const auto result = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
    const Said* said = std::get_if<Said>(&result);
    EXPECT_EQ(said, nullptr) << command.example << "\n" << (said ? said->text : "");
  });
}

TEST(CommandTree, EveryCommandIsInTheTableOfTheFormats) {
  const std::string formats = contents(fs::path(FLASHLINE_SOURCE_DIR) / "docs" /
                                       "formats"
                                       ".md");
  for_each_command(command_tree(), [&](const CommandNode& command) {
    const std::string word = command.words.substr(command.words.rfind(' ') + 1);
    const std::regex in_table("\n\\| [^\n]*[`| ]" + word + "[`|\\\\ ]");
    EXPECT_TRUE(std::regex_search(formats, in_table))
        << "the table of commands does not name '" << command.words << "'";
  });
}

TEST(ManPage, NamesEveryOptionOfItsCommand) {
  const CommandNode top = command_tree();
  for_each_command(top, [&](const CommandNode& command) {
    std::string page = man_page(top, command, "1.2.3");
    std::erase(page, '\\');
    for (const OptionEntry& option : command.options) {
      for (const std::string& name : option.names) EXPECT_THAT(page, HasSubstr("fB" + name + "fR")) << command.words;
    }
    for (const CommandNode& inner : command.commands) EXPECT_THAT(page, HasSubstr(page_name(inner) + "fR(1)"));
  });
}

TEST(ManPage, LooksLikeAManPage) {
  CommandNode command{.words = "ping", .what = "Ask a unit", .example = "flashline ping 1-1.2"};
  command.options = {
      {.argument = "port", .value = "PATH", .what = "The port", .required = true},
      {.names = {"-n", "--count"}, .value = "N", .what = "How often", .default_value = "3"},
  };
  const std::string page = man_page({.commands = {command}}, command, "1.2.3");
  EXPECT_TRUE(
      page.starts_with(".TH \"FLASHLINE\\-PING\" \"1\" \"\" \"Flashline 1.2.3\" \"Flashline\"\n"
                       ".SH NAME\nflashline\\-ping \\- Ask a unit\n"
                       ".SH SYNOPSIS\n\\fBflashline ping\\fR [\\fIOPTION\\fR ...] \\fIport\\fR\n"
                       ".SH DESCRIPTION\nAsk a unit.\n"
                       ".SH ARGUMENTS\n.TP\n\\fIport\\fR\nThe port.\n"
                       ".SH OPTIONS\n.TP\n\\fB\\-n\\fR, \\fB\\-\\-count\\fR \\fIN\\fR\nHow often. Default: \\fB3\\fR.\n"
                       ".SH EXAMPLE\n.EX\nflashline ping 1\\-1.2\n.EE\n"
                       ".SH EXIT STATUS\n0 if all went well. The others are listed in \\fBflashline\\fR(1).\n"))
      << page;
}

TEST(ManPage, TheBuildMakesOneForEachCommandAndFormat) {
  const fs::path pages = FLASHLINE_BUILD_DIR "/pages";
  for_each_command(command_tree(), [&](const CommandNode& command) {
    EXPECT_TRUE(fs::exists(pages / "man1" / (page_name(command) + ".1"))) << command.words;
  });
  EXPECT_THAT(contents(pages / "man5/flashline-recipe.5"), HasSubstr("downgrade"));
  EXPECT_THAT(contents(pages / "man5/flashline-station.5"), HasSubstr("unit_milliamperes"));
  EXPECT_THAT(contents(pages / "man7/flashline-record.7"), HasSubstr("Canonical form"));
  EXPECT_THAT(contents(pages / "man7/flashline-record.7"), Not(HasSubstr(".md#")));
}

TEST(Completion, OfBashKnowsCommandsOptionsWordsAndFiles) {
  const Completion completion(bash_completion(command_tree()));
  EXPECT_THAT(bash_offers(completion, "flashline fl"), ElementsAre("flash"));
  EXPECT_THAT(bash_offers(completion, "flashline job "), ElementsAre("open", "close", "list", "export", "import"));
  EXPECT_THAT(bash_offers(completion, "flashline flash --dr"), ElementsAre("--dry-run"));
  EXPECT_THAT(bash_offers(completion, "flashline job open 17 --qu"), ElementsAre("--quantity"));
  EXPECT_THAT(bash_offers(completion, "flashline report --format j"), ElementsAre("json", "jsonl"));
  EXPECT_THAT(bash_offers(completion, "flashline flash --line "), ElementsAre("usb", "virtual", "recipe.toml"));
  EXPECT_THAT(bash_offers(completion, "flashline check r"), ElementsAre("recipe.toml"));
  EXPECT_THAT(bash_offers(completion, "flashline flash --units r"), ElementsAre(""));
}

TEST(Completion, OfFishKnowsCommandsOptionsWordsAndFiles) {
  if (!has_program("fish")) GTEST_SKIP() << "there is no fish here";
  const Completion completion(fish_completion(command_tree()));
  EXPECT_THAT(fish_offers(completion, "flashline fl"), ElementsAre("flash"));
  EXPECT_THAT(fish_offers(completion, "flashline job o"), ElementsAre("open"));
  EXPECT_THAT(fish_offers(completion, "flashline flash --dr"), ElementsAre("--dry-run"));
  EXPECT_THAT(fish_offers(completion, "flashline report --format j"), ElementsAre("json", "jsonl"));
  EXPECT_THAT(fish_offers(completion, "flashline check r"), ElementsAre("recipe.toml"));
  EXPECT_THAT(fish_offers(completion, "flashline list r"), IsEmpty());
}

TEST(Completion, OfZshIsAScriptWithAFunctionForEachCommand) {
  const std::string text = zsh_completion(command_tree());
  EXPECT_THAT(text, HasSubstr("'(-o --output)--output[Write to this file]:FILE:_files'"));
  EXPECT_THAT(text, HasSubstr("_flashline_job_open() {"));
  if (!has_program("zsh")) GTEST_SKIP() << "there is no zsh here";
  const Completion completion(text);
  EXPECT_THAT(completion.run("zsh -n " + completion.file().string() + " 2>&1"), IsEmpty());
}

}  // namespace
}  // namespace station
