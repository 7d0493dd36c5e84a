#include "config/diagnostics.h"

#include <algorithm>

namespace config {

namespace {

// A pin or a whole line would bury the message, and a control character would reach the terminal. Cut between
// characters, not inside one.
std::string printable(std::string text) {
  constexpr std::size_t most = 80;
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  if (text.size() <= most) return text;
  std::size_t end = most - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
  }
  return {};
}

std::string to_string(const Diagnostic& diagnostic) {
  std::string out = diagnostic.file;
  if (diagnostic.line > 0) out += ':' + std::to_string(diagnostic.line) + ':' + std::to_string(diagnostic.column);
  out += ": ";
  out += to_string(diagnostic.severity);
  out += ": " + diagnostic.message;
  if (!diagnostic.value.empty() && diagnostic.message.find(diagnostic.value) == std::string::npos) {
    out += " (" + printable(diagnostic.value) + ")";
  }
  if (!out.ends_with('.')) out += '.';
  if (!diagnostic.hint.empty()) out += " Hint: " + diagnostic.hint;
  return out;
}

bool has_error(const std::vector<Diagnostic>& diagnostics) {
  return std::ranges::find(diagnostics, Severity::error, &Diagnostic::severity) != diagnostics.end();
}

}  // namespace config
