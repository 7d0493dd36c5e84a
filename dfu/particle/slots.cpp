#include "dfu/particle/slots.h"

#include <algorithm>

namespace dfu::particle {
namespace {

// Also the P1's (docs/devices.md, "Flash maps of Gen 2").
const std::vector<Slot> photon_slots = {
    {"system-part 1", Function::system_part, 1, {0x08020000, 0x08060000}},
    {"system-part 2", Function::system_part, 2, {0x08060000, 0x080A0000}},
    {"user-part 1", Function::user_part, 1, {0x080A0000, 0x080C0000}},
};

// Index 3 is the one that the file names call part 1. There was none before 0.6.0.
const std::vector<Slot> electron_slots = {
    {"system-part 1", Function::system_part, 1, {0x08020000, 0x08040000}},
    {"system-part 2", Function::system_part, 2, {0x08040000, 0x08060000}},
    {"system-part 3", Function::system_part, 3, {0x08060000, 0x08080000}},
    {"user-part 1", Function::user_part, 1, {0x08080000, 0x080A0000}},
};

const std::vector<Slot> core_slots = {
    {"monolithic", Function::monolithic, 0, {0x08005000, 0x08020000}},
};

const std::vector<Slot> no_slots;

}  // namespace

const std::vector<Slot>& slots(Platform platform) {
  switch (platform) {
    case Platform::photon:
    case Platform::p1:
      return photon_slots;
    case Platform::electron:
      return electron_slots;
    case Platform::core:
      return core_slots;
    // Their maps changed with the Device OS version.
    case Platform::argon:
    case Platform::boron:
    case Platform::xenon:
    case Platform::esomx:
    case Platform::asom:
    case Platform::bsom:
    case Platform::xsom:
    case Platform::b5som:
    case Platform::tracker:
    case Platform::trackerm:
    case Platform::p2:
    case Platform::msom:
      return no_slots;
  }
  return no_slots;
}

std::optional<Slot> slot_for(const Module& module) {
  const std::vector<Slot>& known = slots(module.platform);
  const auto found = std::ranges::find_if(
      known, [&](const Slot& slot) { return slot.function == module.function && slot.index == module.index; });
  if (found == known.end()) return std::nullopt;
  return *found;
}

std::optional<Range> factory_slot(Platform platform) {
  if (platform == Platform::photon || platform == Platform::p1) return Range{0x080E0000, 0x08100000};
  if (platform == Platform::electron) return Range{0x080A0000, 0x080C0000};
  return std::nullopt;
}

std::optional<Range> update_area(Platform platform) {
  // As large as the bootloader's own sector: what lies behind is left alone.
  if (!factory_slot(platform)) return std::nullopt;
  return Range{0x080C0000, 0x080C4000};
}

std::optional<Range> scratch(Platform platform) {
  // Up to the factory image on the Photon and P1.
  if (!factory_slot(platform)) return std::nullopt;
  return Range{0x080C0000, 0x080E0000};
}

Range protected_range(Platform platform) {
  if (update_area(platform)) return {0x08000000, 0x08020000};
  return platform == Platform::core ? Range{0x08000000, 0x08005000} : Range{};
}

}  // namespace dfu::particle
