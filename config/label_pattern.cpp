#include "config/label_pattern.h"

#include <regex>

namespace config {

namespace {

// Patterns of labels are short; the compiler of expressions recurses.
constexpr std::size_t longest_pattern = 200;

// libstdc++'s own search goes back at each failure, which takes exponential time with patterns like (a+)+b, and calls
// itself for each letter. This flag, an extension of it, has it follow all ways at once.
std::regex compiled(const std::string& pattern) {
  return std::regex(pattern, std::regex::ECMAScript | std::regex_constants::__polynomial);
}

}  // namespace

std::string problem_of_label_pattern(const std::string& pattern) {
  if (pattern.size() > longest_pattern) return "is longer than " + std::to_string(longest_pattern) + " characters";
  try {
    compiled(pattern);
    return {};
  } catch (const std::regex_error& error) {
    if (error.code() == std::regex_constants::error_complexity) return "refers back to a part of itself";
    if (error.code() == std::regex_constants::error_space) return "is too large when its repetitions are written out";
    return "is no regular expression";
  }
}

bool matches_label_pattern(const std::string& label, const std::string& pattern) {
  return pattern.empty() || std::regex_match(label, compiled(pattern));
}

}  // namespace config
