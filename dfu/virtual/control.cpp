#include "dfu/virtual/control.h"

#include <charconv>
#include <optional>
#include <vector>

namespace dfu::virt {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(blanks), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string error(const std::string& sentence) {
  return "error: " + sentence;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string done(bool so, const std::string& why_not) {
  return so ? "ok" : error(why_not);
}

// The most that a line file takes, too.
std::optional<int> times_from(std::string_view text) {
  constexpr int most = 1000000;
  int times = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), times);
  if (problem != std::errc{} || end != text.data() + text.size() || times < 1 || times > most) return {};
  return times;
}

std::string set_fault(VirtualLine& line, const PortPath& port, const std::vector<std::string_view>& words) {
  FaultSpec fault;
  const auto kind = fault_kind_from(words[2]);
  if (!kind) return error("there is no fault '" + std::string(words[2]) + "', but " + listed(fault_kind_names()));
  const auto at = fault_point_from(words[3]);
  if (!at) {
    return error("'" + std::string(words[3]) +
                 "' is not a point at which a fault can happen, like block:40, request:12, address:0x08061000, leave, "
                 "survey or return");
  }
  if (!has_place(*kind, at->kind)) {
    return error("the fault '" + std::string(words[2]) + "' cannot happen at '" + std::string(words[3]) + "', but at " +
                 listed(fault_places(*kind)));
  }
  const auto times = words.size() > 4 ? times_from(words[4]) : 1;
  if (!times) return error("'" + std::string(words[4]) + "' is not a number of times from 1 to 1000000");
  fault.kind = *kind;
  fault.at = *at;
  fault.times = *times;
  line.with_unit(port, [&](VirtualUnit& unit) { unit.add_fault(fault); });
  return "ok";
}

std::string move_hub(VirtualLine& line, const PortPath& hub, std::string_view verb) {
  if (verb == "plug") return done(line.plug_hub(hub), "hub " + hub.text + " is plugged in");
  return done(line.pull_hub(hub), "hub " + hub.text + " is not plugged in");
}

}  // namespace

std::string obey(VirtualLine& line, std::string_view command) {
  const std::vector<std::string_view> words = words_of(command);
  const std::string_view verb = words.empty() ? "" : words[0];
  const bool about_port = verb == "plug" || verb == "pull" || verb == "fresh";
  const bool fault = verb == "fault";
  const bool right = about_port ? words.size() == 2 : fault && (words.size() == 4 || words.size() == 5);
  if (!right) return error("say plug PORT, pull PORT, fresh PORT or fault PORT KIND AT [TIMES]");
  const PortPath port{std::string(words[1])};
  if (line.has_hub(port) && (verb == "plug" || verb == "pull")) return move_hub(line, port, verb);
  if (!line.has(port)) {
    return error("the line file has no [[unit]] for port " + port.text +
                 ". Add one, with starts = \"absent\" if the port is empty at first");
  }
  if (fault) return set_fault(line, port, words);
  if (verb != "pull" && !line.hub_is_there(port.hub())) return error("hub " + port.hub().text + " is not plugged in");
  if (verb == "pull") return done(line.pull(port), "no unit of port " + port.text + " is plugged in");
  const std::string occupied = "the unit of port " + port.text + " is plugged in; pull it first";
  return done(verb == "plug" ? line.plug(port) : line.fresh(port), occupied);
}

}  // namespace dfu::virt
