// What is known about units from one visit to the next: ids that appear where they should not, units that were left
// half-written, and proofs that are pending. Pure.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "scheduler/identities.h"
#include "scheduler/observer.h"
#include "scheduler/partial_flash.h"

namespace scheduler {

class KnownUnits {
 public:
  // An earlier run left this unit so.
  void left_partial(PartialFlash unit) { partial_flashes_.add(std::move(unit)); }

  void hear(const UnitArrived& arrived) { identities_.arrived(arrived.unit.port); }
  void hear(const UnitLeft& left) { identities_.left(left.port); }
  // What is to be said about the unit of this attempt.
  std::optional<Remark> hear(const AttemptBegan& began) { return partial_flashes_.began(began.started); }
  std::optional<Remark> hear(const AttemptEnded& ended);

  // The attempt that verified this very unit, by its id, and could not prove its boot. Null: there is none.
  std::shared_ptr<const AttemptFinished> pending_proof_of(const dfu::UnitInfo& unit) const;

 private:
  void note_owed(const AttemptFinished& finished);

  Identities identities_;
  PartialFlashUnits partial_flashes_;
  std::map<std::string, std::shared_ptr<const AttemptFinished>> pending_proof_;  // by unit id: what is left to prove
};

}  // namespace scheduler
