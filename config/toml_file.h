// A TOML file as a tree in which each node knows its place. toml++ stays behind this header, and its exceptions are
// caught there. It stops at the first mistake of syntax: that is one diagnostic. Values; any thread.
//
// The parser and everything that walks a tree recurse, so the depth is checked before the parser sees the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/diagnostics.h"

namespace config {

// From 1, counted in characters.
struct TextPosition {
  int line = 0;
  int column = 0;
  auto operator<=>(const TextPosition&) const = default;
};

struct TomlTime {};  // no key of ours is a date or a time
struct TomlNode;
struct TomlEntry;
using TomlList = std::vector<TomlNode>;
using TomlTable = std::vector<TomlEntry>;  // in the order of the file

struct TomlNode {
  std::variant<std::string, std::int64_t, double, bool, TomlTime, TomlList, TomlTable> content;
  TextPosition place;
  std::string written;  // as in the file, texts without their quotes; empty for lists and tables
};

struct TomlEntry {
  std::string key;
  TextPosition place;
  TomlNode value;
};

// The parts of one key ("unit.fault.kind" has three), and the brackets that are open at one place. Files of this
// program need four and two.
inline constexpr int most_key_parts = 16;
inline constexpr int most_brackets = 16;

// The root table, or what is wrong. A byte order mark and CRLF line ends are accepted.
std::variant<TomlNode, Diagnostic> parse_toml(const std::string& file, std::string_view text);

}  // namespace config
