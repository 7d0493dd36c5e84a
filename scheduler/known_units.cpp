#include "scheduler/known_units.h"

#include <algorithm>

#include "dfu/particle/identity.h"
#include "scheduler/retry.h"

namespace scheduler {

namespace {

// A handful that was pulled too early comes back within minutes. One that comes back after so many others is surveyed
// like any unit and found to hold everything; and each of them keeps a recipe alive.
constexpr std::size_t most_owed = 32;

}  // namespace

std::optional<Remark> KnownUnits::hear(const AttemptEnded& ended) {
  const AttemptFinished& finished = ended.finished;
  const AttemptStarted& started = finished.started;
  half_written_.ended(finished);
  if (!finished.unit) return std::nullopt;
  note_owed(finished);
  return identities_.saw(*finished.unit, {started.port, started.slot, started.visit, started.attempt});
}

void KnownUnits::note_owed(const AttemptFinished& finished) {
  if (!owes_proof_after(finished)) {
    owed_.erase(*finished.unit);
    return;
  }
  owed_[*finished.unit] = std::make_shared<const AttemptFinished>(finished);
  if (owed_.size() <= most_owed) return;
  owed_.erase(std::ranges::min_element(owed_, {}, [](const auto& one) { return one.second->started.attempt; }));
}

std::shared_ptr<const AttemptFinished> KnownUnits::owed_by(const dfu::UnitInfo& unit) const {
  const auto id = dfu::particle::device_id(unit);
  const auto found = id ? owed_.find(*id) : owed_.end();
  return found == owed_.end() ? nullptr : found->second;
}

}  // namespace scheduler
