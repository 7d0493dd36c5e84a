#include "dfu/virtual/rom_dfu.h"

#include <algorithm>

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// Setting the address needs no flash work; so long a log of the F7's ROM shows for it (docs/devices.md, "Poll times").
constexpr Duration command_time = 5ms;

}  // namespace

RomDfu::RomDfu(bool read_protected, std::vector<Memory> memories, std::uint16_t transfer_size)
    : BusyDfu(transfer_size),
      memories_(std::move(memories)),
      transfer_size_(transfer_size),
      protected_(read_protected) {
  RomDfu::start();
}

void RomDfu::start() {
  DfuSide::start();
  pointer_ = memories_.front().geometry->range.begin;
}

std::uint32_t RomDfu::block_address(std::uint16_t block) const {
  return pointer_ + (block - dfuse_first_block) * std::uint32_t{transfer_size_};
}

// Only flash is modelled; option bytes and the like are not there.
const FlashGeometry* RomDfu::geometry() const {
  const auto found = std::ranges::find(memories_, alternate(), &Memory::alternate);
  return found == memories_.end() ? nullptr : found->geometry;
}

bool RomDfu::in_flash(std::uint32_t address) const {
  return geometry() && geometry()->range.contains(address);
}

Range RomDfu::data_at(std::uint16_t block, std::uint32_t size) const {
  const std::uint32_t address = block_address(block);
  if (!in_flash(address)) return {};
  return {address, address + std::min(size, geometry()->range.end - address)};
}

Moment RomDfu::moment(const Setup& setup) const {
  using Phase = Moment::Phase;
  const bool idle = state_ == State::dfu_idle;
  if (is_class_request(setup, Request::dnload)) {
    const bool taken = idle || state_ == State::dnload_idle;
    if (!taken || setup.value < dfuse_first_block || setup.length == 0) return {};
    return {.phase = Phase::block_download, .data = data_at(setup.value, setup.length)};
  }
  if (is_class_request(setup, Request::upload)) {
    const bool taken = idle || state_ == State::upload_idle;
    if (!taken || protected_ || setup.value < dfuse_first_block || setup.length == 0) return {};
    return {.phase = Phase::flash_read, .data = data_at(setup.value, setup.length)};
  }
  if (!is_class_request(setup, Request::getstatus)) return {};
  Moment moment{.status = true};
  if (state_ == State::manifest_sync) moment.phase = Phase::leave;
  if (state_ != State::dnload_sync || pending_ == 0) return moment;
  if (block_ >= dfuse_first_block) {
    moment.phase = Phase::block_work;
    if (!protected_) moment.data = data_at(block_, pending_);
  } else if (buffer()[0] == dfuse_command_erase) {
    moment.phase = Phase::erase_work;
  }
  return moment;
}

// 2 to 2048 bytes in a block (docs/devices.md, "DfuSe blocks and addresses"); block 1 is reserved.
bool RomDfu::accepts(std::uint16_t block, std::uint16_t length) const {
  return block == 0 || (block >= dfuse_first_block && length >= 2);
}

Reaction RomDfu::upload(const Setup& setup, const Flash& flash) {
  if (setup.value == 0) {  // get commands
    Bytes commands{0x00, dfuse_command_set_address, dfuse_command_erase, dfuse_command_read_unprotect};
    state_ = setup.length > commands.size() ? State::dfu_idle : State::upload_idle;
    return answer(std::move(commands));
  }
  if (setup.value < dfuse_first_block || setup.length < 2 || setup.length > transfer_size_) return unexpected();
  if (protected_) return error(Status::err_vendor);
  const Range part = data_at(setup.value, setup.length);
  if (part.empty()) return error(Status::err_target);
  state_ = part.size() == setup.length ? State::upload_idle : State::dfu_idle;
  const ByteView held = flash.view(part);
  return answer({held.begin(), held.end()});
}

BusyDfu::Outcome RomDfu::carry_out(Flash& flash) {
  return block_ == 0 ? command(flash) : write(flash);
}

BusyDfu::Outcome RomDfu::command(Flash& flash) {
  const Bytes& said = buffer();
  const bool has_address = said.size() == 5;
  switch (said[0]) {
    case dfuse_command_set_address: {
      const std::uint32_t address = has_address ? le32(said, 1) : 0;
      if (!in_flash(address)) return {Status::err_target, command_time};
      pointer_ = address;  // allowed when read-protected too
      return {Status::ok, command_time};
    }
    case dfuse_command_erase:
      if (protected_) return {Status::err_vendor, command_time};
      if (has_address) return erase_sector(le32(said, 1), flash);
      return said.size() == 1 ? erase_all(flash) : Outcome{Status::err_stalledpkt, command_time};
    case dfuse_command_read_unprotect: {
      if (said.size() != 1) return {Status::err_stalledpkt, command_time};
      Outcome out = erase_all(flash);
      protected_ = false;
      out.departure = Departure{.after = out.takes};  // resets itself
      return out;
    }
    default:
      return {Status::err_stalledpkt, command_time};
  }
}

BusyDfu::Outcome RomDfu::erase_all(Flash& flash) {
  if (!geometry()) return {Status::err_target, command_time};
  return {Status::ok, erase(flash.range(), flash.geometry().mass_erase, flash)};
}

BusyDfu::Outcome RomDfu::erase_sector(std::uint32_t address, Flash& flash) {
  if (!in_flash(address)) return {Status::err_target, command_time};
  const Range sector = *flash.geometry().sector(address);
  return {Status::ok, erase(sector, flash.geometry().erase_time(sector), flash)};
}

// It does not check the result: bits that were not erased stay cleared, and it reports OK.
BusyDfu::Outcome RomDfu::write(Flash& flash) {
  if (protected_) return {Status::err_vendor, command_time};
  Bytes data = words();
  while (data.size() % flash.geometry().granule != 0) data.push_back(0xFF);
  const std::uint32_t address = block_address(block_);
  if (!in_flash(address) || flash.part(address, static_cast<std::uint32_t>(data.size())).size() != data.size()) {
    return {Status::err_target, command_time};
  }
  Outcome out;
  const bool taken = flash.may_program(address, static_cast<std::uint32_t>(data.size()));
  if (!taken || !program(address, data, 1, flash, out.takes)) out.status = Status::err_prog;
  return out;
}

Reaction RomDfu::manifest(Flash&) {
  state_ = State::manifest;
  Reaction out = answer(report());
  out.departure = Departure{};
  return out;
}

}  // namespace dfu::virt
