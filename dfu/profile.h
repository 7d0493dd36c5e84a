// What a family of units needs, its quirks too: data with a reason and a source for each line (profile.cpp), never
// `if`s in the flow. CONTRIBUTING.md, "Where to add", has the steps. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/clock.h"
#include "dfu/descriptors.h"
#include "dfu/memory_map.h"
#include "dfu/particle/module.h"

namespace dfu {

// What the unit's own flash needs, and what the wire needs: the terms of every device time.
struct FlashTiming {
  Duration erase_16k{};
  Duration erase_64k{};
  Duration erase_128k{};
  Duration program_word{};  // 4 bytes

  Duration erase(std::uint32_t sector_size) const;
  Duration program(std::uint32_t bytes) const;
};

// Wire time of one full-speed control transfer with `bytes` in its data stage (docs/devices.md, "Wire time").
Duration wire_time(std::uint32_t bytes);

enum class Dialect {
  dfuse,  // ST's: a memory map, addresses, erase by command
  dfu11,  // plain DFU 1.1: one image, blocks from 0 on, and manifestation at the end
};

// The way from application mode into DFU mode.
enum class Entry {
  none,      // only a person can: a button, a jumper
  detach,    // DFU_DETACH to the run-time DFU interface that the unit shows
  particle,  // a line speed of its serial port, or a vendor request
};

struct Profile {
  std::string name;
  Dialect dialect = Dialect::dfuse;
  UsbId dfu;  // in DFU mode
  // In application mode. Nothing: what the firmware shows is not known, so that no id proves that it has started. Then
  // a start counts with evidence alone that this unit came back (scheduler/same_unit.h), and a device that another
  // profile describes, or a hub, is never taken for it.
  std::optional<UsbId> application;
  std::uint8_t interface_number = 0;             // of its DFU interface; for_unit() (dfu/fit.h) sets the unit's own
  std::optional<std::uint8_t> only_interface{};  // asked for by number; nothing: whichever the unit has
  std::uint8_t alternate = 0;
  // Layout string of that alternate setting, for checks without a unit; a unit's own must agree. Plain DFU has none:
  // there it is one sector that holds any image.
  std::string map;
  std::optional<particle::Platform> platform;
  // The memory beside it that holds settings, of families that have one: its alternate setting's number and layout.
  std::uint8_t store_alternate = 1;
  std::string store_map{};
  // A memory beside that, on an alternate setting of its own.
  struct Memory {
    std::optional<std::uint8_t> alternate;  // nothing: the setting with this name
    std::string name;                       // "External Flash"; empty: the number is enough
    std::string map;
  };
  // Those that units of this kind may have; in a recipe's profile those that its steps use, as Step::memory counts
  // them.
  std::vector<Memory> memories{};
  std::uint16_t transfer_size = 0;          // for checks without a unit; a unit's own descriptor decides
  std::uint16_t assumed_transfer_size = 0;  // of units whose descriptor names none; 0: not known
  // In DFU mode the unit shows a serial that is made from its chip's id, so that no two units share it.
  bool serial_of_chip = false;

  // The wait that a unit asks for in dfuDNBUSY is real. Where it is not, waiting only costs time.
  bool obey_poll_timeout = true;
  // Leave jumps to where the address pointer stands, so it must be set to the program first (docs/devices.md, "Leaving
  // DFU mode").
  bool leave_uses_pointer = false;
  Duration control_timeout{};  // any control transfer
  Duration busy_limit{};       // dfuDNBUSY after one command: twice the datasheet's worst sector erase
  // Where the unit keeps its chip's id, for those whose serial is not their own.
  struct StoredId {
    std::uint8_t alternate = 0;  // of the DFU interface
    std::uint32_t address = 0;
    std::uint16_t length = 0;
  };
  std::optional<StoredId> stored_id{};
  Entry entry = Entry::none;
  Duration depart_limit{};  // from leave, or from the request to go into DFU mode, to gone from the bus
  Duration return_limit{};  // from gone to back on its port
  // The longest absence that a reset of its own explains: its start and one enumeration. Time that the host needed for
  // the enumeration of other units is not part of it. Whatever was away for longer may be another unit.
  Duration reset_time{};
  Duration settle{};  // back in application mode, it must stay for so long: one that restarts does not
  FlashTiming timing;
};

// Nothing for a name that is not known.
std::optional<Profile> find_profile(std::string_view name);
std::vector<std::string> profile_names();
const std::vector<Profile>& all_profiles();
// The id of a board that `profile` does not describe, in either mode: "photon". Nothing for ids that no profile knows.
std::optional<std::string> other_board(const Profile& profile, UsbId shown);
// DfuSe as ST documents it, for units that no profile describes: poll times obeyed, no platform, no application id.
Profile standard_profile(UsbId dfu, std::uint8_t alternate);
// Plain DFU 1.1 by its specification, likewise.
Profile plain_profile(UsbId dfu, std::uint8_t alternate);

}  // namespace dfu
