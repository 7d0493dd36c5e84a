#include "station/packaging/man_page.h"

#include <algorithm>
#include <vector>

namespace station {

namespace {

// Text as it stands: troff takes a backslash, and a point or quote at the beginning of a line, for its own.
std::string literal(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + literal(text) + "\\fR";
}

// A placeholder in italics, words as they are written in bold.
std::string value_text(const std::string& value) {
  const bool placeholder = std::ranges::any_of(value, [](char c) { return c >= 'A' && c <= 'Z'; });
  return (placeholder ? "\\fI" : "\\fB") + literal(value) + "\\fR";
}

std::string sentence(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  if (!text.empty() && !text.ends_with('.')) text += '.';
  return literal(text);
}

std::string command_line(const CommandNode& command) {
  return "flashline" + (command.words.empty() ? "" : " " + command.words);
}

std::string synopsis(const CommandNode& command) {
  std::string out = ".SH SYNOPSIS\n" + bold(command_line(command));
  if (!command.commands.empty()) return out + " \\fICOMMAND\\fR [\\fIOPTION\\fR ...]\n";
  out += " [\\fIOPTION\\fR ...]";
  for (const OptionEntry& option : command.options) {
    if (!option.names.empty() && !option.required) continue;
    const std::string name = option.names.empty() ? "\\fI" + literal(option.argument) + "\\fR"
                                                  : bold(option.names.back()) + " " + value_text(option.value);
    out += " " + (option.required ? name : "[" + name + "]") + (option.repeated ? " ..." : "");
  }
  return out + "\n";
}

std::string option_text(const OptionEntry& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + bold(name);
  if (option.names.empty()) names = "\\fI" + literal(option.argument) + "\\fR";
  // A placeholder says nothing about an argument that its name does not.
  const bool show_value = !option.value.empty() && (!option.names.empty() || !option.words().empty());
  if (show_value) names += " " + value_text(option.value);
  std::string what = sentence(option.what);
  if (!option.default_value.empty()) what += " Default: " + bold(option.default_value) + ".";
  if (!option.names.empty() && option.required) what += " Must be given.";
  if (!option.names.empty() && option.repeated) what += " May be repeated.";
  return ".TP\n" + names + "\n" + what + "\n";
}

std::string options_text(const CommandNode& command, bool arguments) {
  std::string out;
  for (const OptionEntry& option : command.options) {
    if (option.names.empty() == arguments) out += option_text(option);
  }
  return out.empty() ? out : (arguments ? ".SH ARGUMENTS\n" : ".SH OPTIONS\n") + out;
}

std::string commands_text(const CommandNode& command) {
  std::string out;
  for (const CommandNode& each : command.commands) {
    out += ".TP\n" + bold(command_line(each)) + "\n" + sentence(each.what) + " See " + bold(page_name(each)) + "(1).\n";
  }
  return out.empty() ? out : ".SH COMMANDS\n" + out;
}

std::string exit_status(const CommandNode& command) {
  if (command.words.empty()) return ".SH EXIT STATUS\n" + literal(exit_status_text()) + "\n";
  return ".SH EXIT STATUS\n0 if all went well. The others are listed in " + bold("flashline") + "(1).\n";
}

// The pages beside this one: those within, else those with the same parent.
std::string see_also(const CommandNode& top, const CommandNode& command) {
  std::vector<std::string> pages = {"flashline-recipe(5)", "flashline-station(5)", "flashline-record(7)"};
  if (!command.words.empty()) pages.insert(pages.begin(), "flashline(1)");
  const std::string group = command.words.substr(0, command.words.find(' '));
  for (const CommandNode& each : top.commands) {
    if (each.words != group) continue;
    for (const CommandNode& inner : each.commands) {
      if (inner.words != command.words) pages.push_back(page_name(inner) + "(1)");
    }
  }
  std::string out = ".SH SEE ALSO\n";
  for (const std::string& page : pages) {
    const std::size_t section = page.find('(');
    out += (&page == &pages.front() ? "" : ",\n") + bold(page.substr(0, section)) + page.substr(section);
  }
  return out + "\n";
}

}  // namespace

std::string page_name(const CommandNode& command) {
  std::string name = command_line(command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string man_page(const CommandNode& top, const CommandNode& command, std::string_view version) {
  std::string what = command.what;
  if (const std::string own = "Flashline: "; what.starts_with(own)) what.erase(0, own.size());
  if (what.ends_with('.')) what.pop_back();
  std::string title = page_name(command);
  std::ranges::transform(title, title.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  std::string out =
      ".TH \"" + literal(title) + "\" \"1\" \"\" \"Flashline " + std::string(version) + "\" \"Flashline\"\n";
  // man-db finds a page by this line alone: no font in it.
  out += ".SH NAME\n" + literal(page_name(command)) + " \\- " + literal(what) + "\n";
  out += synopsis(command);
  out += ".SH DESCRIPTION\n" + sentence(what) + "\n";
  out += commands_text(command) + options_text(command, true) + options_text(command, false);
  if (!command.example.empty()) out += ".SH EXAMPLE\n.EX\n" + literal(command.example) + "\n.EE\n";
  return out + exit_status(command) + see_also(top, command);
}

}  // namespace station
