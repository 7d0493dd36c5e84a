#include "dfu/virtual/particle_dfu.h"

#include <algorithm>

#include "dfu/virtual/particle_boot.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t dct_code_from = 200;  // module version of 0.7.0-rc.1
constexpr int verify_rounds = 3;              // docs/devices.md, "Stalls"

// Programming can only clear bits: `words` come out as they are if nothing else was there.
bool sticks(ByteView old, ByteView words) {
  return old.size() == words.size() &&
         std::equal(old.begin(), old.end(), words.begin(), [](auto was, auto is) { return (was & is) == is; });
}

}  // namespace

ParticleDfu::ParticleDfu(const ParticleBoard& board, const PhotonGeneration& generation,
                         const FlashGeometry* serial_flash, TransferStatus way_out)
    : board_(&board), generation_(&generation), serial_flash_(serial_flash), way_out_(way_out) {
  ParticleDfu::start();
}

void ParticleDfu::start() {
  DfuSide::start();
  pointer_ = board_->flash->range.begin;
  buffer_.assign(board_->transfer_size, 0);
}

std::uint32_t ParticleDfu::block_address(std::uint16_t block) const {
  return pointer_ + (block - dfuse_first_block) * std::uint32_t{board_->transfer_size};
}

bool ParticleDfu::command_pending(std::uint8_t command) const {
  return pending_ > 0 && block_ == 0 && buffer_[0] == command;
}

Moment ParticleDfu::moment(const Setup& setup) const {
  using Phase = Moment::Phase;
  const auto data_at = [&](std::uint16_t block, std::uint32_t size) {
    const std::uint32_t address = block_address(block);
    const Memory where = memory(address);
    if (where != Memory::flash && where != Memory::serial_flash) return Range{};
    const FlashGeometry& part = where == Memory::flash ? *board_->flash : *serial_flash_;
    return Range{address, address + std::min(size, part.range.end - address)};
  };
  if (is_class_request(setup, Request::dnload)) {
    const bool taken = state_ == State::dfu_idle || state_ == State::dnload_idle;
    if (!taken || setup.value < dfuse_first_block || setup.length == 0) return {};
    return {.phase = Phase::block_download, .data = data_at(setup.value, setup.length)};
  }
  if (is_class_request(setup, Request::upload)) {
    const bool taken = state_ == State::dfu_idle || state_ == State::upload_idle;
    if (!taken || setup.value < dfuse_first_block || setup.length == 0) return {};
    return {.phase = Phase::flash_read, .data = data_at(setup.value, setup.length)};
  }
  if (!is_class_request(setup, Request::getstatus)) return {};
  Moment moment{.status = true};
  if (state_ == State::manifest_sync) moment.phase = Phase::leave;
  if (state_ != State::dnload_sync || pending_ == 0) return moment;
  if (block_ >= dfuse_first_block) {
    moment.phase = Phase::block_work;
    moment.data = data_at(block_, pending_);
  } else if (command_pending(dfuse_command_erase)) {
    moment.phase = Phase::erase_work;
  }
  return moment;
}

Reaction ParticleDfu::handle(const Setup& setup, ByteView data, Flash& flash) {
  const bool in = setup.in();
  // An undefined request is stalled and changes nothing here, unlike in the specification's table.
  if (setup.request > static_cast<std::uint8_t>(Request::abort)) return refusal();
  switch (static_cast<Request>(setup.request)) {
    case Request::detach:
      return in ? refusal() : detach();
    case Request::dnload:
      return in ? refusal() : download(setup, data);
    case Request::upload:
      return in ? upload(setup, flash) : refusal();
    case Request::getstatus:
      return in ? get_status(flash) : refusal();
    case Request::clrstatus:
      return in ? refusal() : clear_status();
    case Request::getstate:
      return in ? answer({static_cast<std::uint8_t>(state_)}) : refusal();
    case Request::abort:
      return in ? refusal() : abort();
  }
  return refusal();
}

Reaction ParticleDfu::detach() {
  abort();
  return {.departure = Departure{.cause = Departure::Cause::reconnect}};  // docs/devices.md, "Detach and reset"
}

