#include "scheduler/admission.h"

#include <algorithm>

namespace scheduler {

std::string_view to_string(WaitFor what) {
  switch (what) {
    case WaitFor::pause:
      return "pause";
    case WaitFor::commissioning:
      return "commissioning";
    case WaitFor::order:
      return "order";
    case WaitFor::hub_stopped:
      return "hub-stopped";
    case WaitFor::hub_power:
      return "hub-power";
    case WaitFor::cap:
      return "cap";
    case WaitFor::hub_slowed:
      return "hub-slowed";
    case WaitFor::hub_width:
      return "hub-width";
    case WaitFor::stagger:
      return "stagger";
  }
  return {};
}

Admission::Admission(Limits limits) : limits_(std::move(limits)) {}

void Admission::change(Limits limits) {
  limits_ = std::move(limits);
}

void Admission::narrow(const dfu::PortPath& hub, std::optional<int> width) {
  if (width) {
    narrowed_[hub] = *width;
  } else {
    narrowed_.erase(hub);
  }
}

void Admission::note(Change& waiting, std::optional<Wait> wait) {
  if (waiting.wait == wait) return;
  waiting.wait = std::move(wait);
  changes_.push_back(waiting);
}

void Admission::release(const dfu::PortPath& port) {
  const auto found = std::ranges::find(waiting_, port, &Change::port);
  if (found == waiting_.end()) {
    std::erase(working_, port);
    return;
  }
  note(*found, std::nullopt);
  waiting_.erase(found);
}

int Admission::working_behind(const dfu::PortPath& hub) const {
  const auto is_there = [&hub](const dfu::PortPath& port) { return port.is_behind(hub); };
  return static_cast<int>(std::ranges::count_if(working_, is_there));
}

std::optional<Wait> Admission::hub_in_the_way(const dfu::PortPath& port, WaitFor what) const {
  for (const auto& [hub, width] : narrowed_) {
    const bool asked = (width == 0) == (what == WaitFor::hub_stopped);
    if (asked && port.is_behind(hub) && working_behind(hub) >= width) return Wait{what, hub};
  }
  return std::nullopt;
}

// In the order of WaitFor.
std::optional<Wait> Admission::no_room_for(const dfu::PortPath& port) const {
  if (closed_) return Wait{*closed_};
  if (left_ && working() >= *left_) return Wait{WaitFor::order};
  if (const auto stopped = hub_in_the_way(port, WaitFor::hub_stopped)) return stopped;
  for (const dfu::PortPath& hub : held_) {
    if (port.is_behind(hub)) return Wait{WaitFor::hub_power, hub};
  }
  if (working() >= limits_.cap) return Wait{WaitFor::cap};
  if (const auto slowed = hub_in_the_way(port, WaitFor::hub_slowed)) return slowed;
  for (const Pool& pool : limits_.pools) {
    if (port.is_behind(pool.hub) && working_behind(pool.hub) >= pool.width) {
      return Wait{WaitFor::hub_width, pool.hub, pool.name};
    }
  }
  return std::nullopt;
}

dfu::Duration Admission::earliest(const dfu::PortPath& port) const {
  const auto last = last_start_.find(port.hub().text);
  return last == last_start_.end() ? dfu::Duration{} : last->second + limits_.stagger;
}

std::vector<dfu::PortPath> Admission::admit(dfu::Duration now) {
  std::vector<dfu::PortPath> admitted;
  for (Change& waiting : waiting_) {
    const dfu::PortPath& port = waiting.port;
    std::optional<Wait> wait = no_room_for(port);
    if (!wait && earliest(port) > now) wait = Wait{WaitFor::stagger, port.hub()};
    const bool starts = !wait;
    note(waiting, std::move(wait));
    if (!starts) continue;
    last_start_[port.hub().text] = now;
    working_.push_back(port);
    admitted.push_back(port);
  }
  std::erase_if(waiting_, [](const Change& waiting) { return !waiting.wait; });
  return admitted;
}

std::optional<dfu::Duration> Admission::next_time(dfu::Duration now) const {
  std::optional<dfu::Duration> next;
  for (const Change& waiting : waiting_) {
    const dfu::Duration when = earliest(waiting.port);
    if (when > now && !no_room_for(waiting.port) && (!next || when < *next)) next = when;
  }
  return next;
}

std::vector<Admission::Pool> pools_of(const config::StationConfig& station,
                                      const std::vector<dfu::ControllerInfo>& controllers) {
  std::vector<Admission::Pool> pools;
  for (const config::HubLimits& hub : station.hubs) {
    const auto port = station.port_of(hub.port, controllers);
    if (!port) continue;
    int width = hub.width.value_or(station.cap);
    if (hub.milliamperes) width = std::min(width, std::max(1, *hub.milliamperes / station.unit_milliamperes));
    pools.push_back({hub.label.empty() ? hub.port : hub.label, *port, width});
  }
  return pools;
}

}  // namespace scheduler
