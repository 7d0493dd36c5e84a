// `operator`: who may use the board from elsewhere, and with which PIN.
#include <iostream>
#include <stdexcept>

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include "station/board/operators.h"
#include "station/cli/command.h"
#include "station/cli/options.h"
#include "station/output/output.h"
#include "station/run/inputs.h"

namespace station {

namespace {

struct OperatorOptions : RecordOptions {
  enum class What { add, remove, list } what = What::list;
  std::string name;
  std::string role = "operator";
};

// What is typed is not shown.
class Hidden {
 public:
  Hidden() : terminal_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!terminal_) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~Hidden() {
    if (terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

  bool is_terminal() const { return terminal_; }

 private:
  termios before_{};
  bool terminal_;
};

std::string ask(const std::string& what, bool terminal) {
  if (terminal) write_all(STDERR_FILENO, what);
  std::string line;
  std::getline(std::cin, line);
  if (terminal) write_all(STDERR_FILENO, "\n");
  return line;
}

// On a terminal twice, because nobody sees what was typed. Throws what is wrong with it.
std::string ask_pin(const std::string& name) {
  const Hidden hidden;
  const std::string pin = ask("PIN for " + name + ": ", hidden.is_terminal());
  if (!is_pin(pin)) throw std::invalid_argument("a PIN has 4 to 64 characters");
  if (hidden.is_terminal() && ask("The same again: ", true) != pin) {
    throw std::invalid_argument("these were two different PINs; nothing was changed");
  }
  return pin;
}

void add(const OperatorOptions& options, const std::string& path) {
  std::vector<Operator> operators = read_operators(path);
  if (!is_operator_name(options.name)) throw std::invalid_argument("a name has 1 to 40 characters that can be printed");
  const std::string hash = hash_pin(ask_pin(options.name));
  std::erase_if(operators, [&](const Operator& one) { return one.name == options.name; });
  operators.push_back({options.name, parse_role(options.role).value(), hash});
  write_operators(path, operators);
  print(fmt::format("{} is {}; kept in {}\n", options.name, options.role, path));
}

void remove(const OperatorOptions& options, const std::string& path) {
  std::vector<Operator> operators = read_operators(path);
  if (!find_operator(operators, options.name)) {
    throw std::invalid_argument("there is no operator " + options.name + ". `flashline operator list` names them");
  }
  std::erase_if(operators, [&](const Operator& one) { return one.name == options.name; });
  write_operators(path, operators);
  print(options.name + " is removed\n");
}

void list_all(const std::string& path) {
  const std::vector<Operator> operators = read_operators(path);
  std::string out;
  for (const Operator& one : operators) out += fmt::format("{:<40} {}\n", one.name, to_string(one.role));
  print_folded(out.empty() ? "no operators\n" : out);
}

ExitStatus manage_operators(const OperatorOptions& options) {
  const auto station = read_station(options.station);
  if (const auto* status = std::get_if<ExitStatus>(&station)) return *status;
  const auto database = find_database(options.db, *std::get<0>(station));
  if (const auto* status = std::get_if<ExitStatus>(&database)) return *status;
  const std::string path = operators_path(std::get<std::string>(database));
  try {
    switch (options.what) {
      case OperatorOptions::What::add:
        add(options, path);
        break;
      case OperatorOptions::What::remove:
        remove(options, path);
        break;
      case OperatorOptions::What::list:
        list_all(path);
        break;
    }
  } catch (const std::invalid_argument& error) {
    return complain(ExitStatus::usage, std::string(error.what()) + ".");
  } catch (const std::runtime_error& error) {
    return complain(ExitStatus::cannot_create, std::string(error.what()) + ".");
  }
  return ExitStatus::passed;
}

Action declare(Arguments& arguments, OperatorOptions::What what) {
  const auto options = std::make_shared<OperatorOptions>();
  options->what = what;
  add_record_options(arguments, *options);
  if (what != OperatorOptions::What::list)
    arguments.add("name", options->name, "Name of the operator").required().type("NAME");
  if (what == OperatorOptions::What::add) {
    arguments.add("--role", options->role, "A supervisor also opens orders, releases slots and decides about units")
        .one_of({"operator", "supervisor"})
        .show_default();
  }
  return action(options, manage_operators);
}

const Registered operators({.place = 140,
                            .words = "operator",
                            .what = "Who may use the board from other machines, and with which PIN"});
const Registered add_command({.place = 141,
                              .words = "operator add",
                              .what = "Add an operator, or give a new PIN, which is asked for",
                              .example = "flashline operator add Li --role supervisor",
                              .declare = [](Arguments& arguments) {
                                return declare(arguments, OperatorOptions::What::add);
                              }});
const Registered remove_command({.place = 142,
                                 .words = "operator remove",
                                 .what = "Remove an operator",
                                 .example = "flashline operator remove Li",
                                 .declare = [](Arguments& arguments) {
                                   return declare(arguments, OperatorOptions::What::remove);
                                 }});
const Registered list_command({.place = 143,
                               .words = "operator list",
                               .what = "List the operators",
                               .example = "flashline operator list",
                               .declare = [](Arguments& arguments) {
                                 return declare(arguments, OperatorOptions::What::list);
                               }});

}  // namespace

}  // namespace station
