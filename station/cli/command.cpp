#include "station/cli/command.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <vector>

#include <CLI/CLI.hpp>

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
  return {"flashline: " + problem + ".\nHint: '" + name + " --help' lists the options.\n", ExitStatus::usage};
}

const CLI::App& innermost(const CLI::App& app) {
  const std::vector<const CLI::App*> chosen = app.get_subcommands(nullptr);
  for (const CLI::App* each : chosen) {
    if (each->parsed()) return innermost(*each);
  }
  return app;
}

// A command that does not exist; CLI11 would only say that one is missing.
std::optional<std::string> misspelt(const CLI::ParseError& problem, const CLI::App& command) {
  const std::vector<std::string> words = command.remaining();
  const bool has_commands = !command.get_subcommands(nullptr).empty();
  if (!dynamic_cast<const CLI::RequiredError*>(&problem) || !has_commands || words.empty()) return std::nullopt;
  return "There is no command '" + words.front() + "'";
}

void describe(CLI::App& app) {
  app.require_subcommand(1);
  app.get_formatter()->label("SUBCOMMAND", "COMMAND");
  app.set_version_flag("--version", version_text());
  app.footer(
      "Exit status: 0 every unit passed; 1 at least one did not; 130 stopped by a signal; 74 records could not be\n"
      "written. No unit was touched: 64 usage, 65 bad recipe or image, 66 input missing, 69 no matching unit,\n"
      "70 internal, 73 cannot create output, 77 permission, 78 bad station or line file.");
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
    if (!entry.declare) {
      command.require_subcommand(1);
      return;
    }
    actions_[&command] = entry.declare(arguments_.emplace_back(command));
  }

  std::list<Arguments> arguments_;  // actions ask them what was given
  std::map<const CLI::App*, Action> actions_;
};

}  // namespace

Registered::Registered(const CommandEntry& entry) {
  entries().push_back(entry);
}

std::variant<Action, Said> parse_command_line(int argc, const char* const* argv) {
  CLI::App app("Flashline: flashes a line of USB DFU units by a recipe and records every attempt.", "flashline");
  describe(app);
  const Declared declared(app, entries());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    const CLI::App& command = innermost(app);
    if (dynamic_cast<const CLI::CallForVersion*>(&problem)) return Said{version_text() + "\n"};
    if (problem.get_exit_code() == 0) return Said{app.help() + "\n"};
    return usage(misspelt(problem, command).value_or(problem.what()), command);
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
