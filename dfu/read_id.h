// The conversation that reads the chip's id where the profile says the unit keeps it, and nothing else: there are
// secrets beside it. A unit that cannot be asked, or has none stored, has no id, which is no fault. Pure.
#pragma once

#include <optional>
#include <string>

#include "dfu/exchange.h"
#include "dfu/profile.h"
#include "dfu/recovery.h"

namespace dfu {

// REQUIRES: the profile has a stored id, and the unit is open on its alternate setting; the profile outlives this.
class ReadId {
 public:
  explicit ReadId(const Profile& profile);

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Once Finished. A fault only for what concerns the line as a whole: the unit has left, or a stop.
  const std::optional<Fault>& fault() const { return fault_; }
  const std::optional<std::string>& id() const { return id_; }  // hex digits in lower case

 private:
  enum class Doing { recovering, address, idle, reading };

  Ask run(Doing doing, Duration now);
  Ask recovered(Duration now);
  Ask done(Duration now);

  const Profile* profile_;
  Doing doing_ = Doing::recovering;
  Recovery recovery_;
  std::optional<Exchange> exchange_;
  std::optional<Fault> fault_;
  std::optional<std::string> id_;
};

}  // namespace dfu
