// What a Particle board does after a reset, decided from its flash alone: the bootloader's look at system part 1, then
// system part 2's look at the user module and the factory image; a Core only looks at the first word of its one image.
// Source: docs/devices.md, "Boot of a Photon".
//
// This is the device's side and shares no rule with dfu/particle, which predicts it: where the two differ, one is
// wrong. It really copies the factory image, and a bootloader from the update area. Not modelled: the update list in
// the configuration store, and the bootloader that system parts before 0.7.0 carry inside them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/clock.h"
#include "dfu/virtual/boards.h"
#include "dfu/virtual/flash.h"

namespace dfu::virt {

enum class BootOutcome {
  application,       // the user module that was in its slot runs
  safe_mode,         // the system runs, the user module does not; looks the same over USB
  factory_fallback,  // the factory image was copied over the user slot and runs
  dfu,               // the bootloader stays in DFU mode
  reset_loop,        // resets without end; never seen on the bus
  crash,             // crashes; never seen on the bus
};

std::string_view to_string(BootOutcome outcome);  // "factory-fallback"

// What a start may do instead, by a button or by a request that the last program left behind.
enum class StartAs { usual, factory_reset, safe_mode };

struct MissingModule {
  std::uint8_t function = 0;
  std::uint8_t index = 0;
  std::uint16_t wanted = 0;
  std::optional<std::uint16_t> found;  // nothing: no such module at all
};

struct BootResult {
  BootOutcome outcome = BootOutcome::dfu;
  std::string reason;                      // a sentence
  std::optional<MissingModule> missing{};  // the dependency that led to safe mode
  std::uint16_t system_version = 0;        // module version of the system part 2 that runs; 0 if none does
  bool factory_copied = false;
  bool overruled = false;  // the flash alone would have led to the application
  Duration takes{};        // from reset until it connects to the bus

  bool runs() const {
    return outcome == BootOutcome::application || outcome == BootOutcome::safe_mode ||
           outcome == BootOutcome::factory_fallback;
  }
};

BootResult particle_boot(Flash& flash, const ParticleBoard& board, StartAs as = StartAs::usual);
inline BootResult photon_boot(Flash& flash) {
  return particle_boot(flash, photon_board());
}

// A place for a module as the running system lists it, with what is there.
struct ModuleListing {
  std::uint32_t room = 0;
  bool factory = false;
  // Bits of what was tested and of what was found good: 2 integrity, 4 dependencies, 8 range, 16 platform.
  std::uint8_t checked = 30, good = 0;
  struct Held {
    std::uint8_t function = 0, index = 0;
    std::uint16_t version = 0;
    std::optional<Bytes> sha;          // as its suffix says, if it has one
    std::vector<MissingModule> needs;  // what it depends on
  };
  std::optional<Held> held;  // nothing: no header of this board
};
std::vector<ModuleListing> list_modules(const Flash& flash, const ParticleBoard& board, std::uint16_t system_version);

// A bootloader with a true header and checksums, for sector 0. It stands for the real one, which is not ours to ship.
Bytes synthetic_bootloader(std::uint16_t module_version, const ParticleBoard& board = photon_board());
// The version of system part 2; nothing if it is missing or damaged.
std::optional<std::uint16_t> system_version(const Flash& flash, const ParticleBoard& board = photon_board());
// The version in the header of the bootloader that the flash holds; nothing if there is none.
std::optional<std::uint16_t> bootloader_version(const Flash& flash, const ParticleBoard& board = photon_board());

}  // namespace dfu::virt
