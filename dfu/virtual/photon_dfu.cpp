#include "dfu/virtual/photon_dfu.h"

#include <algorithm>
#include <utility>

#include "dfu/virtual/photon_boot.h"
#include "dfu/virtual/photon_usb.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t protected_end = 0x08020000;  // the bootloader refuses to change what lies below
constexpr Range dct{0, 0x4000};
constexpr std::uint32_t dct_at = 0x08004000;  // where its copy in use lies in flash
constexpr std::uint16_t dct_code_from = 200;  // module version of 0.7.0-rc.1
constexpr int verify_rounds = 3;              // facts/dfu.md 4.2

// The flash bytes of [address, address + size); empty where there are none.
Range flash_part(std::uint32_t address, std::uint32_t size) {
  if (!Flash::range.contains(address)) return {};
  return {address, address + std::min(size, Flash::range.end - address)};
}

bool is_class_request(const Setup& setup, Request request) {
  return setup.request == static_cast<std::uint8_t>(request);
}

}  // namespace

PhotonDfu::PhotonDfu(const PhotonGeneration& generation, TransferStatus way_out)
    : generation_(&generation), way_out_(way_out) {
  start();
}

void PhotonDfu::start() {
  reopen();
  poll_ = 0ms;
  alternate_ = 0;
  pointer_ = Flash::range.begin;
  buffer_.assign(photon_transfer_size, 0);
}

void PhotonDfu::reopen() {
  state_ = State::dfu_idle;
  status_ = Status::ok;
  block_ = 0;
  pending_ = 0;
  undo_.reset();
}

std::uint32_t PhotonDfu::block_address(std::uint16_t block) const {
  return pointer_ + (block - dfuse_first_block) * std::uint32_t{photon_transfer_size};
}

bool PhotonDfu::command_pending(std::uint8_t command) const {
  return pending_ > 0 && block_ == 0 && buffer_[0] == command;
}

