#include "station/cli/arguments.h"

#include <CLI/CLI.hpp>

#include "station/cli/options.h"

namespace station {

Argument& Argument::required(bool yes) {
  option_->required(yes);
  return *this;
}

Argument& Argument::type(const char* name) {
  option_->type_name(name);
  return *this;
}

Argument& Argument::check(std::string (*problem)(const std::string& value)) {
  option_->check(problem);
  return *this;
}

Argument& Argument::one_of(const std::vector<std::string>& words) {
  std::string type;
  for (const std::string& word : words) type += (type.empty() ? "" : "|") + word;
  option_->type_name(type);
  option_->check([words](const std::string& value) { return station::one_of(value, words); });
  return *this;
}

Argument& Argument::range(std::int64_t least, std::int64_t most) {
  constexpr std::int64_t worth_saying = 100000;
  option_->check(CLI::Range(least, most).description(""));
  if (most < worth_saying) {
    option_->description(option_->get_description() + ", " + std::to_string(least) + " to " + std::to_string(most));
  }
  return *this;
}

Argument& Argument::show_default() {
  option_->capture_default_str();
  return *this;
}

Argument& Argument::excludes(const Argument& other) {
  option_->excludes(other.option_);
  return *this;
}

Argument Arguments::add(const char* name, std::string& value, const char* what) {
  return Argument(command_.add_option(name, value, what));
}

Argument Arguments::add(const char* name, std::vector<std::string>& values, const char* what) {
  return Argument(command_.add_option(name, values, what));
}

Argument Arguments::add(const char* name, int& value, const char* what) {
  return Argument(command_.add_option(name, value, what));
}

Argument Arguments::add(const char* name, std::int64_t& value, const char* what) {
  return Argument(command_.add_option(name, value, what));
}

Argument Arguments::add(const char* name, std::optional<double>& value, const char* what) {
  return Argument(command_.add_option(name, value, what));
}

Argument Arguments::flag(const char* name, bool& value, const char* what) {
  return Argument(command_.add_flag(name, value, what));
}

Argument Arguments::flag(const char* name, int& times, const char* what) {
  return Argument(command_.add_flag(name, times, what));
}

bool Arguments::given(const char* name) const {
  return command_.count(name) > 0;
}

}  // namespace station
