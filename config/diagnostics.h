// What is wrong with a file, in a form that lets a person correct it: file:line:column, the value, the remedy.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace config {

enum class Severity { error, warning };

std::string_view to_string(Severity severity);

struct Diagnostic {
  std::string file;  // as the person named it
  int line = 0;      // from 1; 0 where the whole file is meant
  int column = 0;
  Severity severity = Severity::error;
  std::string value;    // the offending text; may be empty
  std::string message;  // a sentence
  std::string hint;     // what to do; may be empty
};

// "r.toml:12:9: error: ... (value). Hint: ..."
std::string to_string(const Diagnostic& diagnostic);
bool has_error(const std::vector<Diagnostic>& diagnostics);

}  // namespace config
