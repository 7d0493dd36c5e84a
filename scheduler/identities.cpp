#include "scheduler/identities.h"

namespace scheduler {

namespace {

std::string place(const Identities::Sighting& sighting) {
  return sighting.slot.empty() ? "port " + sighting.port.text : "slot " + sighting.slot;
}

}  // namespace

std::optional<std::string> Identities::saw(const std::string& id, const Sighting& here) {
  const auto before = seen_.find(id);
  std::optional<std::string> alarm;
  if (before != seen_.end() && before->second.last.visit != here.visit) {
    const Sighting& there = before->second.last;
    // The other one has not been taken out since: then these are two units.
    const bool at_once = there.port != here.port && occupied_.contains(there.port) && last_on_port_[there.port] == id;
    alarm = at_once ? "Two units say that they are " + id + ": one in " + place(there) + " and one in " + place(here) +
                          ". One of them is a copy."
                    : "Unit " + id + " was here before, in " + place(there) + ": it is flashed again, or it is a copy.";
  }
  remember(id, here);
  last_on_port_[here.port] = id;
  return alarm;
}

void Identities::remember(const std::string& id, const Sighting& here) {
  const auto seen = seen_.try_emplace(id).first;
  by_age_.erase(seen->second.number);
  seen->second = {here, ++sightings_};
  by_age_[sightings_] = seen;
  if (seen_.size() <= most) return;
  seen_.erase(by_age_.begin()->second);
  by_age_.erase(by_age_.begin());
}

}  // namespace scheduler
