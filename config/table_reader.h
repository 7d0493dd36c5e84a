// How the loaders read: a table that knows which keys it was asked for, converts them, and in the end reports the
// unknown ones. Every mistake becomes a diagnostic and reading goes on, so that all come out in one run.
// Used by one thread; the Report and the TomlNode outlive their readers.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/toml_file.h"

namespace config {

// The diagnostics of one file.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  void error(TextPosition place, std::string value, std::string message, std::string hint = {});
  void warning(TextPosition place, std::string value, std::string message, std::string hint = {});
  void add(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }
  bool failed() const { return has_error(diagnostics_); }
  const std::string& file() const { return file_; }
  // In the order of the file.
  std::vector<Diagnostic> take();

 private:
  std::string file_;
  std::vector<Diagnostic> diagnostics_;
};

// A value with its place, for checks that come after reading.
template <class T>
struct Given {
  T value{};
  TextPosition place;
  std::string written;
};

template <class E>
struct Word {
  std::string_view text;
  E value;
};

enum class Need { optional, required };

struct Bounds {
  std::int64_t least = 0;
  std::int64_t most = 0;
};

class TableReader {
 public:
  // `title` names the table to people: "[recipe]", "[[step]] number 2"; `prefix` goes before the names of tables
  // within: "unit." for [[unit.fault]]. REQUIRES: `table` holds a TomlTable.
  TableReader(const TomlNode& table, std::string title, Report& report, std::string prefix = {});

  // Not empty, no control characters.
  std::optional<Given<std::string>> text(std::string_view key, Need need = Need::optional);
  // A list of them; each alone keeps its place. Where it is needed, it is not empty.
  std::vector<Given<std::string>> texts(std::string_view key, Need need = Need::optional);
  std::optional<Given<std::int64_t>> integer(std::string_view key, Bounds bounds, Need need = Need::optional);
  // A whole number is accepted too.
  std::optional<Given<double>> number(std::string_view key, double least, double most);
  std::optional<Given<bool>> boolean(std::string_view key);
  std::optional<TableReader> table(std::string_view key, Need need = Need::optional);
  // [[key]], in order.
  std::vector<TableReader> tables(std::string_view key, Need need = Need::optional);

  template <class E>
  std::optional<Given<E>> word(std::string_view key, std::initializer_list<Word<E>> words, Need need = Need::optional) {
    const auto given = text(key, need);
    if (!given) return {};
    std::vector<std::string> allowed;
    for (const Word<E>& one : words) {
      if (one.text == given->value) return Given<E>{one.value, given->place, given->written};
      allowed.emplace_back(one.text);
    }
    not_allowed(key, *given, allowed);
    return {};
  }
  // "'verify' must be one of ...".
  void not_allowed(std::string_view key, const Given<std::string>& given, const std::vector<std::string>& allowed);

  // Reports what is missing and what is unknown. A misspelt key is one mistake, not a missing and an unknown one: what
  // the misspelt ones were most likely meant to be is returned, so that nobody complains of their absence.
  std::vector<std::string> finish();

  bool has(std::string_view key) const;
  // It is there, and it is a text.
  bool has_text(std::string_view key) const;
  TextPosition place() const { return node_.place; }
  const std::string& title() const { return title_; }
  Report& report() { return report_; }

 private:
  const TomlEntry* ask(std::string_view key, Need need, std::string_view form);
  std::optional<Given<std::string>> text_of(const TomlNode& node, const std::string& key, Need need);
  void wrong_type(const TomlEntry& entry, std::string_view wanted, std::string hint = {});

  struct Asked {
    std::string key;
    std::string form;  // how it is written: "key = ...", "[key]"
    bool required = false;
    bool present = false;
  };

  const TomlNode& node_;
  std::string title_;
  Report& report_;
  std::string prefix_;
  std::vector<Asked> asked_;
};

struct TomlFile {
  std::string text;  // as read
  TomlNode root;
};

// Reads and parses; nothing when a diagnostic in `report` says why not.
std::optional<TomlFile> load_toml(const std::string& path, Report& report, bool& input_missing);

// The known word that `text` most likely was meant to be; empty if none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& known);
// "a, b and c".
std::string listed(const std::vector<std::string>& words);
// A hint: "Did you mean 'x'?", or "Known: ..." when nothing is near.
std::string did_you_mean(std::string_view text, const std::vector<std::string>& known);

}  // namespace config
