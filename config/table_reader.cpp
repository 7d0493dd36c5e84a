#include "config/table_reader.h"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "config/files.h"

namespace config {

namespace {

std::string type_name(const TomlNode& node) {
  constexpr std::string_view names[] = {"a text in quotes", "a whole number", "a decimal number", "true or false",
                                        "a date or time",   "a list",         "a table"};
  return std::string(names[node.content.index()]);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// Insertions, deletions, replacements and swapped neighbours that turn one word into the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// "alternate" for "alt", "addr" for "address": far apart by letters, and the same word to a person. Empty if there is
// none, or more than one.
std::string cut_or_drawn_out(const std::string& text, const std::vector<std::string>& known) {
  constexpr std::size_t shortest = 3;
  std::string found;
  for (const std::string& word : known) {
    const std::string other = lower(word);
    const std::size_t common = std::min(text.size(), other.size());
    if (common < shortest || text.compare(0, common, other, 0, common) != 0) continue;
    if (!found.empty()) return {};
    found = word;
  }
  return found;
}

std::string plain(double number) {
  std::ostringstream out;
  out << number;
  return out.str();
}

}  // namespace

void Report::error(TextPosition place, std::string value, std::string message, std::string hint) {
  add({file_, place.line, place.column, Severity::error, std::move(value), std::move(message), std::move(hint)});
}

void Report::warning(TextPosition place, std::string value, std::string message, std::string hint) {
  add({file_, place.line, place.column, Severity::warning, std::move(value), std::move(message), std::move(hint)});
}

std::vector<Diagnostic> Report::take() {
  std::ranges::stable_sort(diagnostics_, {}, [](const Diagnostic& d) { return std::pair(d.line, d.column); });
  return std::move(diagnostics_);
}

TableReader::TableReader(const TomlNode& table, std::string title, Report& report, std::string prefix)
    : node_(table), title_(std::move(title)), report_(report), prefix_(std::move(prefix)) {}

const TomlEntry* TableReader::ask(std::string_view key, Need need, std::string_view form) {
  const auto& entries = std::get<TomlTable>(node_.content);
  const auto found = std::ranges::find(entries, key, &TomlEntry::key);
  const bool present = found != entries.end();
  asked_.push_back({std::string(key), std::string(form), need == Need::required, present});
  return present ? &*found : nullptr;
}

void TableReader::wrong_type(const TomlEntry& entry, std::string_view wanted, std::string hint) {
  const bool quoted = std::holds_alternative<std::string>(entry.value.content);
  if (hint.empty() && quoted) hint = "Write it without the quotes.";
  report_.error(entry.value.place, entry.value.written,
                "'" + entry.key + "' must be " + std::string(wanted) + ", not " + type_name(entry.value),
                std::move(hint));
}

std::optional<Given<std::string>> TableReader::text(std::string_view key, Need need) {
  const TomlEntry* entry = ask(key, need, std::string(key) + " = \"...\"");
  if (!entry) return {};
  if (!std::holds_alternative<std::string>(entry->value.content)) {
    wrong_type(*entry, "a text in quotes", "Put it in double quotes.");
    return {};
  }
  return text_of(entry->value, entry->key, need);
}

std::optional<Given<std::string>> TableReader::text_of(const TomlNode& node, const std::string& key, Need need) {
  const auto& text = std::get<std::string>(node.content);
  if (text.empty()) {
    report_.error(node.place, {}, "'" + key + "' is empty",
                  need == Need::required ? "Give it a value." : "Give it a value or remove the line.");
    return {};
  }
  if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
    report_.error(node.place, node.written, "'" + key + "' holds a line break or another control character",
                  "Write it on one line.");
    return {};
  }
  return Given<std::string>{text, node.place, node.written};
}

std::vector<Given<std::string>> TableReader::texts(std::string_view key, Need need) {
  const TomlEntry* entry = ask(key, need, std::string(key) + " = [\"...\"]");
  if (!entry) return {};
  const auto* list = std::get_if<TomlList>(&entry->value.content);
  const auto is_text = [](const TomlNode& node) { return std::holds_alternative<std::string>(node.content); };
  if (!list || !std::ranges::all_of(*list, is_text)) {
    wrong_type(*entry, "a list of texts in quotes", "Write: " + std::string(key) + " = [\"...\"]");
    return {};
  }
  if (list->empty() && need == Need::required) {
    report_.error(entry->value.place, {}, "'" + entry->key + "' is an empty list",
                  "Write: " + std::string(key) + " = [\"...\"]");
  }
  std::vector<Given<std::string>> out;
  for (const TomlNode& node : *list) {
    if (auto text = text_of(node, entry->key, Need::optional)) out.push_back(*std::move(text));
  }
  return out;
}

std::optional<Given<std::int64_t>> TableReader::integer(std::string_view key, Bounds bounds, Need need) {
  const TomlEntry* entry = ask(key, need, std::string(key) + " = NUMBER");
  if (!entry) return {};
  const auto* number = std::get_if<std::int64_t>(&entry->value.content);
  if (!number) {
    wrong_type(*entry, "a whole number");
    return {};
  }
  if (*number < bounds.least || *number > bounds.most) {
    report_.error(entry->value.place, entry->value.written,
                  "'" + entry->key + "' must be from " + std::to_string(bounds.least) + " to " +
                      std::to_string(bounds.most) + ", not " + entry->value.written);
    return {};
  }
  return Given<std::int64_t>{*number, entry->value.place, entry->value.written};
}

std::optional<Given<double>> TableReader::number(std::string_view key, double least, double most) {
  const TomlEntry* entry = ask(key, Need::optional, std::string(key) + " = NUMBER");
  if (!entry) return {};
  double number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&entry->value.content)) {
    number = static_cast<double>(*whole);
  } else if (const auto* decimal = std::get_if<double>(&entry->value.content)) {
    number = *decimal;
  } else {
    wrong_type(*entry, "a number");
    return {};
  }
  // Written so that nan fails too.
  if (!(number >= least && number <= most)) {
    report_.error(
        entry->value.place, entry->value.written,
        "'" + entry->key + "' must be from " + plain(least) + " to " + plain(most) + ", not " + entry->value.written);
    return {};
  }
  return Given<double>{number, entry->value.place, entry->value.written};
}

