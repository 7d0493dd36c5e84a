#include "dfu/operation.h"

#include <algorithm>

namespace dfu {

std::string_view to_string(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::erase:
      return "erase";
    case Operation::Kind::set_address:
      return "set-address";
    case Operation::Kind::write:
      return "write";
    case Operation::Kind::to_idle:
      return "to-idle";
    case Operation::Kind::read:
      return "read";
    case Operation::Kind::leave:
      return "leave";
    case Operation::Kind::manifest:
    case Operation::Kind::manifest_and_reset:
      return "manifest";
    case Operation::Kind::reset:
      return "reset";
    case Operation::Kind::select:
      return "select";
  }
  return {};
}

Duration device_time_of(Operation::Kind kind, std::uint32_t length, const Profile& profile) {
  const Duration status = wire_time(6);
  // A command works at its first GETSTATUS and tells its result at a second one (docs/devices.md, "DfuSe commands").
  const Duration command = wire_time(5) + 2 * status;
  switch (kind) {
    case Operation::Kind::erase:
      return command + profile.timing.erase(length);
    case Operation::Kind::set_address:
      return command;
    case Operation::Kind::write:
      return wire_time(length) + 2 * status + profile.timing.program(length);
    case Operation::Kind::to_idle:
      return wire_time(0) + status;
    case Operation::Kind::read:
      return wire_time(length);
    case Operation::Kind::select:
      return wire_time(0);
    case Operation::Kind::leave:
      return wire_time(0) + status;
    case Operation::Kind::manifest:
    case Operation::Kind::manifest_and_reset:
      return wire_time(0) + 2 * status;
    case Operation::Kind::reset:
      return std::chrono::milliseconds(10);  // the least that a bus reset lasts
  }
  return {};
}

namespace {

// ST's ROM gives no block of one byte (docs/devices.md, "DfuSe blocks and addresses").
std::uint16_t asked_for(std::uint32_t length, const Profile& profile) {
  constexpr std::uint32_t least_block = 4;
  return static_cast<std::uint16_t>(std::max(length, profile.dialect == Dialect::dfuse ? least_block : 1u));
}

}  // namespace

ByteView read_by(const Operation& operation, const Exchange& exchange) {
  const ByteView data = exchange.data();
  return data.first(std::min<std::size_t>(data.size(), operation.length));
}

Exchange exchange_for(const Operation& operation, const Profile& profile, ByteView data) {
  switch (operation.kind) {
    case Operation::Kind::erase:
      return Exchange::download(profile, 0, dfuse_erase(operation.address));
    case Operation::Kind::set_address:
      return Exchange::download(profile, 0, dfuse_set_address(operation.address));
    case Operation::Kind::write:
      return Exchange::download(profile, operation.block, Bytes(data.begin(), data.end()));
    case Operation::Kind::to_idle:
      return Exchange::abort(profile);
    case Operation::Kind::read:
      return Exchange::upload(profile, operation.block, asked_for(operation.length, profile));
    case Operation::Kind::manifest:
      return Exchange::manifest(profile, operation.block, true);
    case Operation::Kind::manifest_and_reset:
      return Exchange::manifest(profile, operation.block, false);
    case Operation::Kind::select:
      return Exchange::select(profile, static_cast<std::uint8_t>(operation.block));
    case Operation::Kind::leave:
    case Operation::Kind::reset:
      break;
  }
  return Exchange::leave(profile);
}

ByteView bytes_of(const Operation& operation, const Layout& layout, const BytesAt& sectors) {
  if (!operation.shared) {
    return layout.steps[operation.step].payload({operation.address, operation.address + operation.length});
  }
  const auto& [begin, content] = *std::prev(sectors.upper_bound(operation.address));
  return ByteView(content).subspan(operation.address - begin, operation.length);
}

std::vector<Share> shares_of(const Operation& operation, const Layout& layout) {
  if (!operation.shared) return {{operation.step, operation.length}};
  const Range moved{operation.address, operation.address + operation.length};
  std::vector<Share> shares;
  for (const Piece& piece : layout.pieces) {
    const bool writes = layout.steps[piece.step].does == Step::Does::write;
    if (!writes || !piece.data.overlaps(moved)) continue;
    const std::uint32_t bytes = std::min(piece.data.end, moved.end) - std::max(piece.data.begin, moved.begin);
    shares.push_back({piece.step, bytes});
  }
  return shares;
}

