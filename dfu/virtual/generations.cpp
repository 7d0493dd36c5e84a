#include "dfu/virtual/generations.h"

#include <array>

#include "dfu/virtual/line_spec.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;
using Serial = PhotonGeneration::Serial;

// docs/devices.md, "Photon bootloader generations" (serial, release, leave, errors, polls), "DfuSe blocks and
// addresses" (upload outside), "Particle USB ids" (memory by address before 0.4.9), "Module versions", "Configuration
// store" (from 0.7.0).
constexpr std::array<PhotonGeneration, 6> generations{{
    {.number = 3,  // 0.4.4
     .module_version = 3,
     .release = 0x0200,
     .drops_inside_leave = true,
     .poll_busy = 50ms},
    {.number = 6,  // 0.4.8
     .module_version = 6,
     .release = 0x0200,
     .poll_busy = 50ms},
    {.number = 7,  // 0.5.x
     .module_version = 7,
     .release = 0x0200,
     .reports_failures = true,
     .memory_by_alternate = true,
     .poll_busy = 50ms},
    {.number = 8,  // 0.6.0
     .module_version = 8,
     .release = 0x0250,
     .serial = Serial::id_upper,
     .reports_failures = true,
     .memory_by_alternate = true,
     .poll_busy = 50ms},
    {.number = 10,  // 0.6.2
     .module_version = 10,
     .release = 0x0250,
     .serial = Serial::id_upper,
     .reports_failures = true,
     .memory_by_alternate = true,
     .poll_busy = 50ms,
     .poll_idle = 50ms},
    {.number = 12,  // 0.7.0
     .module_version = 101,
     .release = 0x0250,
     .serial = Serial::id_lower,
     .reports_failures = true,
     .memory_by_alternate = true,
     .zeros_outside = true,
     .borrows_dct_code = true},
}};

// The Core's serial: docs/devices.md, "Serial numbers and chip ids". No source says how it reports and leaves; it is
// the root from which the first Photon bootloader was made, so it does the same here.
constexpr PhotonGeneration core{.number = 0,
                                .release = 0x0200,
                                .serial = Serial::short_id,
                                .drops_inside_leave = true,
                                .memory_by_alternate = true,
                                .poll_busy = 50ms};

}  // namespace

const PhotonGeneration& core_bootloader() {
  return core;
}

const PhotonGeneration* find_generation(int number) {
  for (const auto& generation : generations) {
    if (generation.number == number) return &generation;
  }
  return nullptr;
}

std::vector<int> generation_numbers() {
  std::vector<int> numbers;
  for (const auto& generation : generations) numbers.push_back(generation.number);
  return numbers;
}

}  // namespace dfu::virt