std::optional<Given<bool>> TableReader::boolean(std::string_view key) {
  const TomlEntry* entry = ask(key, Need::optional, std::string(key) + " = true");
  if (!entry) return {};
  const auto* value = std::get_if<bool>(&entry->value.content);
  if (!value) {
    wrong_type(*entry, "true or false", "Write true or false, without quotes.");
    return {};
  }
  return Given<bool>{*value, entry->value.place, entry->value.written};
}

std::optional<TableReader> TableReader::table(std::string_view key, Need need) {
  const std::string name = prefix_ + std::string(key);
  const std::string form = "[" + name + "]";
  const TomlEntry* entry = ask(key, need, form);
  if (!entry) return {};
  if (!std::holds_alternative<TomlTable>(entry->value.content)) {
    wrong_type(*entry, "a table", "There is one of it: write " + form + " on a line of its own.");
    return {};
  }
  return TableReader(entry->value, form, report_, name + ".");
}

std::vector<TableReader> TableReader::tables(std::string_view key, Need need) {
  const std::string name = prefix_ + std::string(key);
  const std::string form = "[[" + name + "]]";
  const TomlEntry* entry = ask(key, need, form);
  if (!entry) return {};
  const auto* list = std::get_if<TomlList>(&entry->value.content);
  if (!list || !std::ranges::all_of(
                   *list, [](const TomlNode& node) { return std::holds_alternative<TomlTable>(node.content); })) {
    wrong_type(*entry, "a list of tables", "Write " + form + ", in double brackets, before each.");
    return {};
  }
  if (list->empty() && need == Need::required) {
    report_.error(entry->value.place, {}, "'" + entry->key + "' is an empty list", "Add: " + form);
  }
  std::vector<TableReader> readers;
  for (const TomlNode& node : *list) {
    readers.emplace_back(node, form + " number " + std::to_string(readers.size() + 1), report_, name + ".");
  }
  return readers;
}

