#include "station/commissioning/slot_lesson.h"

#include <algorithm>

#include "station/live/line_view.h"

namespace station {

namespace {

bool is_control(unsigned char c) {
  return c < 0x20 || c == 0x7F;
}

}  // namespace

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string slot_text(const std::string& port, const std::string& label) {
  return "\n[[slot]]\nport = " + quoted(port) + "\nlabel = " + quoted(label) + "\n";
}

SlotLesson::SlotLesson(config::StationConfig station, dfu::Topology topology, std::string first)
    : station_(std::move(station)), topology_(std::move(topology)), next_(std::move(first)) {}

std::string SlotLesson::label_of(const dfu::PortPath& port) const {
  return station_.label_of(port, topology_.controllers);
}

std::string SlotLesson::proposal() const {
  std::string label = next_;
  while (std::ranges::count(station_.slots, label, &config::SlotConfig::label) > 0) label = label_after(label);
  return label;
}

std::string SlotLesson::problem_with(const std::string& label) const {
  constexpr std::size_t longest = 40;  // more is on no fixture and on no screen
  if (label.empty()) return "a label has at least one character";
  if (label.size() > longest) return "a label has at most 40 characters";
  if (std::ranges::any_of(label, is_control)) return "a label has no control characters";
  for (const config::SlotConfig& slot : station_.slots) {
    if (slot.label == label) return "there is a slot '" + label + "' already, at port " + slot.port;
  }
  return "";
}

std::string SlotLesson::learn(const dfu::PortPath& port, const std::string& label) {
  std::string text;
  const std::string named = name_for(port, text);
  text += slot_text(named, label);
  station_.slots.push_back({named, label, ""});
  next_ = label_after(label);
  return text;
}

std::string SlotLesson::name_for(const dfu::PortPath& port, std::string& text) {
  const std::size_t dash = port.text.find('-');
  const std::string bus = port.text.substr(0, dash), chain = port.text.substr(dash);
  const auto controller = std::ranges::find_if(
      topology_.controllers, [&](const dfu::ControllerInfo& each) { return std::to_string(each.bus) == bus; });
  if (controller == topology_.controllers.end() || controller->path.empty()) return port.text;
  std::string name = name_of(*controller, station_);
  const bool unnamed = name.empty();
  for (int number = 1;
       name.empty() || (unnamed && std::ranges::count(station_.controllers, name, &config::ControllerName::name) > 0);
       ++number) {
    name = "C" + std::to_string(number);
  }
  config::StationConfig with = station_;
  if (unnamed) with.controllers.push_back({controller->path, name});
  // A name stands for the lower of a USB 3 controller's two buses.
  if (with.port_of(name + chain, topology_.controllers) != port) return port.text;
  if (unnamed) text += "\n[[controller]]\npath = " + quoted(controller->path) + "\nname = " + quoted(name) + "\n";
  station_ = std::move(with);
  return name + chain;
}

std::string label_after(const std::string& label) {
  const std::size_t digits = label.find_last_not_of("0123456789") + 1;
  constexpr std::size_t most_digits = 9;
  if (digits == label.size() || label.size() - digits > most_digits) return label + "2";
  const std::string number = std::to_string(std::stoi(label.substr(digits)) + 1);
  // "A09" goes on as "A10", "A01" as "A02".
  const std::size_t width = label.size() - digits;
  return label.substr(0, digits) + std::string(width > number.size() ? width - number.size() : 0, '0') + number;
}

}  // namespace station
