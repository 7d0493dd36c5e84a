// The interface to units: what the engine may ask of USB, and the events that it gets. Behind it: libusb (dfu/usb) or a
// virtual line (dfu/virtual).
//
// Every verb with a `done` answers it **exactly once**, also after cancel and after the unit has gone, and never from
// inside the call itself. Answers and events come from threads of the bus; the receiver must not block.
// Any thread may call any verb. One transfer is in flight per unit: REQUIRES that the previous one was answered.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/clock.h"
#include "dfu/descriptors.h"

namespace dfu {

// Bus and chain of ports, "1-1.4.2": the only identity that survives re-enumeration (docs/devices.md, "Port paths").
struct PortPath {
  std::string text;

  // "1-1.4" for "1-1.4.2"; "1-0" (the root hub) for "1-1".
  PortPath hub() const;
  // "1-0": the hub that a controller is, which is plugged into nothing.
  bool is_root() const;
  // This is a port of that hub, or of a hub that is plugged in behind it. No hub is behind itself.
  bool is_behind(const PortPath& hub) const;
  // Orders by number, so that 1-1.10 comes after 1-1.9.
  std::strong_ordering operator<=>(const PortPath& other) const;
  bool operator==(const PortPath&) const = default;
};

// One enumeration of one unit. A unit that leaves and comes back has a new handle; handles are never reused.
using UnitHandle = std::uint64_t;

struct UnitInfo {
  UnitHandle handle = 0;
  PortPath port;
  UsbId id;
  std::uint16_t release = 0;  // bcdDevice
  std::string serial;         // as shown; an attribute, never a key
  std::string product;
  ConfigurationInfo configuration;
};

struct Setup {
  std::uint8_t request_type = 0;
  std::uint8_t request = 0;
  std::uint16_t value = 0;
  std::uint16_t index = 0;
  std::uint16_t length = 0;

  bool in() const { return (request_type & 0x80) != 0; }
};

// One control transfer, or one bulk transfer where `endpoint` is not 0. `data` holds `setup.length` bytes when it goes
// out and is empty when it comes in. Of a bulk transfer's setup only the length counts: how many bytes may come in.
struct Transfer {
  Setup setup;
  Bytes data;
  Duration timeout{};
  std::uint8_t endpoint = 0;  // bulk: its address, 0x80 for one that comes in

  bool in() const { return endpoint == 0 ? setup.in() : (endpoint & 0x80) != 0; }
};

enum class TransferStatus {
  ok,
  stall,      // the unit refused: EPIPE
  timed_out,  // no answer within the timeout
  gone,       // the unit has left, or its handle is not open
  io_error,   // EPROTO, EILSEQ and relatives: often just before `gone`
  cancelled,
};

struct TransferResult {
  TransferStatus status = TransferStatus::ok;
  Bytes data;  // what came in; empty for a transfer that goes out
};

enum class OpenStatus {
  ok,
  gone,
  access_denied,
  busy,
  failed,
  exhausted,  // this computer is out of threads, open files or memory; not about the unit
};

struct OpenResult {
  OpenStatus status = OpenStatus::ok;
  std::string detail;  // for a person: the node and the remedy, or the program that holds the interface
};

// An interface to hold while the unit is open. A kernel driver that is bound to it is detached, and attached again at
// close. `alternate`: the setting to select; nothing leaves it as it is.
struct Claim {
  std::uint8_t interface_number = 0;
  std::optional<std::uint8_t> alternate{};
};

// `lost`: the reset made the unit enumerate again; its handle is no longer valid, and an Arrived follows if that
// enumeration succeeds.
enum class ResetStatus { ok, lost };

struct Arrived {
  UnitInfo unit;
};
struct Left {
  UnitHandle handle = 0;
  PortPath port;
};
// All units that were present at start have been announced. Comes once.
struct Listed {};

using BusEvent = std::variant<Arrived, Left, Listed>;

class Bus {
 public:
  using OnEvent = std::function<void(const BusEvent&)>;

  virtual ~Bus() = default;

  // Arrived for each unit that is present, then Listed, then changes as they happen; in order for each port.
  virtual void start(OnEvent on_event) = 0;
  // Without claims only requests to the device itself may follow. REQUIRES: at most one claim selects a setting.
  virtual void open(UnitHandle unit, std::vector<Claim> claims, std::function<void(OpenResult)> done) = 0;
  virtual void submit(UnitHandle unit, Transfer transfer, std::function<void(TransferResult)> done) = 0;
  // USB port reset. The open handle stays usable when the answer is `ok`.
  virtual void reset(UnitHandle unit, std::function<void(ResetStatus)> done) = 0;
  // The transfer in flight, if any, is answered soon with `cancelled` (or its result if it was faster).
  virtual void cancel(UnitHandle unit) = 0;
  virtual void close(UnitHandle unit, std::function<void()> done) = 0;
};

}  // namespace dfu
