#include "scheduler/admission.h"

#include <algorithm>

namespace scheduler {

namespace {

bool behind(const dfu::PortPath& port, const dfu::PortPath& hub) {
  return port.text.size() > hub.text.size() && port.text.starts_with(hub.text) && port.text[hub.text.size()] == '.';
}

}  // namespace

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

void Admission::request(const dfu::PortPath& port) {
  waiting_.push_back(port);
}

void Admission::release(const dfu::PortPath& port) {
  if (std::erase(waiting_, port) == 0) std::erase(working_, port);
}

bool Admission::room_for(const dfu::PortPath& port) const {
  if (working() >= std::min(limits_.cap, left_.value_or(limits_.cap))) return false;
  const auto holds_it = [&port](const dfu::PortPath& hub) { return behind(port, hub); };
  if (std::any_of(held_.begin(), held_.end(), holds_it)) return false;
  const auto fits = [&](const dfu::PortPath& hub, int width) {
    const auto in_pool = [&hub](const dfu::PortPath& other) { return behind(other, hub); };
    return !in_pool(port) || std::count_if(working_.begin(), working_.end(), in_pool) < width;
  };
  return std::ranges::all_of(narrowed_, [&](const auto& one) { return fits(one.first, one.second); }) &&
         std::ranges::all_of(limits_.pools, [&](const Pool& pool) { return fits(pool.hub, pool.width); });
}

dfu::Duration Admission::earliest(const dfu::PortPath& port) const {
  const auto last = last_start_.find(port.hub().text);
  return last == last_start_.end() ? dfu::Duration{} : last->second + limits_.stagger;
}

std::vector<dfu::PortPath> Admission::admit(dfu::Duration now) {
  std::vector<dfu::PortPath> admitted;
  for (auto port = waiting_.begin(); port != waiting_.end();) {
    if (!room_for(*port) || earliest(*port) > now) {
      ++port;
      continue;
    }
    last_start_[port->hub().text] = now;
    working_.push_back(*port);
    admitted.push_back(*port);
    port = waiting_.erase(port);
  }
  return admitted;
}

std::optional<dfu::Duration> Admission::next_time(dfu::Duration now) const {
  std::optional<dfu::Duration> next;
  for (const dfu::PortPath& port : waiting_) {
    const dfu::Duration when = earliest(port);
    if (when > now && room_for(port) && (!next || when < *next)) next = when;
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
