// From whatever state a unit is in to dfuIDLE, bounded (docs/devices.md, "Recovery by state"). A conversation, pure.
#pragma once

#include <optional>

#include "dfu/exchange.h"

namespace dfu {

class Recovery {
 public:
  // A USB reset, once, when nothing else helps; or not, for callers that do it as a step of their own.
  enum class LastResort { none, reset };
  explicit Recovery(const Profile& profile, LastResort last_resort = LastResort::reset);

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Once Finished: nothing (the unit is in dfuIDLE), or why it cannot be brought there.
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  enum class Doing { peeking, looking, aborting, clearing, departing, resetting };

  Ask look(Duration now);
  Ask run(Doing doing, Exchange exchange, Duration now);
  Ask act_on(State state, Duration now);
  Ask reset_or(Fault fault);
  Ask exchange_done(Duration now);

  const Profile* profile_;
  Doing doing_ = Doing::peeking;
  std::optional<Exchange> exchange_;
  int looks_ = 0;
  bool may_reset_;
  std::optional<Fault> fault_;  // while a reset is under way: why it is needed
};

}  // namespace dfu
