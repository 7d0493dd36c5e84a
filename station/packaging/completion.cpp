#include "station/packaging/completion.h"

#include <algorithm>
#include <functional>
#include <vector>

namespace station {

namespace {

constexpr const char* origin = "Made by the build from the command line that the program reads.\n";

std::string joined(const std::vector<std::string>& words, const std::string& between = " ") {
  std::string out;
  for (const std::string& word : words) out += (&word == &words.front() ? "" : between) + word;
  return out;
}

void for_each(const CommandNode& node, const std::function<void(const CommandNode&)>& what) {
  what(node);
  for (const CommandNode& inner : node.commands) for_each(inner, what);
}

std::string last_word(const std::string& words) {
  return words.substr(words.rfind(' ') + 1);
}

std::vector<std::string> inner_words(const CommandNode& node) {
  std::vector<std::string> words;
  for (const CommandNode& inner : node.commands) words.push_back(last_word(inner.words));
  return words;
}

// In single quotes; a quote ends them, is written by itself, and opens them again.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// Within a specification of zsh's _arguments, these end a part of it.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// --- bash ---

std::string bash_value(const CommandNode& node, const OptionEntry& option) {
  if (option.value.empty() || option.names.empty()) return {};
  std::string patterns;
  for (const std::string& name : option.names)
    patterns += (patterns.empty() ? "" : "|") + quoted(node.words + ":" + name);
  return "    " + patterns + ") words=" + quoted(joined(option.words())) +
         " files=" + (option.takes_file() ? "1" : "") + " ;;\n";
}

// What may stand where no option waits for a value: commands, options, the words of arguments, files.
std::string bash_place(const CommandNode& node) {
  std::vector<std::string> words = inner_words(node), options;
  bool files = false;
  for (const OptionEntry& option : node.options) {
    std::ranges::copy(option.names, std::back_inserter(options));
    if (!option.names.empty()) continue;
    std::ranges::copy(option.words(), std::back_inserter(words));
    files = files || option.takes_file();
  }
  return "    " + quoted(node.words) + ") words=" + quoted(joined(words)) + " options=" + quoted(joined(options)) +
         " files=" + (files ? "1" : "") + " ;;\n";
}

// --- zsh ---

std::string zsh_action(const OptionEntry& option) {
  const std::vector<std::string> words = option.words();
  if (words.empty()) return option.takes_file() ? "_files" : "( )";
  if (!option.takes_file()) return "(" + joined(words) + ")";
  return "{_alternative \"words:word:(" + joined(words) + ")\" \"files:file:_files\"}";
}

std::string zsh_option(const OptionEntry& option) {
  const std::string value = option.value.empty() ? "" : ":" + zsh_text(option.value) + ":" + zsh_action(option);
  if (option.names.empty()) {
    return "    " +
           quoted((option.repeated ? "*" : "") + (":" + zsh_text(option.argument)) + ":" + zsh_action(option)) +
           " \\\n";
  }
  const std::string once = option.repeated ? "*" : option.names.size() > 1 ? "(" + joined(option.names) + ")" : "";
  std::string out;
  for (const std::string& name : option.names) {
    out += "    " + quoted(once + name + "[" + zsh_text(option.what) + "]" + value) + " \\\n";
  }
  return out;
}

std::string zsh_function(const CommandNode& node) {
  std::string name = "_flashline" + (node.words.empty() ? "" : "_" + node.words);
  std::ranges::replace(name, ' ', '_');
  std::string out = name + "() {\n";
  if (!node.commands.empty()) out += "  local -a line state\n";
  out += std::string("  _arguments ") + (node.commands.empty() ? "-s" : "-C") + " \\\n";
  for (const OptionEntry& option : node.options) out += zsh_option(option);
  if (node.commands.empty()) return out + "    && return\n}\n\n";
  out += "    '1:command:->command' '*::word:->words'\n  case $state in\n    command)\n      local -a commands=(\n";
  for (const CommandNode& inner : node.commands) {
    out += "        " + quoted(last_word(inner.words) + ":" + zsh_text(inner.what)) + "\n";
  }
  out += "      )\n      _describe command commands ;;\n    words)\n      case $line[1] in\n";
  for (const std::string& word : inner_words(node)) out += "        " + word + ") " + name + "_" + word + " ;;\n";
  return out + "      esac ;;\n  esac\n}\n\n";
}

// --- fish ---

// When a command's options are offered: each of its words was given.
std::string fish_condition(const std::string& words) {
  std::string out = "__fish_seen_subcommand_from ";
  for (const char c : words) out += c == ' ' ? std::string("; and __fish_seen_subcommand_from ") : std::string(1, c);
  return out;
}

std::string fish_option(const std::string& condition, const OptionEntry& option) {
  std::string out = "complete -c flashline -n " + quoted(condition);
  if (option.names.empty()) {
    const std::vector<std::string> words = option.words();
    if (option.takes_file()) return out + " -F\n";
    return words.empty() ? std::string() : out + " -a " + quoted(joined(words)) + "\n";
  }
  for (const std::string& name : option.names) {
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.value.empty()) out += option.takes_file() ? " -r -F" : " -x";
  if (!option.words().empty()) out += " -a " + quoted(joined(option.words()));
  return out + " -d " + quoted(option.what) + "\n";
}

std::string fish_commands(const CommandNode& node) {
  const std::string condition =
      node.words.empty()
          ? "__fish_use_subcommand"
          : fish_condition(node.words) + "; and not __fish_seen_subcommand_from " + joined(inner_words(node));
  std::string out;
  for (const CommandNode& inner : node.commands) {
    out += "complete -c flashline -n " + quoted(condition) + " -a " + last_word(inner.words) + " -d " +
           quoted(inner.what) + "\n";
  }
  return out;
}

}  // namespace

std::string bash_completion(const CommandNode& top) {
  std::string commands, values, places;
  for_each(top, [&](const CommandNode& node) {
    if (!node.words.empty()) commands += (commands.empty() ? "" : " | ") + quoted(node.words);
    for (const OptionEntry& option : node.options) values += bash_value(node, option);
    places += bash_place(node);
  });
  return std::string("# bash completion for flashline. ") + origin +
         R"(_flashline() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' options='' files='' i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "${command:+$command }${COMP_WORDS[i]}" in
      )" +
         commands +
         R"() command="${command:+$command }${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command:$before" in
)" + values +
         R"(    *)
      case "$command" in
)" + places +
         R"(      esac
      ;;
  esac
  [[ $current != -* ]] || words=$options
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ $files && $current != -* ]]; then
    compopt -o filenames 2>/dev/null
    local IFS=$'\n'
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -F _flashline flashline
)";
}

std::string zsh_completion(const CommandNode& top) {
  std::string out = std::string("#compdef flashline\n# ") + origin + "\n";
  for_each(top, [&](const CommandNode& node) { out += zsh_function(node); });
  return out + "_flashline \"$@\"\n";
}

std::string fish_completion(const CommandNode& top) {
  std::string out = std::string("# fish completion for flashline. ") + origin + "complete -c flashline -f\n";
  for_each(top, [&](const CommandNode& node) {
    out += fish_commands(node);
    const std::string condition = node.words.empty() ? "__fish_use_subcommand" : fish_condition(node.words);
    for (const OptionEntry& option : node.options) out += fish_option(condition, option);
  });
  return out;
}

}  // namespace station
