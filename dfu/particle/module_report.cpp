#include "dfu/particle/module_report.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace dfu::particle {

namespace {

// Bits of the JSON's vc (tested) and vv (found good).
enum Tested : unsigned { integrity = 2, dependencies = 4, range = 8, right_platform = 16 };

std::optional<Function> function_of(std::string_view letter) {
  constexpr std::string_view letters = "nrbmsu_cat";  // docs/devices.md, "Module functions"
  const auto at = letter.size() == 1 ? letters.find(letter[0]) : std::string_view::npos;
  if (at == std::string_view::npos) return {};
  return function_from(static_cast<std::uint8_t>(at));
}

// ---- JSON: objects, arrays, strings and whole numbers, which is all that a unit writes

// Reads from front to back and gives up at the first thing that it does not expect.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool take(char c) {
    skip_blanks();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> string() {
    if (!take('"')) return {};
    const auto end = text_.find('"');
    if (end == std::string_view::npos) return {};
    std::string out(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    if (out.find('\\') != std::string::npos) return {};  // a unit escapes nothing
    return out;
  }

  std::optional<unsigned> number() {
    skip_blanks();
    unsigned value = 0;
    const auto [rest, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) return {};
    text_.remove_prefix(static_cast<std::size_t>(rest - text_.data()));
    return value;
  }

  // A value that nobody asked for.
  bool skip(int depth = 0) {
    constexpr int deepest = 8;
    skip_blanks();
    if (text_.empty() || depth > deepest) return false;
    if (text_.front() == '"') return string().has_value();
    if (text_.front() == '{') {
      return members([&](const std::string&) { return skip(depth + 1); });
    }
    if (text_.front() == '[') {
      return elements([&] { return skip(depth + 1); });
    }
    return number().has_value();
  }

  // `{"key": value, ...}`; `each` takes the value.
  template <typename Each>
  bool members(Each each) {
    return take('{') && members_up_to('}', each);
  }
  template <typename Each>
  bool members_up_to(char end, Each each) {
    while (!take(end)) {
      const auto key = string();
      if (!key || !take(':') || !each(*key)) return false;
      take(',');  // a unit may leave one behind the last
    }
    return true;
  }
  template <typename Each>
  bool elements(Each each) {
    if (!take('[')) return false;
    while (!take(']')) {
      if (!each()) return false;
      take(',');
    }
    return true;
  }

 private:
  void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }

  std::string_view text_;
};

template <typename Number>
bool read_number(JsonReader& in, Number& out) {
  const auto value = in.number();
  out = static_cast<Number>(value.value_or(0));
  return value.has_value();
}

// Units write the index as a string.
bool read_index(JsonReader& in, std::uint8_t& out) {
  const auto text = in.string();
  if (!text) return false;
  const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && rest == text->data() + text->size();
}

std::optional<Sha256> hash_from(std::string_view hex) {
  Sha256 hash;
  if (hex.size() != 2 * hash.size()) return {};
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const auto [rest, error] = std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, hash[i], 16);
    if (error != std::errc() || rest != hex.data() + 2 * i + 2) return {};
  }
  return hash;
}

bool read_dependency(JsonReader& in, std::vector<Dependency>& out) {
  Dependency one;
  std::optional<Function> function;
  const bool read = in.members([&](const std::string& key) {
    if (key == "f") {
      const auto letter = in.string();
      if (letter) function = function_of(*letter);
      return letter.has_value();
    }
    if (key == "n") return read_index(in, one.index);
    if (key == "v") return read_number(in, one.version);
    return in.skip();
  });
  if (!read) return false;
  if (function) {
    one.function = *function;
    out.push_back(one);
  }
  return true;
}

bool read_module(JsonReader& in, std::vector<ReportedModule>& out) {
  ReportedModule one;
  std::optional<Function> function;
  unsigned checked = 0, good = 0;
  bool runs_or_reserve = true;
  const bool read = in.members([&](const std::string& key) {
    if (key == "vc") return read_number(in, checked);
    if (key == "vv") return read_number(in, good);
    if (key == "v") return read_number(in, one.version);
    if (key == "n") return read_index(in, one.index);
    if (key == "d") return in.elements([&] { return read_dependency(in, one.dependencies); });
    if (key != "f" && key != "l" && key != "u") return in.skip();
    const auto text = in.string();
    if (!text) return false;
    if (key == "f") function = function_of(*text);
    if (key == "u") one.hash = hash_from(*text);
    if (key == "l") one.factory = *text == "f";
    if (key == "l") runs_or_reserve = *text == "f" || *text == "m";
    return true;
  });
  if (!read) return false;
  const auto found = [&](unsigned bits) { return (checked & bits & ~good) == 0; };
  one.intact = found(integrity);
  one.dependencies_met = found(dependencies);
  one.well_placed = found(range | right_platform);
  if (!function || !runs_or_reserve) return true;
  one.function = *function;
  out.push_back(std::move(one));
  return true;
}

// ---- protobuf

enum Wire : unsigned { varint = 0, eight_bytes = 1, length = 2, four_bytes = 5 };

