#include "station/cli/command_tree.h"

#include <algorithm>
#include <sstream>

namespace station {

namespace {

std::vector<std::string> alternatives(const std::string& value) {
  std::vector<std::string> all;
  std::istringstream text(value);
  for (std::string one; std::getline(text, one, '|');) all.push_back(one);
  return all;
}

// FILE, ADDR:PORT: what stands for a value is written in capitals.
bool is_placeholder(const std::string& text) {
  return std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::vector<std::string> OptionEntry::words() const {
  std::vector<std::string> all = alternatives(value);
  std::erase_if(all, is_placeholder);
  return all;
}

bool OptionEntry::takes_file() const {
  return std::ranges::any_of(alternatives(value), [](const std::string& one) {
    return one.starts_with("FILE") || one.starts_with("DIR") || one.starts_with("KEY");
  });
}

}  // namespace station
