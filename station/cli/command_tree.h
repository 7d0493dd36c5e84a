// The command line as data: for man pages, shell completion and tests. Pure.
#pragma once

#include <string>
#include <vector>

namespace station {

// An option, or an argument.
struct OptionEntry {
  std::vector<std::string> names{};  // "-o", "--output"; none: an argument
  std::string argument{};            // name of an argument: "recipe"
  std::string value{};  // what stands for its value in --help, "usb|virtual|FILE.toml"; empty: it takes none
  std::string what{};
  std::string default_value{};
  bool required = false;
  bool repeated = false;

  // Of `value`, the words that are written as they stand: "usb", "virtual".
  std::vector<std::string> words() const;
  // A file or a folder may be named.
  bool takes_file() const;
};

struct CommandNode {
  std::string words{};    // "flash", "job open"; empty: the program itself
  std::string what{};     // one sentence, without a point
  std::string example{};  // empty where there are only commands within
  std::vector<OptionEntry> options{};
  std::vector<CommandNode> commands{};
};

// All commands, in the order of --help.
CommandNode command_tree();
// What --help says about exit statuses.
std::string exit_status_text();

}  // namespace station
