#include "config/toml_depth.h"

namespace config {

namespace {

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  std::optional<TooDeep> run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        skip_comment();
      } else if (text_[at_] == '"' || text_[at_] == '\'') {
        skip_quoted(text_[at_]);
      } else if (const auto what = count(text_[at_])) {
        return TooDeep{*what, place_};
      } else {
        step();
      }
    }
    return std::nullopt;
  }

 private:
  // A dot that is one too many, a bracket that is one too many, or nothing.
  std::optional<TooDeep::What> count(char c) {
    if (c == '.') {
      if (++dots_ >= most_key_parts) return TooDeep::What::key;
      return std::nullopt;
    }
    const bool goes_on = c == ' ' || c == '\t' || c == '_' || c == '-' || (c >= '0' && c <= '9') ||
                         (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
    if (!goes_on) dots_ = 0;
    if (c == '\n') {
      line_is_empty_ = true;
      in_header_ = false;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      // A header that is not closed must not make the rest of the file look nested.
      if (line_is_empty_ && c == '[' && brackets_ == 0) in_header_ = true;
      line_is_empty_ = false;
    }
    if (in_header_) return std::nullopt;
    if (c == '[' || c == '{') {
      if (++brackets_ > most_brackets) return TooDeep::What::brackets;
    } else if ((c == ']' || c == '}') && brackets_ > 0) {
      --brackets_;
    }
    return std::nullopt;
  }

  void step() {
    if (text_[at_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
      ++place_.column;
    }
    ++at_;
  }

  void skip_comment() {
    while (at_ < text_.size() && text_[at_] != '\n') step();
  }

  // "text", 'text', and both with three quotes, which go over several lines. A short one ends with its line at the
  // latest: that is the mistake which the parser reports.
  void skip_quoted(char quote) {
    line_is_empty_ = false;
    const std::string_view three = quote == '"' ? "\"\"\"" : "'''";
    const bool is_long = text_.substr(at_).starts_with(three);
    for (int i = is_long ? 3 : 1; i > 0; --i) step();
    while (at_ < text_.size()) {
      if (!is_long && text_[at_] == '\n') return;
      if (is_long ? text_.substr(at_).starts_with(three) : text_[at_] == quote) break;
      if (text_[at_] == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') step();
      step();
    }
    for (int i = is_long ? 3 : 1; i > 0 && at_ < text_.size(); --i) step();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  TextPosition place_{1, 1};
  int dots_ = 0;  // since the key began
  int brackets_ = 0;
  bool line_is_empty_ = true;
  bool in_header_ = false;  // [name] or [[name]]
};

}  // namespace

std::optional<TooDeep> too_deep(std::string_view text) {
  return Scan(text).run();
}

}  // namespace config
