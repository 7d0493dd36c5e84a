// Device operations as data: what a plan lists, a session carries out, and a survey does while it reads. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfu/exchange.h"
#include "dfu/layout.h"

namespace dfu {

struct Operation {
  enum class Kind {
    erase,        // the sector at `address`
    set_address,  // the address pointer
    write,        // `length` bytes of the step at `address`, as block `block`
    to_idle,      // ABORT: uploads need dfuIDLE
    read,         // `length` bytes at `address`, as block `block`, compared with the step
    leave,        // zero-length DNLOAD and the GETSTATUS on which the unit goes
    manifest,     // plain DFU: zero-length DNLOAD as block `block`; the unit takes the image in and stays in dfuIDLE
    manifest_and_reset,  // the same of a unit that then waits for a reset, or makes one itself
    reset,               // USB reset: a unit of plain DFU starts its firmware
    select,              // SET_INTERFACE: alternate setting `block`; the address pointer is lost
  } kind = Kind::leave;
  std::size_t step = 0;
  std::uint32_t address = 0;
  std::uint32_t length = 0;  // of an erase: the sector's size
  std::uint16_t block = 0;
  Duration device_time{};  // the unit's own time for it, wire included
  // Of a write or read: its bytes are those of the sector, which bytes of several steps and of none may share.
  bool shared = false;
};

// Bytes by their first address.
using BytesAt = std::map<std::uint32_t, Bytes>;

std::string_view to_string(Operation::Kind kind);
// As faults name it.
OperationKind operation_kind(Operation::Kind kind);

// The unit's own time: flash work and wire (docs/devices.md, "STM32 flash times", "Wire time").
Duration device_time_of(Operation::Kind kind, std::uint32_t length, const Profile& profile);

// The exchange that carries an operation out; `data` are the bytes of a write. REQUIRES: not a reset, which is none.
Exchange exchange_for(const Operation& operation, const Profile& profile, ByteView data);

// What came of a read: as many bytes as it was for, or fewer.
ByteView read_by(const Operation& operation, const Exchange& exchange);

// The bytes that an operation writes or must read. `sectors`: the whole content of those that are shared.
// REQUIRES: a shared operation lies in one of them.
ByteView bytes_of(const Operation& operation, const Layout& layout, const BytesAt& sectors);

// How many bytes of which steps an operation moves; bytes of no step are not counted.
struct Share {
  std::size_t step = 0;
  std::uint32_t bytes = 0;
};
std::vector<Share> shares_of(const Operation& operation, const Layout& layout);

// A fault of this operation, with the facts filled in.
Fault fault_of(const Exchange::Failure& failure, const Operation& operation, const Layout& layout);
// The first byte that reads back different from `wanted`. Nothing when there is none.
std::optional<Fault> mismatch(const Operation& operation, ByteView read, ByteView wanted, const Layout& layout);

// How the units' transfer size cuts memory into blocks, and when the address pointer must be set again. A block is one
// transfer of min(wTransferSize, 4096) bytes, the most Linux carries; a unit whose wTransferSize is larger counts its
// block numbers in the larger size, so there the pointer is set for each block (docs/devices.md, "DfuSe blocks and
// addresses"). The pointer is also set for each block where the unit names no transfer size and the recipe does.
class Pointer {
 public:
  explicit Pointer(std::uint16_t transfer_size, bool counts_in_it = true);

  std::uint32_t chunk() const { return chunk_; }
  bool each_block() const { return each_block_; }
  // The block number that reaches `address` from where the pointer stands, if one does.
  std::optional<std::uint16_t> block_at(std::uint32_t address) const;
  void set(std::uint32_t address) { base_ = address; }
  // An erase leaves the pointer where it erased, on some units: it must be set again.
  void lose() { base_.reset(); }

 private:
  std::uint32_t chunk_;
  std::uint32_t stride_;
  bool each_block_ = false;  // needs its own address
  std::optional<std::uint32_t> base_;
};

}  // namespace dfu