Reaction ParticleDfu::download(const Setup& setup, ByteView data) {
  if (state_ != State::dfu_idle && state_ != State::dnload_idle) return refusal();
  if (setup.length > board_->transfer_size) return refusal();
  if (setup.length == 0) {  // DfuSe: leave, from dfuIDLE too
    state_ = State::manifest_sync;
    return answer();
  }
  block_ = setup.value;
  pending_ = setup.length;
  std::copy(data.begin(), data.end(), buffer_.begin());
  state_ = State::dnload_sync;
  return answer();
}

Reaction ParticleDfu::upload(const Setup& setup, const Flash& flash) {
  if (setup.length == 0) {
    state_ = State::dfu_idle;
    return answer();
  }
  if (state_ != State::dfu_idle && state_ != State::upload_idle) return refusal();
  poll_ = poll_ == 0ms ? 0ms : generation_->poll_idle;
  if (setup.value == 0) {  // get commands: a wish for more than the three there are gets a short answer, which ends it
    const Bytes commands{0x00, dfuse_command_set_address, dfuse_command_erase};
    std::copy(commands.begin(), commands.end(), buffer_.begin());
    state_ = setup.length > commands.size() ? State::dfu_idle : State::upload_idle;
    return answer({commands.begin(), commands.begin() + std::min<std::size_t>(setup.length, commands.size())});
  }
  if (setup.value < dfuse_first_block) {
    state_ = State::error;
    status_ = Status::err_stalledpkt;
    return refusal();
  }
  state_ = State::upload_idle;
  const std::uint32_t size = std::min(setup.length, board_->transfer_size);
  return answer(read(block_address(setup.value), size, flash));
}

Bytes ParticleDfu::read(std::uint32_t address, std::uint32_t size, const Flash& flash) const {
  Bytes out(size, 0);
  const Memory source = memory(address);
  if (source == Memory::flash || source == Memory::serial_flash) {
    const ByteView part = flash.view(flash.part(address, size));
    std::copy(part.begin(), part.end(), out.begin());
  } else if (source == Memory::dct && dct_code(flash)) {
    const std::uint32_t at = board_->dct_at;
    const ByteView part = flash.view({at + address, at + std::min(address + size, board_->dct.end)});
    std::copy(part.begin(), part.end(), out.begin());
  } else if (source == Memory::none && !generation_->zeros_outside) {
    std::copy_n(buffer_.begin(), size, out.begin());
  }
  return out;
}

Reaction ParticleDfu::leave() {
  poll_ = 0ms;
  if (generation_->drops_inside_leave) {
    state_ = State::manifest;
    return {.status = way_out_, .departure = Departure{}};
  }
  // Off the standard, so that old dfu-util ends cleanly (docs/devices.md, "Leaving DFU mode")
  state_ = State::dnload_idle;
  Reaction out = answer(report());
  out.departure = Departure{.after = 500ms};
  return out;
}

Reaction ParticleDfu::get_status(Flash& flash) {
  if (state_ == State::manifest_sync) return leave();
  if (state_ != State::dnload_sync) return answer(report());
  if (pending_ == 0) {
    state_ = State::dnload_idle;
    poll_ = poll_ == 0ms ? 0ms : generation_->poll_idle;
    return answer(report());
  }
  const bool config = memory(pointer_) == Memory::dct;
  poll_ = generation_->poll_busy;
  // The two values are swapped in the older code, which only shows on the configuration store (docs/devices.md, "Poll
  // times").
  if (config && poll_ != 0ms) poll_ = command_pending(dfuse_command_erase) ? 500ms : 1ms;
  state_ = State::dnbusy;
  Reaction out = answer(report());
  if (!carry_out(flash, out.takes)) {
    out.status = TransferStatus::stall;
    out.data.clear();
  }
  state_ = State::dnload_sync;
  pending_ = 0;
  return out;
}

Reaction ParticleDfu::clear_status() {
  const bool in_error = state_ == State::error;
  state_ = in_error ? State::dfu_idle : State::error;
  status_ = in_error ? Status::ok : Status::err_unknown;
  poll_ = 0ms;
  return answer();
}

