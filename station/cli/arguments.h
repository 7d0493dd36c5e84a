// The options and arguments of a command, bound to the values that they fill. CLI11 stays behind this, because its
// header takes two seconds to compile and each command is a file of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace station {

class Argument {
 public:
  explicit Argument(CLI::Option* option) : option_(option) {}

  Argument& required(bool yes = true);
  // What stands for the value in --help.
  Argument& type(const char* name);
  // `problem` says what is wrong with a value; empty: nothing.
  Argument& check(std::string (*problem)(const std::string& value));
  // The value is one of these words; --help, man pages and completion list them.
  Argument& one_of(const std::vector<std::string>& words);
  Argument& range(std::int64_t least, std::int64_t most);
  // --help shows what the value holds now.
  Argument& show_default();
  Argument& excludes(const Argument& other);

 private:
  CLI::Option* option_;
};

// The values must outlive the reading of the command line.
class Arguments {
 public:
  explicit Arguments(CLI::App& command) : command_(command) {}

  // A name with dashes is an option, one without is an argument. `what`: for --help.
  Argument add(const char* name, std::string& value, const char* what);
  Argument add(const char* name, std::vector<std::string>& values, const char* what);
  Argument add(const char* name, int& value, const char* what);
  Argument add(const char* name, std::int64_t& value, const char* what);
  Argument add(const char* name, std::optional<double>& value, const char* what);
  // "!--no-x": true without it.
  Argument flag(const char* name, bool& value, const char* what);
  // How often it is given.
  Argument flag(const char* name, int& times, const char* what);

  // Once the command line has been read.
  bool given(const char* name) const;

 private:
  CLI::App& command_;
};

}  // namespace station