Moment PhotonDfu::moment(const Setup& setup) const {
  using Phase = Moment::Phase;
  const auto data_at = [&](std::uint16_t block, std::uint32_t size) {
    const std::uint32_t address = block_address(block);
    return memory(address) == Memory::flash ? flash_part(address, size) : Range{};
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

Reaction PhotonDfu::refuse() {
  pending_ = 0;
  return refusal();
}

Reaction PhotonDfu::fail(const Setup& setup, Status status) {
  state_ = State::error;
  status_ = status;
  poll_ = 0ms;
  pending_ = 0;
  return is_class_request(setup, Request::getstatus) && setup.in() ? answer(report()) : refusal();
}

Reaction PhotonDfu::handle(const Setup& setup, ByteView data, Flash& flash) {
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

Reaction PhotonDfu::detach() {
  abort();
  return {.departure = Departure{.cause = Departure::Cause::reconnect}};  // facts/dfu.md 1.5
}

Reaction PhotonDfu::download(const Setup& setup, ByteView data) {
  if (state_ != State::dfu_idle && state_ != State::dnload_idle) return refusal();
  if (setup.length > photon_transfer_size) return refusal();
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

Reaction PhotonDfu::upload(const Setup& setup, const Flash& flash) {
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
  const std::uint32_t size = std::min(setup.length, photon_transfer_size);
  const std::uint32_t address = block_address(setup.value);
  Bytes out(size, 0);
  const Memory source = memory(address);
  if (source == Memory::flash) {
    const ByteView part = flash.view(flash_part(address, size));
    std::copy(part.begin(), part.end(), out.begin());
  } else if (source == Memory::dct && dct_code(flash)) {
    const ByteView part = flash.view({dct_at + address, dct_at + std::min(address + size, dct.end)});
    std::copy(part.begin(), part.end(), out.begin());
  } else if (source == Memory::none && !generation_->zeros_outside) {
    std::copy_n(buffer_.begin(), size, out.begin());
  }
  return answer(std::move(out));
}

Bytes PhotonDfu::report() const {
  return encode(StatusReport{status_, poll_, state_, 0});
}

Reaction PhotonDfu::get_status(Flash& flash) {
  if (state_ == State::manifest_sync) {
    poll_ = 0ms;
    if (generation_->drops_inside_leave) {
      state_ = State::manifest;
      return {.status = way_out_, .departure = Departure{}};
    }
    state_ = State::dnload_idle;  // off the standard, so that old dfu-util ends cleanly (facts/dfu.md 4.1)
    Reaction out = answer(report());
    out.departure = Departure{.after = 500ms};
    return out;
  }
  if (state_ != State::dnload_sync) return answer(report());
  if (pending_ == 0) {
    state_ = State::dnload_idle;
    poll_ = poll_ == 0ms ? 0ms : generation_->poll_idle;
    return answer(report());
  }
  const bool config = memory(pointer_) == Memory::dct;
  poll_ = generation_->poll_busy;
  // The two values are swapped in the older code, which only shows on the configuration store (facts/dfu.md 4.3).
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

Reaction PhotonDfu::clear_status() {
  const bool in_error = state_ == State::error;
  state_ = in_error ? State::dfu_idle : State::error;
  status_ = in_error ? Status::ok : Status::err_unknown;
  poll_ = 0ms;
  return answer();
}

Reaction PhotonDfu::abort() {
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

PhotonDfu::Memory PhotonDfu::memory(std::uint32_t address) const {
  const bool by_alternate = generation_->memory_by_alternate;
  if (Flash::range.contains(address) && !(by_alternate && alternate_ != 0)) return Memory::flash;
  if (dct.contains(address) && !(by_alternate && alternate_ != 1)) return Memory::dct;
  return Memory::none;
}

bool PhotonDfu::dct_code(const Flash& flash) const {
  return !generation_->borrows_dct_code || system_version(flash).value_or(0) >= dct_code_from;
}

// False: the work inside GETSTATUS failed, and this bootloader says so.
bool PhotonDfu::carry_out(Flash& flash, Duration& takes) {
  if (block_ >= dfuse_first_block) return write(block_address(block_), flash, takes) || !generation_->reports_failures;
  if (block_ != 0) return true;  // block 1 is reserved and does nothing
  if (buffer_[0] == 0 && pending_ == 1) return true;
  if (pending_ != 5) return false;
  const std::uint32_t address = le32(buffer_, 1);
  if (buffer_[0] != dfuse_command_set_address && buffer_[0] != dfuse_command_erase) return false;
  pointer_ = address;  // erasing moves the pointer too
  if (buffer_[0] == dfuse_command_set_address) return true;
  return erase(address, flash, takes) || !generation_->reports_failures;
}

bool PhotonDfu::erase(std::uint32_t address, Flash& flash, Duration& takes) {
  if (memory(address) == Memory::dct) return dct_code(flash);  // copied when written, never erased by request
  if (memory(address) != Memory::flash || address < protected_end) return false;
  const Range sector = *Flash::sector(address);
  const Duration time = Flash::erase_time(sector);
  const ByteView before = flash.view(sector);
  undo_ = Undo{sector.begin, Bytes(before.begin(), before.end()), time, true};
  flash.erase(sector);
  ++work_.erases;
  takes += time;
  return true;
}

bool PhotonDfu::write(std::uint32_t address, Flash& flash, Duration& takes) {
  if (memory(address) == Memory::dct) return write_dct(address, flash, takes);
  if (memory(address) != Memory::flash || address < protected_end) return false;
  while (pending_ % 4 != 0) buffer_[pending_++] = 0xFF;
  const Range part = flash_part(address, pending_);
  const ByteView old = flash.view(part);
  Undo undo{address, Bytes(old.begin(), old.end()), {}, false};
  bool done = true;
  for (std::uint32_t at = 0; at < pending_; at += 4) done = flash.program(address + at, le32(buffer_, at)) && done;
  const std::uint32_t words = pending_ / 4;
  int rounds = 1;
  // Nobody looks at the result before generation 7: what was not erased keeps its cleared bits, and all is called well.
  if (generation_->reports_failures) {
    const ByteView now = flash.view(part);
    const bool equal = part.size() == pending_ && std::equal(now.begin(), now.end(), buffer_.begin());
    if (done && !equal) rounds = verify_rounds;
    done = done && equal;
  }
  undo.takes = words * Flash::program_word * rounds;
  takes += undo.takes;
  work_.words += words * static_cast<std::uint32_t>(rounds);
  undo_ = std::move(undo);
  return done;
}

// The store is copied to the other of its two sectors with the change in it: old contents do not matter.
bool PhotonDfu::write_dct(std::uint32_t offset, Flash& flash, Duration& takes) {
  if (!dct_code(flash)) return false;
  const std::uint32_t size = std::min(pending_, dct.end - offset);
  flash.place(dct_at + offset, ByteView(buffer_).first(size));
  takes += Flash::erase_time({dct_at, dct_at + dct.size()}) + dct.size() / 4 * Flash::program_word;
  return size == pending_;
}

void PhotonDfu::cut_work(Duration into, Flash& flash) {
  if (!undo_ || into >= undo_->takes) return;
  const Undo undo = *std::exchange(undo_, {});
  const auto done = static_cast<std::size_t>(std::max(into, Duration{}) / Flash::program_word) * 4;
  if (!undo.erase) {
    if (done >= undo.before.size()) return;
    flash.place(undo.address + static_cast<std::uint32_t>(done), ByteView(undo.before).subspan(done));
    return;
  }
  // A sector that was being erased holds anything: here, old bits of which some are already set.
  Bytes left = undo.before;
  for (std::size_t i = 0; i < left.size(); ++i) left[i] |= static_cast<std::uint8_t>(i * 2654435761u >> 24);
  flash.place(undo.address, left);
}

}  // namespace dfu::virt