struct Field {
  std::uint32_t number = 0;
  std::uint64_t value = 0;  // of a varint
  ByteView data;            // of a message
};

// Fields from front to back; `broken` once something is none.
class FieldReader {
 public:
  explicit FieldReader(ByteView bytes) : bytes_(bytes) {}

  std::optional<Field> next() {
    if (bytes_.empty()) return {};
    const auto tag = number();
    if (!tag) return fail();
    Field field{static_cast<std::uint32_t>(*tag >> 3), 0, {}};
    switch (static_cast<unsigned>(*tag & 7)) {
      case varint: {
        const auto value = number();
        if (!value) return fail();
        field.value = *value;
        return field;
      }
      case eight_bytes:
        return take(8) ? std::optional(field) : fail();
      case four_bytes:
        return take(4) ? std::optional(field) : fail();
      case length: {
        const auto size = number();
        if (!size || *size > bytes_.size()) return fail();
        field.data = bytes_.first(static_cast<std::size_t>(*size));
        take(static_cast<std::size_t>(*size));
        return field;
      }
      default:
        return fail();
    }
  }
  bool broken() const { return broken_; }

 private:
  std::optional<Field> fail() {
    broken_ = true;
    return {};
  }
  bool take(std::size_t size) {
    if (size > bytes_.size()) return false;
    bytes_ = bytes_.subspan(size);
    return true;
  }
  std::optional<std::uint64_t> number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const std::uint8_t byte = bytes_.front();
      bytes_ = bytes_.subspan(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return {};
  }

  ByteView bytes_;
  bool broken_ = false;
};

// FirmwareModuleType.
std::optional<Function> function_of_type(std::uint64_t type) {
  switch (type) {
    case 1:
      return Function::bootloader;
    case 2:
      return Function::system_part;
    case 3:
      return Function::user_part;
    case 4:
      return Function::monolithic;
    case 5:
      return Function::ncp_firmware;
    case 6:
      return Function::radio_stack;
    default:
      return {};
  }
}

// A module or a dependency begins alike: type, index, version.
template <typename Other>
bool read_fields(ByteView message, std::optional<Function>& function, std::uint8_t& index, std::uint16_t& version,
                 Other other) {
  FieldReader in(message);
  while (const auto field = in.next()) {
    if (field->number == 1) function = function_of_type(field->value);
    if (field->number == 2) index = static_cast<std::uint8_t>(field->value);
    if (field->number == 3) version = static_cast<std::uint16_t>(field->value);
    if (field->number > 3 && !other(*field)) return false;
  }
  return !in.broken();
}

bool read_dependency(ByteView message, std::vector<Dependency>& out) {
  Dependency one;
  std::optional<Function> function;
  if (!read_fields(message, function, one.index, one.version, [](const Field&) { return true; })) return false;
  if (function) {
    one.function = *function;
    out.push_back(one);
  }
  return true;
}

bool read_module(ByteView message, std::vector<ReportedModule>& out) {
  enum Invalid : unsigned { not_intact = 1, dependency_missing = 2 };
  ReportedModule one;
  std::optional<Function> function;
  const bool read = read_fields(message, function, one.index, one.version, [&](const Field& field) {
    if (field.number == 5) {
      one.intact = (field.value & not_intact) == 0;
      one.dependencies_met = (field.value & dependency_missing) == 0;
    }
    return field.number != 6 || read_dependency(field.data, one.dependencies);
  });
  if (!read) return false;
  if (function) {
    one.function = *function;
    out.push_back(std::move(one));
  }
  return true;
}

}  // namespace

const ReportedModule* ModuleReport::find(Function function, std::uint8_t index) const {
  const auto found = std::ranges::find_if(modules, [&](const ReportedModule& one) {
    return !one.factory && one.function == function && one.index == index;
  });
  return found == modules.end() ? nullptr : &*found;
}

std::optional<ModuleReport> parse_json_report(std::string_view text) {
  const auto start = text.find("\"p\":");
  if (start == std::string_view::npos) return {};
  JsonReader in(text.substr(start));
  ModuleReport report;
  bool listed = false;
  // The list of modules ends the report: whatever brace follows, or does not, says nothing more.
  while (!listed) {
    const auto key = in.string();
    if (!key || !in.take(':')) return {};
    if (*key == "m") {
      if (!in.elements([&] { return read_module(in, report.modules); })) return {};
      listed = true;
    } else if (*key == "p") {
      const auto platform = in.number();
      if (!platform) return {};
      report.platform = static_cast<std::uint16_t>(*platform);
      in.take(',');
    } else {
      if (!in.skip()) return {};
      in.take(',');
    }
  }
  return report;
}

std::optional<ModuleReport> parse_protobuf_report(ByteView reply) {
  ModuleReport report;
  FieldReader in(reply);
  while (const auto field = in.next()) {
    if (field->number == 1 && !read_module(field->data, report.modules)) return {};
  }
  if (in.broken() || report.modules.empty()) return {};
  return report;
}

}  // namespace dfu::particle
