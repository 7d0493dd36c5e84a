// A command is one file: its words, its help, its options, what they say together and what it does stand there, and it
// registers itself:
//
//   struct PingOptions {
//     std::string port;
//   };
//   ExitStatus ping(const PingOptions& options);
//   Action declare(Arguments& arguments) {
//     const auto options = std::make_shared<PingOptions>();
//     arguments.add("port", options->port, "The port").required();
//     return action(options, ping);
//   }
//   const Registered command({.place = 75,
//                             .words = "ping",
//                             .what = "Ask a unit",
//                             .example = "flashline ping 1-1.2",
//                             .declare = declare});
//
// and one line in CMakeLists.txt. What it returns is the program's exit status (exit_status.h). Reading the command
// line touches no file and no unit, and prints nothing: what is to be said comes back.
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "station/cli/arguments.h"
#include "station/exit_status.h"

namespace station {

// What follows once the command line has chosen a command.
struct Action {
  std::function<std::any()> options;      // as they were read; for tests
  std::function<std::string()> complete;  // makes values of texts; a sentence: these options do not go together
  std::function<ExitStatus()> run;
};

template <typename Options>
Action action(const std::shared_ptr<Options>& options, ExitStatus (*body)(const Options&),
              std::function<std::string()> complete = {}) {
  return {[options] { return std::any(*options); }, std::move(complete), [options, body] { return body(*options); }};
}

struct CommandEntry {
  int place;               // in the list of --help
  std::string_view words;  // "flash", or "job open", whose first word has an entry of its own with a smaller place
  std::string_view what;
  std::string_view example = {};                      // a whole command line; tests read it
  Action (*declare)(Arguments& arguments) = nullptr;  // null: it only has commands of its own
};

// Before main begins.
class Registered {
 public:
  explicit Registered(const CommandEntry& entry);
};

// Nothing is to be run: help or version was asked for, or the command line is wrong.
struct Said {
  std::string text;
  ExitStatus status = ExitStatus::passed;  // usage: the text is for stderr
};

std::variant<Action, Said> parse_command_line(int argc, const char* const* argv);

}  // namespace station
