// From whatever state a unit is in to dfuIDLE, bounded (facts/dfu.md 4.4). A conversation, pure.
#pragma once

#include <optional>

#include "dfu/exchange.h"

namespace dfu {

class Recovery {
 public:
  explicit Recovery(const Profile& profile);

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
  bool reset_ = false;
  std::optional<Fault> fault_;
};

}  // namespace dfu
