#include "config/port_name.h"

#include <algorithm>
#include <charconv>

namespace config {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Written in one way only, so that equal ports are equal texts: no leading zeros.
bool is_number(std::string_view text, int most) {
  if (text.empty() || text.size() > 3 || text[0] == '0' || !std::ranges::all_of(text, is_digit)) return false;
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number <= most;
}

}  // namespace

std::optional<PortName> parse_port_name(std::string_view text) {
  constexpr int most_ports = 31;
  constexpr int most_buses = 999;
  constexpr int most_tiers = 7;
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return {};
  const std::string_view controller = text.substr(0, dash), chain = text.substr(dash + 1);
  if (!is_number(controller, most_buses) && !is_controller_name(controller)) return {};
  std::string_view rest = chain;
  for (int tier = 1;; ++tier) {
    const auto dot = rest.find('.');
    if (tier > most_tiers || !is_number(rest.substr(0, dot), most_ports)) return {};
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return PortName{std::string(controller), std::string(chain)};
}

bool is_controller_name(std::string_view text) {
  return !text.empty() && is_letter(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

}  // namespace config
