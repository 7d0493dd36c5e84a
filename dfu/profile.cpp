#include "dfu/profile.h"

#include <algorithm>

namespace dfu {

using namespace std::chrono_literals;

namespace {

// STM32F2/F4 flash, typical, 32 bits at a time (3.3 V): docs/devices.md, "STM32 flash times".
constexpr FlashTiming stm32f2_timing = {
    .erase_16k = 250ms,
    .erase_64k = 550ms,
    .erase_128k = 1000ms,
    .program_word = 16us,
};

// Slowest sector erase in the same table: 128 KB, lowest supply voltage, maximum.
constexpr Duration worst_sector_erase = 4s;

// An application that crashes at its start resets the unit within a few hundred milliseconds of the enumeration. Also,
// a Particle unit does not listen to line speeds before its USB has been up for a second (docs/devices.md, "Entering
// DFU mode").
constexpr Duration settled = 1s;
// The newer bootloaders reset 0.5 s after the leave request (docs/devices.md, "Leaving DFU mode"). But the host may
// report the departure late: Linux handles the ports of a hub one after the other, and enumerates units that are back
// before it sees that the next one has left. With eight units on one hub of a slow machine the last departure was
// reported 5.6 s after it happened (tests/guest).
constexpr Duration departure_told = 10s;
// Boot and enumeration of one unit take 1-3 s (docs/devices.md, "Enumeration and host limits", "Device time of a
// Photon"). Not measured for others; a unit that takes longer to start is read once more; that changes no verdict.
constexpr Duration own_reset = 3s;

// The Particle boards with an STM32F205 have one bootloader in common (docs/devices.md, "Photon bootloader
// generations", "Particle USB ids").
Profile particle_f2(std::string name, std::uint16_t product, particle::Platform platform) {
  return {
      .name = std::move(name),
      // Vendor and product in DFU mode; in application mode the product is 0x1000 less (docs/devices.md, "Particle USB
      // ids").
      .dfu = {0x2B04, product},
      .application = UsbId{0x2B04, static_cast<std::uint16_t>(product - 0x1000)},
      .interface_number = 0,
      // 0 is the internal flash, 1 the configuration store, and on some P1 2 the serial flash (docs/devices.md,
      // "Particle USB ids").
      .alternate = 0,
      // The same in every bootloader generation (docs/devices.md, "Memory map strings", "Particle USB ids"). The two
      // writable sectors that it claims below 0x08020000 are refused by the bootloader; particle/slots keeps modules
      // away from them.
      .map = "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg",
      .platform = platform,
      // Copied whole with each change, so there is nothing to erase in it (docs/devices.md, "Particle USB ids",
      // "Configuration store").
      .store_map = "@DCT Flash   /0x00000000/01*016Kg",
      // docs/devices.md, "DFU functional descriptor", "Particle USB ids"
      .transfer_size = 4096,
      // The unit answers a GETSTATUS only when the work is done; the time it then asks for is a constant. True of every
      // bootloader generation of d006, d008 and d00a (docs/devices.md, "Poll times").
      .obey_poll_timeout = false,
      // A whole sector erase happens inside one GETSTATUS; the supply voltage is not known (docs/devices.md, "Poll
      // times").
      .control_timeout = 10s,
      // docs/devices.md, "Recovery by state": twice the datasheet's maximum.
      .busy_limit = 2 * worst_sector_erase,
      // docs/devices.md, "Configuration store": written by system firmware from 0.6.0 on.
      // The station does not read the bytes around it: private keys are among them.
      .stored_id = Profile::StoredId{.alternate = 1, .address = 3618, .length = 12},
      // docs/devices.md, "Entering DFU mode": there is no DFU interface in application mode.
      .entry = Entry::particle,
      .depart_limit = departure_told,
      // Boot and enumeration take 1-3 s; units that leave together are enumerated one after the other, up to 0.3 s each
      // (docs/devices.md, "Enumeration and host limits", "Device time of a Photon"), and a first boot may rewrite the
      // bootloader (docs/devices.md, "Bootloader updates").
      .return_limit = 15s,
      .reset_time = own_reset,
      .settle = settled,
      .timing = stm32f2_timing,
  };
}

Profile core() {
  return {
      .name = "core",
      // docs/devices.md, "Particle USB ids"
      .dfu = {0x1D50, 0x607F},
      .application = UsbId{0x1D50, 0x607D},
      .interface_number = 0,
      // 0 is the internal flash, 1 the SPI flash (docs/devices.md, "Particle USB ids").
      .alternate = 0,
      // docs/devices.md, "Core"; the 20 pages that cannot be written hold the bootloader.
      .map = "@Internal Flash  /0x08000000/20*001Ka,108*001Kg",
      .platform = particle::Platform::core,
      // docs/devices.md, "DfuSe blocks and addresses", "Particle USB ids"
      .transfer_size = 1024,
      // docs/devices.md, "Serial numbers and chip ids": 12 digits made from the chip's id, by the formula of ST's ROM.
      .serial_of_chip = true,
      // Nothing is known about the truth of its poll times, so they are obeyed.
      .obey_poll_timeout = true,
      // ST's older library jumps to the address pointer or resets; set, it is right for both (docs/devices.md, "Leaving
      // DFU mode").
      .leave_uses_pointer = true,
      // Where the work is done is not known: it may be inside a request (docs/devices.md, "Poll times").
      .control_timeout = 10s,
      .busy_limit = 2 * worst_sector_erase,
      .entry = Entry::particle,
      .depart_limit = departure_told,
      .return_limit = 15s,
      .reset_time = own_reset,
      .settle = settled,
      // STM32F103 data sheet, typical: a page of 1 KiB 20 ms, 16 bits 52.5 us. Not read again here.
      .timing = {.erase_16k = 20ms, .erase_64k = 20ms, .erase_128k = 20ms, .program_word = 105us},
  };
}

// ST's ROM on an STM32F405 or F407 with 1 MiB. Other parts have other maps: they are spelled out in the recipe.
Profile stm32_rom() {
  Profile profile = standard_profile({0x0483, 0xDF11}, 0);
  profile.name = "stm32-rom";
  // After leave the unit runs a program that is not known here, so neither is a way from that program into DFU mode.
  profile.entry = Entry::none;
  // The sectors of docs/devices.md, "STM32 flash times", in the spelling of the ROM (docs/devices.md, "Memory map
  // strings").
  profile.map = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg";
  return profile;
}

// The virtual unit's ids, which pid.codes keeps free for tests. Real units are spelled out in the recipe.
Profile dfu11() {
  Profile profile = plain_profile({0x1209, 0x0001}, 0);
  profile.name = "dfu11";
  profile.application = UsbId{0x1209, 0x0002};
  return profile;
}

}  // namespace

// One row per family.
const std::vector<Profile>& all_profiles() {
  static const std::vector<Profile> profiles = {
      particle_f2("photon", 0xD006, particle::Platform::photon),
      particle_f2("p1", 0xD008, particle::Platform::p1),
      particle_f2("electron", 0xD00A, particle::Platform::electron),
      core(),
      stm32_rom(),
      dfu11(),
  };
  return profiles;
}

Duration FlashTiming::erase(std::uint32_t sector_size) const {
  if (sector_size <= 16 * 1024) return erase_16k;
  if (sector_size <= 64 * 1024) return erase_64k;
  return erase_128k;
}

Duration FlashTiming::program(std::uint32_t bytes) const {
  return (bytes / 4 + (bytes % 4 != 0)) * program_word;
}

Duration wire_time(std::uint32_t bytes) {
  // SETUP and STATUS stage, then 64-byte packets with 13 bytes around each; a 1 ms frame carries 1500 bytes
  // (docs/devices.md, "Wire time").
  constexpr std::uint64_t setup_and_status = 21 + 13;
  constexpr std::uint64_t packet = 64 + 13;
  const std::uint64_t packets = (std::uint64_t{bytes} + 63) / 64;
  const Duration on_the_wire = (setup_and_status + packets * packet) * Duration(1ms) / 1500;
  // What a short transfer costs between host and unit, however few its bytes (docs/devices.md, "Device time of a
  // Photon", typical).
  return std::max<Duration>(on_the_wire, 500us);
}

std::optional<Profile> find_profile(std::string_view name) {
  const auto found = std::ranges::find(all_profiles(), name, &Profile::name);
  if (found == all_profiles().end()) return std::nullopt;
  return *found;
}

std::optional<std::string> other_board(const Profile& profile, UsbId shown) {
  if (shown == profile.dfu || shown == profile.application) return std::nullopt;
  for (const Profile& other : all_profiles()) {
    if (other.name != profile.name && (shown == other.dfu || shown == other.application)) return other.name;
  }
  return std::nullopt;
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names;
  for (const Profile& profile : all_profiles()) names.push_back(profile.name);
  return names;
}

Profile standard_profile(UsbId dfu, std::uint8_t alternate) {
  return {
      .name = "standard",
      .dfu = dfu,
      .application = std::nullopt,
      .interface_number = 0,
      .alternate = alternate,
      .map = "",
      .platform = std::nullopt,
      // The most that ST's ROM takes (docs/devices.md, "DfuSe blocks and addresses").
      .transfer_size = 2048,
      // docs/devices.md, "Serial numbers and chip ids": ST's ROM makes it from the chip's id. Of others it is not
      // known.
      .serial_of_chip = dfu == UsbId{0x0483, 0xDF11},
      // ST's ROM erases while it reports dfuDNBUSY and must not be asked early (docs/devices.md, "Stalls", "Poll
      // times").
      .obey_poll_timeout = true,
      .leave_uses_pointer = true,
      // An unknown unit may do its work inside a request, as Particle's does.
      .control_timeout = 10s,
      .busy_limit = 2 * worst_sector_erase,
      // Where the unit shows the interface for it.
      .entry = Entry::detach,
      .depart_limit = departure_told,
      .return_limit = 15s,
      .reset_time = own_reset,
      .settle = settled,
      .timing = stm32f2_timing,
  };
}

Profile plain_profile(UsbId dfu, std::uint8_t alternate) {
  Profile profile = standard_profile(dfu, alternate);
  profile.name = "plain";
  profile.dialect = Dialect::dfu11;
  profile.map = "@Firmware/0x00000000/01*4095Mg";
  // There is no address to jump to.
  profile.leave_uses_pointer = false;
  return profile;
}

}  // namespace dfu
