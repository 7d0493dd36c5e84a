// The Photon bootloaders that differ over USB, as data: docs/devices.md, "Photon bootloader generations". P1 and
// Electron have the same ones; the Core has its own. Immutable; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace dfu::virt {

struct PhotonGeneration {
  int number = 0;                    // as the line file names it
  std::uint16_t module_version = 0;  // in the bootloader's own header
  std::uint16_t release = 0;         // bcdDevice in DFU mode

  // The serial in DFU mode: a constant of the build, the chip's id in upper or lower case, or 12 digits made from it.
  enum class Serial { constant, id_upper, id_lower, short_id } serial = Serial::constant;

  bool drops_inside_leave = false;   // resets while it answers the leave request
  bool reports_failures = false;     // a failed erase or write is a STALL; otherwise it is not reported
  bool memory_by_alternate = false;  // otherwise the address alone chooses the memory
  // UPLOAD outside every memory: zeros; otherwise whatever the transfer buffer holds.
  bool zeros_outside = false;
  // Configuration store (alternate 1) by functions that it borrows from system part 2.
  bool borrows_dct_code = false;

  std::chrono::milliseconds poll_busy{};  // bwPollTimeout of dfuDNBUSY
  std::chrono::milliseconds poll_idle{};  // and of every later answer
};

// nullptr for a generation that is not modelled.
const PhotonGeneration* find_generation(int number);
const PhotonGeneration& core_bootloader();

}  // namespace dfu::virt
