#include "dfu/virtual/dfu_side.h"

#include <algorithm>
#include <utility>

namespace dfu::virt {

bool is_class_request(const Setup& setup, Request request) {
  return setup.request == static_cast<std::uint8_t>(request);
}

Reaction DfuSide::refuse() {
  pending_ = 0;
  return refusal();
}

Reaction DfuSide::fail(const Setup& setup, Status status) {
  state_ = State::error;
  status_ = status;
  poll_ = {};
  pending_ = 0;
  return is_class_request(setup, Request::getstatus) && setup.in() ? answer(report()) : refusal();
}

void DfuSide::start() {
  reopen();
  poll_ = {};
  alternate_ = 0;
}

void DfuSide::reopen() {
  state_ = State::dfu_idle;
  status_ = Status::ok;
  block_ = 0;
  pending_ = 0;
  undo_.reset();
}

Bytes DfuSide::report() const {
  return encode(StatusReport{status_, poll_, state_, 0});
}

Duration DfuSide::erase(Range sectors, Duration time, Flash& flash) {
  const ByteView before = flash.view(sectors);
  const Duration earlier = undo_ ? undo_->takes : Duration{};
  undo_ = Undo{sectors.begin, Bytes(before.begin(), before.end()), earlier + time, true};
  flash.erase(sectors);
  ++work_.erases;
  return time;
}

bool DfuSide::program(std::uint32_t address, ByteView words, int rounds, Flash& flash, Duration& takes) {
  const auto size = static_cast<std::uint32_t>(words.size());
  const ByteView old = flash.view(flash.part(address, size));
  const Bytes before(old.begin(), old.end());
  bool done = true;
  for (std::uint32_t at = 0; at < size; at += 4) done = flash.program(address + at, le32(words, at)) && done;
  const Duration time = size / 4 * flash.geometry().program_word * rounds;
  if (undo_ && undo_->erase) {
    undo_->takes += time;  // erased a moment ago: a cut leaves the sector undefined
  } else {
    undo_ = Undo{address, before, time, false};
  }
  takes += time;
  work_.words += size / 4 * static_cast<std::uint32_t>(rounds);
  return done;
}

void DfuSide::cut_work(Duration into, Flash& flash) {
  if (!undo_ || into >= undo_->takes) return;
  const Undo undo = *std::exchange(undo_, {});
  const auto done = static_cast<std::size_t>(std::max(into, Duration{}) / flash.geometry().program_word) * 4;
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
