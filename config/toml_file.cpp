#include "config/toml_file.h"

#include <algorithm>

#include <toml++/toml.h>

#include "config/toml_depth.h"

namespace config {

namespace {

TextPosition place_of(const toml::source_position& position) {
  return {static_cast<int>(position.line), static_cast<int>(position.column)};
}

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

// The text as lines, so that a node's source region can be cut out of it.
class Source {
 public:
  explicit Source(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
      const auto end = text.find('\n');
      std::string_view line = text.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      lines_.push_back(line);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  // From `begin` to `end`, or to the end of the line that `begin` is on.
  std::string cut(const toml::source_position& begin, const toml::source_position& end) const {
    if (begin.line == 0 || begin.line > lines_.size()) return {};
    const std::string_view line = lines_[begin.line - 1];
    const std::size_t from = offset(begin.line, begin.column);
    const std::size_t to = end.line == begin.line ? offset(end.line, end.column) : line.size();
    return std::string(line.substr(from, std::max(to, from) - from));
  }

  std::string line(std::size_t number) const {
    if (number == 0 || number > lines_.size()) return {};
    std::string_view text = lines_[number - 1];
    while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
    return std::string(text);
  }

 private:
  // The characters of a line are looked up once for each value on it: they are counted once for each line.
  std::size_t offset(std::size_t number, std::size_t column) const {
    const std::string_view line = lines_[number - 1];
    if (number != indexed_) {
      indexed_ = number;
      starts_.clear();
      for (std::size_t i = 0; i < line.size(); ++i) {
        if (starts_character(line[i])) starts_.push_back(i);
      }
    }
    return column >= 1 && column <= starts_.size() ? starts_[column - 1] : line.size();
  }

  mutable std::size_t indexed_ = 0;          // the line that `starts_` is of
  mutable std::vector<std::size_t> starts_;  // of its characters
  std::vector<std::string_view> lines_;
};

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

TomlNode convert(const toml::node& node, const Source& source);

TomlTable convert_table(const toml::table& table, const Source& source) {
  TomlTable out;
  for (const auto& [key, value] : table) {
    out.push_back({std::string(key.str()), place_of(key.source().begin), convert(value, source)});
  }
  std::ranges::stable_sort(out, {}, &TomlEntry::place);
  return out;
}

TomlNode convert(const toml::node& node, const Source& source) {
  TomlNode out;
  out.place = place_of(node.source().begin);
  switch (node.type()) {
    case toml::node_type::table:
      out.content = convert_table(*node.as_table(), source);
      return out;
    case toml::node_type::array: {
      TomlList list;
      for (const toml::node& element : *node.as_array()) list.push_back(convert(element, source));
      out.content = std::move(list);
      return out;
    }
    case toml::node_type::string:
      out.content = node.as_string()->get();
      break;
    case toml::node_type::integer:
      out.content = node.as_integer()->get();
      break;
    case toml::node_type::floating_point:
      out.content = node.as_floating_point()->get();
      break;
    case toml::node_type::boolean:
      out.content = node.as_boolean()->get();
      break;
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
    case toml::node_type::none:
      out.content = TomlTime{};
      break;
  }
  const auto* text = std::get_if<std::string>(&out.content);
  out.written = text && !has_control(*text) ? *text : source.cut(node.source().begin, node.source().end);
  return out;
}

struct Words {
  std::string_view in_description;  // of toml++'s error
  std::string_view message;
  std::string_view hint;
};

// The usual mistakes, in the words of people who do not write parsers.
constexpr Words usual[] = {
    {"utf-8", "this file holds bytes that are not text in UTF-8", "Save the file as UTF-8."},
    {"could not determine value type", "this value is neither a text in quotes, nor a number, nor true or false",
     "Put texts in quotes: name = \"line-3\"."},
    {"parsing boolean", "this value is neither a text in quotes, nor a number, nor true or false",
     "Write true or false in small letters, and texts in quotes."},
    {"parsing string: unescaped control", "this text in quotes does not end on its line", "Add the closing quote."},
    {"parsing literal string: control", "this text in quotes does not end on its line", "Add the closing quote."},
    {"string: encountered end-of-file", "this text in quotes does not end", "Add the closing quote."},
    {"escape sequence", "a backslash in double quotes starts a special character, and this is none that TOML knows",
     "Write paths with /, or put the text in single quotes."},
    {"unicode scalar", "a backslash in double quotes starts a special character, and this is none that TOML knows",
     "Write paths with /, or put the text in single quotes."},
    {"cannot redefine", "this was given before", "Keep one of the two. Tables that repeat are written [[name]]."},
    {"leading zeroes", "a number must not begin with 0", "Addresses are written in hexadecimal: 0x080a0000."},
    {"expected value, saw", "there is no value after the =", "Add a value or remove the line."},
    {"expected '='", "there is no = after the key", "Write key = value."},
    {"expected ']'", "this table's name has no closing bracket", "Write [name] or [[name]]."},
    {"expected a comment or whitespace", "there is more on this line than one key and its value",
     "Write each key on its own line; decimals take a point, not a comma."},
};

Diagnostic syntax_error(const std::string& file, const toml::parse_error& error, const Source& source) {
  const TextPosition place = place_of(error.source().begin);
  Diagnostic out{file, place.line, place.column, Severity::error, source.line(error.source().begin.line), {}, {}};
  const std::string_view description = error.description();
  for (const Words& words : usual) {
    if (description.find(words.in_description) == std::string_view::npos) continue;
    out.message = words.message;
    out.hint = words.hint;
    return out;
  }
  out.message = "this cannot be read as TOML: " + std::string(description);
  out.hint = "The form is [table], then key = value, one a line.";
  return out;
}

}  // namespace

std::variant<TomlNode, Diagnostic> parse_toml(const std::string& file, std::string_view text) {
  const Source source(text);
  if (const std::optional<TooDeep> problem = too_deep(text)) {
    return Diagnostic{file,
                      problem->place.line,
                      problem->place.column,
                      Severity::error,
                      {},
                      problem->what == TooDeep::What::key
                          ? "this key has more than " + std::to_string(most_key_parts) + " parts with dots between them"
                          : "more than " + std::to_string(most_brackets) + " brackets are open here",
                      "No table and no list of this file is nested so deeply. Is this the right file?"};
  }
  // Debian's toml++ library is built to throw, so this is the one place that catches.
  try {
    TomlNode root = convert(toml::parse(text, file), source);
    root.place = {1, 1};
    return root;
  } catch (const toml::parse_error& error) {
    return syntax_error(file, error, source);
  }
}

}  // namespace config
