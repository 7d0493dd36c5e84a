#include "scheduler/identities.h"

#include <utility>

namespace scheduler {

namespace {

void put_place(RemarkValues& values, const std::string& name, const Identities::Sighting& sighting) {
  values[name] = sighting.slot.empty() ? sighting.port.text : sighting.slot;
  values[name + "_is"] = std::string(sighting.slot.empty() ? "port" : "slot");
}

}  // namespace

std::optional<Remark> Identities::saw(const std::string& id, const Sighting& here) {
  const auto before = seen_.find(id);
  std::optional<Remark> alarm;
  if (before != seen_.end() && before->second.last.visit != here.visit) {
    const Sighting& there = before->second.last;
    // The other one has not been taken out since: then these are two units.
    const bool at_once = there.port != here.port && occupied_.contains(there.port) && last_on_port_[there.port] == id;
    RemarkValues values{{"unit", id}};
    put_place(values, "there", there);
    if (at_once) put_place(values, "here", here);
    alarm = make_remark(at_once ? RemarkCode::id_twice : RemarkCode::id_again, here.attempt, id, std::move(values));
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
