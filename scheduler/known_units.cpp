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
  partial_flashes_.ended(finished);
  if (!finished.unit) return std::nullopt;
  note_owed(finished);
  return identities_.saw(*finished.unit, {started.port, started.slot, started.visit, started.attempt});
}

void KnownUnits::note_owed(const AttemptFinished& finished) {
  if (!owes_proof_after(finished)) {
    pending_proof_.erase(*finished.unit);
    return;
  }
  pending_proof_[*finished.unit] = std::make_shared<const AttemptFinished>(finished);
  if (pending_proof_.size() <= most_owed) return;
  pending_proof_.erase(
      std::ranges::min_element(pending_proof_, {}, [](const auto& one) { return one.second->started.attempt; }));
}

std::shared_ptr<const AttemptFinished> KnownUnits::pending_proof_of(const dfu::UnitInfo& unit) const {
  const auto id = dfu::particle::device_id(unit);
  const auto found = id ? pending_proof_.find(*id) : pending_proof_.end();
  return found == pending_proof_.end() ? nullptr : found->second;
}

}  // namespace scheduler
