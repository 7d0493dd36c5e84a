#include "db/text_list.h"

#include <charconv>
#include <optional>

namespace db {

namespace {

// The character that `\x` stands for; nothing for `\u`.
std::optional<char> unescaped(char c) {
  switch (c) {
    case 'u':
      return std::nullopt;
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

std::string encode_text(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      json += "\\u00";
      json += kDigits[byte >> 4];
      json += kDigits[byte & 0x0F];
    } else {
      json += c;
    }
  }
  return json + '"';
}

std::string encode_text_list(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) {
    if (json.size() > 1) json += ',';
    json += encode_text(text);
  }
  return json + ']';
}

std::vector<std::string> decode_text_list(std::string_view json) {
  std::vector<std::string> texts;
  bool inside = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      inside = !inside;
      if (inside) texts.emplace_back();
    } else if (inside && c == '\\' && i + 1 < json.size()) {
      const std::optional<char> plain = unescaped(json[++i]);
      if (plain) {
        texts.back() += *plain;
        continue;
      }
      unsigned code = 0;
      const std::string_view digits = json.substr(i + 1, 4);
      std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
      texts.back() += static_cast<char>(code);  // encode_text escapes control characters only
      i += digits.size();
    } else if (inside) {
      texts.back() += c;
    }
  }
  return texts;
}

}  // namespace db
