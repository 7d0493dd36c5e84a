// The conversation that sends a unit of DFU 1.1 from its application into DFU mode: DFU_DETACH, and a USB reset unless
// the unit detaches by itself (docs/devices.md, "Detach and reset"). Whether the unit comes back in DFU mode is seen on
// its port, not here. Pure.
#pragma once

#include <optional>

#include "dfu/conversation.h"
#include "dfu/fault.h"
#include "dfu/profile.h"

namespace dfu {

// The interface that takes DFU_DETACH; nothing if the unit shows none.
std::optional<std::uint8_t> run_time_interface(const UnitInfo& unit);

// REQUIRES: the unit shows a run-time interface and is open with it claimed.
class Detach {
 public:
  explicit Detach(const UnitInfo& unit);

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Once Finished: nothing if the unit should be on its way.
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  std::uint8_t interface_;
  bool by_itself_;
  std::chrono::milliseconds detach_timeout_;
  std::optional<Fault> fault_;
};

}  // namespace dfu