void TableReader::not_allowed(std::string_view key, const Given<std::string>& given,
                              const std::vector<std::string>& allowed) {
  const std::string near = nearest(given.value, allowed);
  report_.error(given.place, given.written,
                "'" + std::string(key) + "' must be " + (allowed.size() > 1 ? "one of " : "") + listed(allowed) +
                    ", not \"" + given.value + "\"",
                near.empty() ? std::string() : "Did you mean \"" + near + "\"?");
}

bool TableReader::has(std::string_view key) const {
  const auto& entries = std::get<TomlTable>(node_.content);
  return std::ranges::find(entries, key, &TomlEntry::key) != entries.end();
}

bool TableReader::has_text(std::string_view key) const {
  const auto& entries = std::get<TomlTable>(node_.content);
  const auto found = std::ranges::find(entries, key, &TomlEntry::key);
  return found != entries.end() && std::holds_alternative<std::string>(found->value.content);
}

std::vector<std::string> TableReader::finish() {
  std::vector<std::string> misspelt;
  for (const TomlEntry& entry : std::get<TomlTable>(node_.content)) {
    std::vector<std::string> known, absent;
    bool asked = false;
    for (const Asked& one : asked_) {
      asked = asked || one.key == entry.key;
      known.push_back(one.key);
      if (!one.present) absent.push_back(one.key);
    }
    if (asked) continue;
    const std::string meant = nearest(entry.key, absent);
    if (!meant.empty()) misspelt.push_back(meant);
    std::erase_if(asked_, [&](const Asked& one) { return one.required && !meant.empty() && one.key == meant; });
    report_.error(entry.place, entry.key, "unknown key '" + entry.key + "' in " + title_,
                  did_you_mean(entry.key, meant.empty() ? known : std::vector{meant}));
  }
  for (const Asked& one : asked_) {
    if (!one.required || one.present) continue;
    const bool table = one.form.starts_with('[');
    report_.error(place(), {}, title_ + " has no " + (table ? one.form : "'" + one.key + "'"), "Add: " + one.form);
  }
  return misspelt;
}

std::optional<TomlFile> load_toml(const std::string& path, Report& report, bool& input_missing) {
  constexpr std::size_t most_bytes = 1 << 20;  // a hundred times a large recipe: a larger file is none of ours
  auto read = read_file(path, most_bytes);
  if (const auto* unreadable = std::get_if<Unreadable>(&read)) {
    input_missing = unreadable->missing;
    report.error({}, path, "'" + path + "' " + unreadable->problem,
                 unreadable->missing ? "Check the path." : "Is this the right file?");
    return {};
  }
  const auto& bytes = std::get<dfu::Bytes>(read);
  std::string text(bytes.begin(), bytes.end());
  auto parsed = parse_toml(path, text);
  if (auto* problem = std::get_if<Diagnostic>(&parsed)) {
    report.add(std::move(*problem));
    return {};
  }
  return TomlFile{std::move(text), std::move(std::get<TomlNode>(parsed))};
}

std::string nearest(std::string_view text, const std::vector<std::string>& known) {
  constexpr std::size_t longest_word = 64;  // nobody misspells a longer one, and the cost grows with its length
  if (text.size() > longest_word) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(1, (text.size() + 1) / 3) + 1;
  for (const std::string& word : known) {
    const std::size_t steps = distance(lower(text), lower(word));
    if (steps >= least || steps >= word.size()) continue;
    least = steps;
    best = word;
  }
  return best.empty() ? cut_or_drawn_out(lower(text), known) : best;
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " and " : ", ";
    out += words[i];
  }
  return out;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string>& known) {
  if (known.empty()) return {};
  const std::string near = nearest(text, known);
  return near.empty() ? "Known here: " + listed(known) + "." : "Did you mean '" + near + "'?";
}

}  // namespace config
