#include "dfu/bus.h"

#include <algorithm>
#include <cctype>

#include "dfu/hubs.h"

namespace dfu {

namespace {

// The numbers of "1-1.4.2" in order; text between them is a separator.
std::vector<unsigned> numbers(const std::string& text) {
  std::vector<unsigned> out;
  bool in_number = false;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c))) {
      if (!in_number) out.push_back(0);
      out.back() = out.back() * 10 + static_cast<unsigned>(c - '0');
      in_number = true;
    } else {
      in_number = false;
    }
  }
  return out;
}

}  // namespace

PortPath PortPath::hub() const {
  if (const auto dot = text.rfind('.'); dot != std::string::npos) return {text.substr(0, dot)};
  return {text.substr(0, text.find('-')) + "-0"};
}

bool PortPath::is_root() const {
  return text.ends_with("-0");
}

bool PortPath::is_behind(const PortPath& hub) const {
  if (!hub.is_root()) return text.starts_with(hub.text + ".");
  // A root hub's path is no beginning of its ports' paths: "1-1.4" is behind "1-0".
  const std::string bus = hub.text.substr(0, hub.text.size() - 1);
  return text != hub.text && text.starts_with(bus);
}

std::strong_ordering PortPath::operator<=>(const PortPath& other) const {
  const auto mine = numbers(text), theirs = numbers(other.text);
  const auto order = std::lexicographical_compare_three_way(mine.begin(), mine.end(), theirs.begin(), theirs.end());
  return order != 0 ? order : text <=> other.text;
}

std::string_view to_string(TransactionTranslator tt) {
  switch (tt) {
    case TransactionTranslator::none:
      return "none";
    case TransactionTranslator::single:
      return "single";
    case TransactionTranslator::multi:
      return "multi";
  }
  return {};
}

std::string_view to_string(PortPower power) {
  switch (power) {
    case PortPower::none:
      return "none";
    case PortPower::ganged:
      return "ganged";
    case PortPower::per_port:
      return "per-port";
    case PortPower::unknown:
      return "unknown";
  }
  return {};
}

}  // namespace dfu
