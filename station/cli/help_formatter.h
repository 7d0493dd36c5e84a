// What --help looks like: CLI11's form, with the values of an option as they are written on a command line and its
// default behind its sentence. Pure.
#pragma once

#include <CLI/CLI.hpp>

namespace station {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

// "-o", "--output"; none of an argument.
std::vector<std::string> names_of(const CLI::Option& option);
bool takes_value(const CLI::Option& option);
bool may_be_repeated(const CLI::Option& option);

}  // namespace station
