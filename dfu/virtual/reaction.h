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
    reconnect,  // leaves the bus and comes back as it is
    power_cut,  // is pulled: stays away until it is plugged in again
    dies,       // stays away, plugged in as it is, until its power has been off
    // Does not leave at all: the time is over in which the host should have reset it after DETACH.
    detach_over,
  };
  Duration after{};
  Cause cause = Cause::restart;
  Duration late{};         // beyond its own time until it is back
  bool elsewhere = false;  // it comes back on another free port of its hub, if there is one
};

struct Reaction {
  bool answered = true;                        // false: the host waits until its timeout
  TransferStatus status = TransferStatus::ok;  // ok or stall; io_error or gone when it drops in the middle
  Bytes data{};                                // of a transfer that goes in
  Duration takes{};                            // until the host has the answer: wire and work
  Duration works_on{};  // after its answer the unit works on for so long, and hears nothing before it is done
  Duration occupies{};  // the part of `takes` for which it needs the bus for itself
  std::optional<Departure> departure{};
};

// What one full-speed control transfer with `bytes` in its data stage needs on the wire (docs/devices.md, "Wire time").
inline Duration wire_time(std::size_t bytes) {
  constexpr std::size_t overhead = 34, packet = 77, per_millisecond = 1500;
  return std::chrono::nanoseconds((overhead + packet * ((bytes + 63) / 64)) * 1'000'000 / per_millisecond);
}
// And from the request to the answer, however few its bytes (docs/devices.md, "Device time of a Photon").
inline Duration transfer_time(std::size_t bytes) {
  return std::max<Duration>(std::chrono::microseconds(500), wire_time(bytes));
}

inline Reaction answer(Bytes data = {}) {
  return {.data = std::move(data)};
}
inline Reaction refusal() {
  return {.status = TransferStatus::stall};
}

}  // namespace dfu::virt
