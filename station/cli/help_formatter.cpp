#include "station/cli/help_formatter.h"

namespace station {

std::string HelpFormatter::make_option_name(const CLI::Option* option, bool positional) const {
  if (positional) return option->get_name(true);
  std::string text;
  for (const std::string& name : names_of(*option)) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (!takes_value(*option)) return {};
  return " " + option->get_type_name() + (may_be_repeated(*option) ? " ..." : "") +
         (option->get_required() ? " REQUIRED" : "");
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  const std::string value = takes_value(*option) ? option->get_default_str() : std::string();
  return option->get_description() + (value.empty() ? "" : " (default: " + value + ")");
}

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

bool takes_value(const CLI::Option& option) {
  return option.get_type_size() != 0;
}

bool may_be_repeated(const CLI::Option& option) {
  return option.get_expected_max() == CLI::detail::expected_max_vector_size;
}

}  // namespace station