OperationKind operation_kind(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::erase:
      return OperationKind::erase;
    case Operation::Kind::write:
    case Operation::Kind::manifest:
    case Operation::Kind::manifest_and_reset:
      return OperationKind::write;
    case Operation::Kind::set_address:
    case Operation::Kind::to_idle:
    case Operation::Kind::read:
    case Operation::Kind::select:
      return OperationKind::read;
    case Operation::Kind::leave:
    case Operation::Kind::reset:
      return OperationKind::leave;
  }
  return OperationKind::read;
}

namespace {

std::string doing(const Operation& operation, const Layout& layout) {
  const std::string what = operation.shared ? "the sector of " : "";
  const std::string place = what + layout.steps[operation.step].name + " at " + hex_address(operation.address);
  switch (operation.kind) {
    case Operation::Kind::erase:
      return "erasing the sector of " + place;
    case Operation::Kind::set_address:
      return "setting the address of " + place;
    case Operation::Kind::write:
      return "writing " + place;
    case Operation::Kind::to_idle:
      return "preparing to read " + place;
    case Operation::Kind::read:
      return "reading " + place;
    case Operation::Kind::manifest:
    case Operation::Kind::manifest_and_reset:
      return "waiting until the unit has taken in " + layout.steps[operation.step].name;
    case Operation::Kind::select:
      return "choosing the memory of " + layout.steps[operation.step].name;
    case Operation::Kind::leave:
    case Operation::Kind::reset:
      break;
  }
  return "leaving DFU mode";
}

void locate(Fault& fault, const Operation& operation, const Layout& layout) {
  if (operation.kind == Operation::Kind::leave || operation.kind == Operation::Kind::reset) return;
  fault.step = layout.steps[operation.step].name;
  fault.address = operation.address;
  const bool data = operation.kind == Operation::Kind::write || operation.kind == Operation::Kind::read;
  if (data) fault.block = operation.block;
}

}  // namespace

Fault fault_of(const Exchange::Failure& failure, const Operation& operation, const Layout& layout) {
  Fault fault = fault_of(failure, operation_kind(operation.kind), doing(operation, layout));
  locate(fault, operation, layout);
  return fault;
}

std::optional<Fault> mismatch(const Operation& operation, ByteView read, ByteView wanted, const Layout& layout) {
  const auto [found, expected] = std::mismatch(read.begin(), read.end(), wanted.begin(), wanted.end());
  if (found == read.end() && expected == wanted.end()) return {};
  Fault fault;
  fault.operation = OperationKind::read;
  locate(fault, operation, layout);
  if (read.size() != wanted.size()) {
    fault.code = FaultCode::device_error;
    fault.text = "While " + doing(operation, layout) + ": the unit gave " + std::to_string(read.size()) +
                 " bytes instead of " + std::to_string(wanted.size()) + ".";
    return fault;
  }
  fault.code = FaultCode::verify_mismatch;
  fault.address = operation.address + static_cast<std::uint32_t>(found - read.begin());
  const std::string what = operation.shared ? "What shares a sector with " + fault.step : fault.step;
  fault.text = what + " reads back wrong: " + hex_address(*fault.address) + " holds 0x" + to_hex({&*found, 1}) +
               " instead of 0x" + to_hex({&*expected, 1}) + ".";
  return fault;
}

namespace {

constexpr std::uint32_t linux_most = 4096;  // docs/devices.md, "Errors of usbfs and libusb": more is refused by usbfs

}  // namespace

Pointer::Pointer(std::uint16_t transfer_size, bool counts_in_it)
    : chunk_(std::min<std::uint32_t>(transfer_size, linux_most)),
      stride_(transfer_size),
      each_block_(chunk_ < stride_ || !counts_in_it) {}

std::optional<std::uint16_t> Pointer::block_at(std::uint32_t address) const {
  if (!base_ || address < *base_ || (address - *base_) % stride_ != 0) return {};
  const std::uint32_t number = dfuse_first_block + (address - *base_) / stride_;
  if (number > 0xFFFF || (each_block_ && number != dfuse_first_block)) return {};
  return static_cast<std::uint16_t>(number);
}

}  // namespace dfu
