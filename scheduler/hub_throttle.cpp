#include "scheduler/hub_throttle.h"

#include <algorithm>
#include <set>
#include <utility>

#include "scheduler/fault_policy.h"

namespace scheduler {

namespace {

constexpr std::size_t window = 20;
constexpr int least_bad = 4;
constexpr std::size_t least_ports = 2;
constexpr double times_worse = 4;
constexpr double usual_rate = 0.05;  // the least that others are taken to have
constexpr int recovered_after = 10;

}  // namespace

bool on_the_wire(dfu::FaultCode code) {
  return about(code) == About::cable || code == dfu::FaultCode::no_answer;
}

bool HubThrottle::is_bad(const dfu::PortPath& path, Hub& hub) const {
  std::set<dfu::PortPath> ports;
  int bad = 0;
  for (const Attempt& attempt : hub.recent) {
    if (!attempt.bad) continue;
    ++bad;
    ports.insert(attempt.port);
  }
  int others = 0, others_bad = 0;
  for (const auto& [name, other] : hubs_) {
    if (name == path) continue;
    others += static_cast<int>(other.recent.size());
    others_bad += static_cast<int>(std::ranges::count_if(other.recent, &Attempt::bad));
  }
  const double rate = static_cast<double>(bad) / static_cast<double>(hub.recent.size());
  const double elsewhere = others == 0 ? usual_rate : std::max(usual_rate, static_cast<double>(others_bad) / others);
  if (bad < least_bad || ports.size() < least_ports || rate < times_worse * elsewhere) return false;
  hub.evidence = {bad, static_cast<int>(hub.recent.size()), static_cast<int>(ports.size()), others_bad, others};
  return true;
}

std::optional<HubThrottle::State> HubThrottle::ended(const dfu::PortPath& port, bool wire_fault) {
  const dfu::PortPath path = port.hub();
  Hub& hub = hubs_[path];
  hub.recent.push_back({port, wire_fault});
  if (hub.recent.size() > window) hub.recent.pop_front();
  hub.good_in_a_row = wire_fault ? 0 : hub.good_in_a_row + 1;
  switch (hub.state) {
    case State::as_before:
      if (!wire_fault || !is_bad(path, hub)) return {};
      hub.state = State::slowed;
      break;
    case State::slowed:
      if (hub.good_in_a_row >= recovered_after) {
        hub.state = State::as_before;
      } else if (wire_fault && is_bad(path, hub)) {
        hub.state = State::stopped;
      } else {
        return {};
      }
      break;
    case State::stopped:
      return {};  // what was in work then
  }
  hub.recent.clear();
  hub.good_in_a_row = 0;
  return hub.state;
}

HubThrottle::State HubThrottle::state(const dfu::PortPath& hub) const {
  const auto found = hubs_.find(hub);
  return found == hubs_.end() ? State::as_before : found->second.state;
}

std::optional<HubThrottle::State> HubThrottle::release(const dfu::PortPath& path) {
  const auto found = hubs_.find(path);
  if (found == hubs_.end() || found->second.state == State::as_before) return {};
  Hub& hub = found->second;
  hub.state = hub.state == State::stopped ? State::slowed : State::as_before;
  hub.recent.clear();
  hub.good_in_a_row = 0;
  return hub.state;
}

HubThrottle::Evidence HubThrottle::evidence(const dfu::PortPath& hub) const {
  const auto found = hubs_.find(hub);
  return found == hubs_.end() ? Evidence{} : found->second.evidence;
}

namespace {

RemarkCode code_of(HubThrottle::State state, bool released) {
  switch (state) {
    case HubThrottle::State::as_before:
      return released ? RemarkCode::hub_released : RemarkCode::hub_good;
    case HubThrottle::State::slowed:
      return released ? RemarkCode::hub_part_released : RemarkCode::hub_slowed;
    case HubThrottle::State::stopped:
      break;
  }
  return RemarkCode::hub_stopped;
}

}  // namespace

Remark hub_changed(const dfu::PortPath& hub, HubThrottle::State state, const HubChange& change, int limit,
                   const HubThrottle::Evidence& evidence) {
  const bool released = change.by == HubChange::By::person;
  RemarkValues values = values_of(change.decision);
  const auto put = [&](const char* name, int value) { values[name] = std::int64_t{value}; };
  if (state == HubThrottle::State::slowed) put("limit", limit);
  if (state != HubThrottle::State::as_before && !released) {
    put("failed", evidence.failed);
    put("attempts", evidence.attempts);
    put("ports", evidence.ports);
    put("others_failed", evidence.others_failed);
    put("others_attempts", evidence.others_attempts);
  }
  return make_remark(code_of(state, released), change.attempt, hub.text, std::move(values));
}

}  // namespace scheduler
