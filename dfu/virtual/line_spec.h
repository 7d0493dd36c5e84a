// What a virtual line is made of: plain data, from a line file (docs/formats.md, "Virtual line file") or from
// `--line virtual --units N`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dfu/hubs.h"
#include "dfu/virtual/flash.h"

namespace dfu::virt {

enum class FaultKind {
  stall,
  hang,
  unplug,
  corrupt,
  status,
  poll_lie,
  slow,
  drop_status,
  move,
  late,
  never_back,
  cable,
  wedge,
  fallback,
  safe_mode,
};

// The last two act once, at the start after a leave request of a Particle unit, whatever its flash holds. `fallback`
// restores the factory firmware if the unit has one, as its button does. `safe_mode` starts the system without the
// application.

// Where a fault strikes. Data blocks (DNLOADs that carry flash data) and control requests count from 1 over the
// unit's life; an address strikes the transfer that reads or writes it. `returned` is the application mode after a
// leave: its first transfers, and for `unplug` the moment `number` milliseconds after the unit was enumerated again.
struct FaultPoint {
  enum class Kind { block, request, address, leave, survey, returned } kind = Kind::leave;
  std::uint32_t number = 0;  // block, request, address or milliseconds
};

// `times`: how often it strikes. `probability`: of each strike, by dice that start from `seed`.
struct FaultSpec {
  FaultKind kind = FaultKind::stall;
  FaultPoint at;
  int times = 1;
  double probability = 1.0;
  std::uint32_t seed = 0;
};

enum class Starts { dfu, application, absent };

// A memory on an alternate setting of its own, beside the flash that the unit starts from.
struct MemorySpec {
  std::uint8_t alternate = 1;
  std::string map{};                            // the setting's name
  std::shared_ptr<const FlashGeometry> part{};  // see geometry_of_map
  std::string flash_file{};                     // as UnitSpec's
};

struct UnitSpec {
  PortPath port{};
  std::string profile = "photon";  // "p1", "electron", "core", "stm32-rom", "dfu11"
  int generation = 3;              // bootloader generation of a Photon, P1 or Electron
  std::string id{};                // 24 hex digits; empty: derived from the port
  Starts starts = Starts::dfu;
  std::string flash_file{};     // raw flash from its first address; read at start if there, written at the end
  bool read_protected = false;  // stm32-rom, and the next three
  // Another part than an STM32F405: its flash, its map as it spells it, its block. Null, empty, 0: as that one.
  std::shared_ptr<const FlashGeometry> part{};
  std::string map{};
  std::uint16_t transfer_size = 0;
  std::vector<MemorySpec> beside{};  // stm32-rom; of a P1 its serial flash, alternate setting 2
  // What its descriptors say in DFU mode, right or wrong; nothing: the truth.
  std::uint8_t interface_number = 0;  // those before it are of a vendor's own class
  std::optional<std::uint8_t> shown_protocol{};
  std::optional<std::uint16_t> shown_transfer_size{};
  bool can_upload = true;               // dfu11, and the next two
  bool manifestation_tolerant = false;  // stays in DFU mode when it has its image
  bool will_detach = true;              // goes by itself when it should; otherwise the host must reset it
  std::vector<FaultSpec> faults{};
};

// The part whose sectors a memory map names, from its first to its last; nothing if the map names none. `granule`: see
// FlashGeometry.
std::shared_ptr<const FlashGeometry> geometry_of_map(std::string_view map, std::uint32_t granule);
// The place for an image of a unit of plain DFU.
std::shared_ptr<const FlashGeometry> geometry_of_plain();

// "photon", "p1", "electron", "core", "stm32-rom", "dfu11": the boards that there are virtual units of.
std::vector<std::string> virtual_profile_names();

struct HubSpec {
  PortPath port{};
  int ports = 7;
  TransactionTranslator tt = TransactionTranslator::multi;
  PortPower power = PortPower::per_port;
  bool absent = false;  // at the start; its units come with it
};

struct LineSpec {
  double speed = 1.0;
  std::string control;  // where somebody may plug and pull from outside (control.h); empty: nowhere
  std::vector<HubSpec> hubs;
  std::vector<UnitSpec> units;
  // As if each unit had a USB controller of its own; otherwise units are enumerated one after the other on a bus.
  bool enumerates_at_once = false;
};

// Hubs 1-1, 1-2, ... of 7 multi-TT ports each, filled in order with Photons in DFU mode.
LineSpec photon_line(int units, int generation);

// The Photon bootloader generations that are modelled, ascending.
std::vector<int> generation_numbers();

// The places at which a fault of this kind finds something that it can change, as they are written: of others it would
// wait for ever, and who wrote the line would take the unit for a good one.
std::vector<std::string> fault_places(FaultKind kind);
bool has_place(FaultKind kind, FaultPoint::Kind place);

std::optional<FaultKind> fault_kind_from(std::string_view text);  // "poll-lie"
// "block:40", "request:12", "address:0x08061000", "leave", "survey", "return", "return:250" (milliseconds)
std::optional<FaultPoint> fault_point_from(std::string_view text);
std::vector<std::string> fault_kind_names();

}  // namespace dfu::virt
