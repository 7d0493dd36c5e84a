#include "station/commissioning/slots_in_file.h"

#include <algorithm>
#include <optional>

#include "config/toml_file.h"
#include "station/commissioning/slot_lesson.h"

namespace station {

namespace {

using Lines = std::vector<std::string>;  // each with its end

Lines lines_of(const std::string& text) {
  Lines lines;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size() - 1) + 1;
    lines.push_back(text.substr(from, end - from));
    from = end;
  }
  return lines;
}

// A [[slot]] as it stands in the text.
struct Written {
  std::string label;
  config::TextPosition port;  // its value
  std::string named;          // that value
  int first = 0, last = 0;    // lines
};

const config::TomlNode* find(const config::TomlTable& table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &config::TomlEntry::key);
  return found == table.end() ? nullptr : &found->value;
}

std::string text_of(const config::TomlNode* node) {
  const auto* text = node ? std::get_if<std::string>(&node->content) : nullptr;
  return text ? *text : "";
}

std::vector<Written> slots_in(const config::TomlNode& root) {
  std::vector<Written> all;
  const config::TomlNode* list = find(std::get<config::TomlTable>(root.content), "slot");
  if (!list || !std::holds_alternative<config::TomlList>(list->content)) return all;
  for (const config::TomlNode& slot : std::get<config::TomlList>(list->content)) {
    const auto* table = std::get_if<config::TomlTable>(&slot.content);
    const config::TomlNode* port = table ? find(*table, "port") : nullptr;
    if (!port) continue;
    Written one{text_of(find(*table, "label")), port->place, text_of(port), slot.place.line, slot.place.line};
    for (const config::TomlEntry& entry : *table) one.last = std::max(one.last, entry.value.place.line);
    all.push_back(std::move(one));
  }
  return all;
}

// Where the character with this number begins.
std::size_t offset(const std::string& line, int column) {
  int characters = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
    if (begins && ++characters == column) return i;
  }
  return line.size();
}

// A port's name holds neither quotes nor backslashes, so the next quote ends it.
bool rewrite(std::string& line, int column, const std::string& value) {
  const std::size_t from = offset(line, column);
  if (from >= line.size() || (line[from] != '"' && line[from] != '\'')) return false;
  const std::size_t end = line.find(line[from], from + 1);
  if (end == std::string::npos || end == from + 1) return false;
  line.replace(from, end + 1 - from, value);
  return true;
}

// With the empty line before it.
bool remove(Lines& lines, const Written& slot) {
  const std::string& head = lines[static_cast<std::size_t>(slot.first) - 1];
  if (!head.substr(std::min(head.find_first_not_of(" \t"), head.size())).starts_with("[[")) return false;
  const auto begin = lines.begin() + slot.first - 1;
  const bool gap = slot.first > 1 && (*(begin - 1) == "\n" || *(begin - 1) == "\r\n");
  lines.erase(gap ? begin - 1 : begin, lines.begin() + slot.last);
  return true;
}

NotWritable not_writable(const Written& slot) {
  return {"slot '" + slot.label +
          "' stands in the station file in a way that can only be changed by hand. Write it as a "
          "[[slot]] with one key a line."};
}

}  // namespace

std::variant<std::string, NotWritable> with_slots(const std::string& text, const config::StationConfig& station,
                                                  const dfu::Topology& topology,
                                                  const std::vector<NamedSocket>& learned) {
  const auto parsed = config::parse_toml("the station file", text);
  if (const auto* wrong = std::get_if<config::Diagnostic>(&parsed)) return NotWritable{config::to_string(*wrong)};
  std::vector<Written> written = slots_in(std::get<config::TomlNode>(parsed));
  Lines lines = lines_of(text);
  SlotLesson names(station, topology, "A1");
  std::string added;
  std::vector<NamedSocket> fresh = learned;
  // From the end to the beginning, so that places stay true.
  std::ranges::reverse(written);
  for (const Written& slot : written) {
    const std::optional<dfu::PortPath> was = station.port_of(slot.named, topology.controllers);
    const auto now = std::ranges::find(fresh, slot.label, &NamedSocket::label);
    if (now == fresh.end()) {
      const bool taken = was && std::ranges::count(learned, *was, &NamedSocket::port) > 0;
      if (taken && !remove(lines, slot)) return not_writable(slot);
      continue;
    }
    const std::string name = was == now->port ? slot.named : names.name_for(now->port, added);
    std::string& line = lines[static_cast<std::size_t>(slot.port.line) - 1];
    if (name != slot.named && !rewrite(line, slot.port.column, quoted(name))) return not_writable(slot);
    fresh.erase(now);
  }
  for (const NamedSocket& socket : fresh) {
    const std::string name = names.name_for(socket.port, added);
    added += slot_text(name, socket.label);
  }
  std::string all;
  for (const std::string& line : lines) all += line;
  if (added.empty()) return all;
  if (!all.empty() && all.back() != '\n') all += '\n';
  return all + (all.empty() ? added.substr(1) : added);
}

}  // namespace station