Reaction ParticleDfu::abort() {
  switch (state_) {
    case State::dfu_idle:
    case State::dnload_sync:
    case State::dnload_idle:
    case State::manifest_sync:
    case State::upload_idle:
      state_ = State::dfu_idle;
      status_ = Status::ok;
      poll_ = poll_ == 0ms ? 0ms : generation_->poll_idle;
      pending_ = 0;
      break;
    case State::app_idle:
    case State::app_detach:
    case State::dnbusy:
    case State::manifest:
    case State::manifest_wait_reset:
    case State::error:
      break;  // ignored
  }
  return answer();
}

ParticleDfu::Memory ParticleDfu::memory(std::uint32_t address) const {
  const bool by_alternate = generation_->memory_by_alternate;
  if (board_->flash->range.contains(address) && !(by_alternate && alternate_ != 0)) return Memory::flash;
  if (by_alternate && alternate_ == 2 && serial_flash_ && serial_flash_->range.contains(address)) {
    return Memory::serial_flash;
  }
  if (board_->dct.contains(address) && !(by_alternate && alternate_ != 1)) return Memory::dct;
  return Memory::none;
}

bool ParticleDfu::may_change(std::uint32_t address) const {
  const Memory where = memory(address);
  return where == Memory::serial_flash || (where == Memory::flash && address >= board_->protected_end);
}

bool ParticleDfu::dct_code(const Flash& flash) const {
  return !generation_->borrows_dct_code || system_version(flash, *board_).value_or(0) >= dct_code_from;
}

// False: the work inside GETSTATUS failed, and this bootloader says so.
bool ParticleDfu::carry_out(Flash& flash, Duration& takes) {
  if (block_ >= dfuse_first_block) return write(block_address(block_), flash, takes) || !generation_->reports_failures;
  if (block_ != 0) return true;  // block 1 is reserved and does nothing
  if (buffer_[0] == 0 && pending_ == 1) return true;
  if (pending_ != 5) return false;
  const std::uint32_t address = le32(buffer_, 1);
  if (buffer_[0] != dfuse_command_set_address && buffer_[0] != dfuse_command_erase) return false;
  pointer_ = address;  // erasing moves the pointer too
  if (buffer_[0] == dfuse_command_set_address) return true;
  return erase_sector(address, flash, takes) || !generation_->reports_failures;
}

bool ParticleDfu::erase_sector(std::uint32_t address, Flash& flash, Duration& takes) {
  if (memory(address) == Memory::dct) return dct_code(flash);  // copied when written, never erased by request
  if (!may_change(address)) return false;
  const Range sector = *flash.geometry().sector(address);
  takes += erase(sector, flash.geometry().erase_time(sector), flash);
  return true;
}

bool ParticleDfu::write(std::uint32_t address, Flash& flash, Duration& takes) {
  if (memory(address) == Memory::dct) return write_dct(address, flash, takes);
  if (!may_change(address)) return false;
  while (pending_ % 4 != 0) buffer_[pending_++] = 0xFF;
  const ByteView words = ByteView(buffer_).first(pending_);
  const bool fits = address % 4 == 0 && flash.part(address, pending_).size() == pending_;
  const bool good = fits && sticks(flash.view(flash.part(address, pending_)), words);
  // Bootloaders before generation 7 ignore the result: bits that were not erased stay cleared, and the unit reports OK.
  const int rounds = generation_->reports_failures && fits && !good ? verify_rounds : 1;
  program(address, words, rounds, flash, takes);
  return good;
}

// The store is copied to the other of its two sectors with the change in it: old contents do not matter.
bool ParticleDfu::write_dct(std::uint32_t offset, Flash& flash, Duration& takes) {
  if (!dct_code(flash)) return false;
  const std::uint32_t at = board_->dct_at, length = board_->dct.size();
  const std::uint32_t size = std::min(pending_, length - offset);
  flash.place(at + offset, ByteView(buffer_).first(size));
  takes += flash.geometry().erase_time({at, at + length}) + length / 4 * flash.geometry().program_word;
  return size == pending_;
}

}  // namespace dfu::virt
