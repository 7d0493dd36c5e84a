#include "scheduler/identities.h"

namespace scheduler {

namespace {

std::string place(const Identities::Sighting& sighting) {
  return sighting.slot.empty() ? "port " + sighting.port.text : "slot " + sighting.slot;
}

}  // namespace

std::optional<std::string> Identities::saw(const std::string& id, const Sighting& here) {
  const auto before = last_.find(id);
  std::optional<std::string> alarm;
  if (before != last_.end() && before->second.visit != here.visit) {
    const Sighting& there = before->second;
    // The other one has not been taken out since: then these are two units.
    const bool at_once = there.port != here.port && occupied_.contains(there.port) && last_on_port_[there.port] == id;
    alarm = at_once ? "Two units say that they are " + id + ": one in " + place(there) + " and one in " + place(here) +
                          ". One of them is a copy."
                    : "Unit " + id + " was here before, in " + place(there) + ": it is flashed again, or it is a copy.";
  }
  last_[id] = here;
  last_on_port_[here.port] = id;
  return alarm;
}

}  // namespace scheduler
