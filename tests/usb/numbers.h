// The options of a bench: pairs of a word and a number. Pure.
#pragma once

#include <charconv>
#include <map>
#include <string_view>

namespace usb_mock {

// False: a word that is not among them, or no number behind it.
template <typename Number>
bool read_numbers(int count, char** words, const std::map<std::string_view, Number*>& options) {
  for (int i = 1; i < count; i += 2) {
    const auto option = options.find(words[i]);
    if (option == options.end() || i + 1 == count) return false;
    const std::string_view text = words[i + 1];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *option->second);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
  }
  return true;
}

}  // namespace usb_mock
