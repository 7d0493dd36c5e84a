#include "station/cli/command.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

#include "config/table_reader.h"
#include "station/cli/command_tree.h"
#include "station/cli/help_formatter.h"
#include "station/version.h"

namespace station {

namespace {

// Filled while the program starts, in no order that anybody could rely on; constant from main on.
std::vector<CommandEntry>& entries() {
  static std::vector<CommandEntry> all;
  return all;
}

Said usage(std::string problem, const CLI::App& command) {
  // CLI11's word for what people call a command.
  const std::string_view theirs = "subcommand";
  if (const std::size_t at = problem.find(theirs); at != std::string::npos) {
    problem.replace(at, theirs.size(), "command");
  }
  std::string name = command.get_name();
  for (const CLI::App* parent = command.get_parent(); parent; parent = parent->get_parent()) {
    name = parent->get_name() + " " + name;
  }
  if (!problem.ends_with('?')) problem += '.';
  return {"flashline: " + problem + "\nHint: '" + name + " --help' lists the options.\n", ExitStatus::usage};
}

const CLI::App& innermost(const CLI::App& app) {
  const std::vector<const CLI::App*> chosen = app.get_subcommands(nullptr);
  for (const CLI::App* each : chosen) {
    if (each->parsed()) return innermost(*each);
  }
  return app;
}

std::string unknown(const std::string& what, const std::string& word, const std::vector<std::string>& known) {
  const std::string near = config::nearest(word, known);
  return what + " '" + word + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?");
}

// A command or option that does not exist. CLI11 speaks first of what is missing, or gives help.
std::optional<std::string> misspelt(const CLI::App& command) {
  std::vector<std::string> commands, options;
  for (const CLI::App* each : command.get_subcommands(nullptr)) commands.push_back(each->get_name());
  for (const CLI::Option* each : command.get_options()) std::ranges::move(names_of(*each), std::back_inserter(options));
  for (const std::string& word : command.remaining()) {
    if (word.starts_with('-') && word != "--")
      return unknown("There is no option", word.substr(0, word.find('=')), options);
    if (!commands.empty()) return unknown("There is no command", word, commands);
  }
  return std::nullopt;
}

// Help is also given for a command line that is not complete, but not for one that is wrong.
Said explain(const CLI::ParseError& problem, const CLI::App& app) {
  const CLI::App& command = innermost(app);
  if (dynamic_cast<const CLI::CallForVersion*>(&problem)) return Said{version_text() + "\n"};
  if (const auto word = misspelt(command)) return usage(*word, command);
  if (problem.get_exit_code() == 0) return Said{app.help() + "\n"};
  return usage(problem.what(), command);
}

constexpr const char* exit_statuses =
    "Exit status: 0 every unit passed; 1 at least one did not; 130 stopped by a signal; 74 records could not be\n"
    "written. No unit was touched: 64 usage, 65 bad recipe or image, 66 input missing, 69 no matching unit,\n"
    "70 internal, 73 cannot create output, 77 permission, 78 bad station or line file.";

void describe(CLI::App& app) {
  app.require_subcommand(1);
  const auto formatter = std::make_shared<HelpFormatter>();
  formatter->label("SUBCOMMAND", "COMMAND");
  app.formatter(formatter);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", version_text(), "Print versions and exit");
  app.footer(exit_statuses);
}

// What stands behind each command that can be chosen.
class Declared {
 public:
  Declared(CLI::App& app, std::vector<CommandEntry> all) {
    std::ranges::sort(all, {}, [](const CommandEntry& entry) { return std::pair(entry.place, entry.words); });
    for (const CommandEntry& entry : all) add(app, entry);
  }

  const Action& of(const CLI::App& command) const { return actions_.at(&command); }

 private:
  void add(CLI::App& app, const CommandEntry& entry) {
    const std::size_t blank = entry.words.find(' ');
    const bool inner = blank != std::string_view::npos;
    CLI::App& parent = inner ? *app.get_subcommand(std::string(entry.words.substr(0, blank))) : app;
    CLI::App& command = *parent.add_subcommand(std::string(inner ? entry.words.substr(blank + 1) : entry.words),
                                               std::string(entry.what));
    command.group("Commands");
    command.footer(entry.example.empty() ? std::string() : "Example:\n  " + std::string(entry.example));
    if (!entry.declare) {
      command.require_subcommand(1);
      return;
    }
    actions_[&command] = entry.declare(arguments_.emplace_back(command));
  }

  std::list<Arguments> arguments_;  // actions ask them what was given
  std::map<const CLI::App*, Action> actions_;
};

OptionEntry entry_of(const CLI::Option& option) {
  OptionEntry entry;
  entry.names = names_of(option);
  if (entry.names.empty()) entry.argument = option.get_name(true);
  entry.what = option.get_description();
  entry.required = option.get_required();
  if (!takes_value(option)) return entry;
  entry.value = option.get_type_name();
  entry.default_value = option.get_default_str();
  entry.repeated = may_be_repeated(option);
  return entry;
}

CommandNode node_of(const CLI::App& command, const std::string& words) {
  CommandNode node{.words = words, .what = command.get_description()};
  for (const CommandEntry& entry : entries()) {
    if (entry.words == words) node.example = entry.example;
  }
  for (const CLI::Option* each : command.get_options()) node.options.push_back(entry_of(*each));
  for (const CLI::App* each : command.get_subcommands(nullptr)) {
    node.commands.push_back(node_of(*each, (words.empty() ? "" : words + " ") + each->get_name()));
  }
  return node;
}

constexpr const char* what_it_is = "Flashline: flashes a line of USB DFU units by a recipe and records every attempt.";

}  // namespace

CommandNode command_tree() {
  CLI::App app(what_it_is, "flashline");
  describe(app);
  const Declared declared(app, entries());
  return node_of(app, "");
}

std::string exit_status_text() {
  return exit_statuses;
}

Registered::Registered(const CommandEntry& entry) {
  entries().push_back(entry);
}

std::variant<Action, Said> parse_command_line(int argc, const char* const* argv) {
  CLI::App app(what_it_is, "flashline");
  describe(app);
  const Declared declared(app, entries());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return explain(problem, app);
  }
  const CLI::App& chosen = innermost(app);
  Action action = declared.of(chosen);
  if (const std::string problem = action.complete ? action.complete() : ""; !problem.empty()) {
    return usage(problem, chosen);
  }
  action.complete = {};  // it may ask the command line, which goes now
  return action;
}

}  // namespace station
