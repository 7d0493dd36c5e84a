// What a virtual line is made of: plain data, from CONTRACTS' line file or from `--line virtual --units N`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dfu/hubs.h"

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
};

// Where a fault strikes. Data blocks (DNLOADs that carry flash data) and control requests count from 1 over the
// unit's life; an address strikes the transfer that reads or writes it.
struct FaultPoint {
  enum class Kind { block, request, address, leave, survey } kind = Kind::leave;
  std::uint32_t number = 0;  // block, request or address
};

struct FaultSpec {
  FaultKind kind = FaultKind::stall;
  FaultPoint at;
  int times = 1;
};

enum class Starts { dfu, application, absent };

struct UnitSpec {
  PortPath port;
  std::string profile = "photon";
  int generation = 3;  // Photon bootloader generation
  std::string id;      // 24 hex digits; empty: derived from the port
  Starts starts = Starts::dfu;
  std::string flash_file;  // raw flash from its first address; read at start if there, written at the end
  std::vector<FaultSpec> faults;
};

struct HubSpec {
  PortPath port;
  int ports = 7;
  TransactionTranslator tt = TransactionTranslator::multi;
  PortPower power = PortPower::per_port;
};

struct LineSpec {
  double speed = 1.0;
  std::vector<HubSpec> hubs;
  std::vector<UnitSpec> units;
};

// Hubs 1-1, 1-2, ... of 7 multi-TT ports each, filled in order with Photons in DFU mode.
LineSpec photon_line(int units, int generation);

std::optional<FaultKind> fault_kind_from(std::string_view text);    // "poll-lie"
std::optional<FaultPoint> fault_point_from(std::string_view text);  // "block:40", "address:0x08061000", "leave"
std::vector<std::string> fault_kind_names();
// True if the virtual unit can carry out this fault.
bool supported(FaultKind kind);

}  // namespace dfu::virt
