#include "dfu/virtual/line_spec.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "dfu/memory_map.h"

namespace dfu::virt {

namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 15> kinds{{
    {"stall", FaultKind::stall},
    {"hang", FaultKind::hang},
    {"unplug", FaultKind::unplug},
    {"corrupt", FaultKind::corrupt},
    {"status", FaultKind::status},
    {"poll-lie", FaultKind::poll_lie},
    {"slow", FaultKind::slow},
    {"drop-status", FaultKind::drop_status},
    {"move", FaultKind::move},
    {"late", FaultKind::late},
    {"never-back", FaultKind::never_back},
    {"cable", FaultKind::cable},
    {"wedge", FaultKind::wedge},
    {"fallback", FaultKind::fallback},
    {"safe-mode", FaultKind::safe_mode},
}};

// Decimal, or hexadecimal after 0x; nothing for anything else, also for what does not fit.
std::optional<std::uint32_t> number_from(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

std::shared_ptr<const FlashGeometry> geometry_of_plain() {
  return std::make_shared<const FlashGeometry>(plain_flash());
}

std::shared_ptr<const FlashGeometry> geometry_of_map(std::string_view map, std::uint32_t granule) {
  constexpr auto erase_time = std::chrono::milliseconds(20);
  const auto read = parse_memory_map(map);
  if (!read || read->sectors.empty()) return nullptr;
  std::vector<FlashGeometry::Run> runs;
  const auto add = [&](std::uint32_t size) {
    if (!runs.empty() && runs.back().size == size) {
      ++runs.back().count;
    } else {
      runs.push_back({1, size, erase_time});
    }
  };
  const std::uint32_t first = read->sectors.front().range.begin;
  std::uint32_t at = first;
  for (const Sector& sector : read->sectors) {
    if (sector.range.begin > at) add(sector.range.begin - at);  // between two banks
    add(sector.range.size());
    at = sector.range.end;
  }
  return make_geometry(first, std::move(runs), granule);
}

std::vector<std::string> virtual_profile_names() {
  return {"photon", "p1", "electron", "core", "stm32-rom", "dfu11"};
}

LineSpec photon_line(int units, int generation) {
  constexpr int ports_per_hub = 7;
  LineSpec line;
  for (int i = 0; i < units; ++i) {
    const PortPath hub{"1-" + std::to_string(1 + i / ports_per_hub)};
    const int port = 1 + i % ports_per_hub;
    if (port == 1) line.hubs.push_back({.port = hub, .ports = ports_per_hub});
    UnitSpec unit;
    unit.port.text = hub.text + "." + std::to_string(port);
    unit.generation = generation;
    line.units.push_back(std::move(unit));
  }
  return line;
}

std::optional<FaultKind> fault_kind_from(std::string_view text) {
  for (const auto& [name, kind] : kinds) {
    if (name == text) return kind;
  }
  return {};
}

std::optional<FaultPoint> fault_point_from(std::string_view text) {
  using Kind = FaultPoint::Kind;
  if (text == "leave") return FaultPoint{.kind = Kind::leave};
  if (text == "survey") return FaultPoint{.kind = Kind::survey};
  if (text == "return") return FaultPoint{.kind = Kind::returned};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {};
  const auto name = text.substr(0, colon);
  const auto number = number_from(text.substr(colon + 1));
  if (!number) return {};
  if (name == "address") return FaultPoint{.kind = Kind::address, .number = *number};
  if (name == "return") return FaultPoint{.kind = Kind::returned, .number = *number};
  if (*number == 0) return {};  // blocks and requests count from 1
  if (name == "block") return FaultPoint{.kind = Kind::block, .number = *number};
  if (name == "request") return FaultPoint{.kind = Kind::request, .number = *number};
  return {};
}

bool has_place(FaultKind kind, FaultPoint::Kind place) {
  using Place = FaultPoint::Kind;
  const bool in_application_mode = place == Place::returned;
  switch (kind) {
    case FaultKind::fallback:  // these two are about the start that a leave leads to
    case FaultKind::safe_mode:
      return place == Place::leave || place == Place::block || place == Place::request;
    case FaultKind::never_back:  // who is back has come back
      return !in_application_mode;
    case FaultKind::corrupt:  // these need data of the flash or a GETSTATUS of the DFU class
      return !in_application_mode && place != Place::leave;
    case FaultKind::poll_lie:
    case FaultKind::drop_status:
      return !in_application_mode;
    case FaultKind::stall:
    case FaultKind::hang:
    case FaultKind::unplug:
    case FaultKind::status:
    case FaultKind::slow:
    case FaultKind::move:
    case FaultKind::late:
    case FaultKind::cable:
    case FaultKind::wedge:
      return true;
  }
  return true;
}

std::vector<std::string> fault_places(FaultKind kind) {
  using Place = FaultPoint::Kind;
  constexpr std::array<std::pair<std::string_view, Place>, 6> places{{{"block:40", Place::block},
                                                                      {"request:12", Place::request},
                                                                      {"address:0x08061000", Place::address},
                                                                      {"leave", Place::leave},
                                                                      {"survey", Place::survey},
                                                                      {"return", Place::returned}}};
  std::vector<std::string> out;
  for (const auto& [text, place] : places) {
    if (has_place(kind, place)) out.emplace_back(text);
  }
  return out;
}

std::vector<std::string> fault_kind_names() {
  std::vector<std::string> names;
  for (const auto& entry : kinds) names.emplace_back(entry.first);
  return names;
}

}  // namespace dfu::virt
