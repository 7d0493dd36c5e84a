// What a unit does with one control transfer, and what happens to it afterwards. Plain values.
#pragma once

#include <algorithm>
#include <optional>

#include "dfu/bus.h"
#include "dfu/clock.h"

namespace dfu::virt {

// The unit leaves the bus, `after` the end of the transfer.
struct Departure {
  enum class Cause {
    restart,    // resets itself and boots
    reconnect,  // lets go of the bus and comes back as it is
    power_cut,  // stays away until power comes back
  };
  Duration after{};
  Cause cause = Cause::restart;
};

struct Reaction {
  bool answered = true;                        // false: the host waits until its timeout
  TransferStatus status = TransferStatus::ok;  // ok or stall; io_error or gone when it drops in the middle
  Bytes data{};                                // of a transfer that goes in
  Duration takes{};                            // until the host has the answer: wire and work
  std::optional<Departure> departure{};
};

// Wire time of one full-speed control transfer with `bytes` in its data stage (facts/dfu.md 5.1, 5.4).
inline Duration transfer_time(std::size_t bytes) {
  constexpr std::size_t overhead = 34, packet = 77, per_millisecond = 1500;
  const std::chrono::nanoseconds wire((overhead + packet * ((bytes + 63) / 64)) * 1'000'000 / per_millisecond);
  return std::max<Duration>(std::chrono::microseconds(500), wire);
}

inline Reaction answer(Bytes data = {}) {
  return {.data = std::move(data)};
}
inline Reaction refusal() {
  return {.status = TransferStatus::stall};
}

}  // namespace dfu::virt
