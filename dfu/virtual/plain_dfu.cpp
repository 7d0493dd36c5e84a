#include "dfu/virtual/plain_dfu.h"

#include <algorithm>

#include "dfu/hash.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t page = 0x1000;
constexpr std::uint32_t note_at = 0x3F000;
constexpr Duration manifest_time = 100ms;

}  // namespace

Range plain_room() {
  return {plain_flash().range.begin, note_at};
}

bool plain_image_valid(const Flash& flash) {
  const std::uint32_t length = flash.word(note_at);
  return length != 0 && length <= plain_room().size() && crc32(flash.view({0, length})) == flash.word(note_at + 4);
}

void plain_install(Flash& flash, ByteView image) {
  flash.place(0, image);
  Bytes note;
  append_le32(note, static_cast<std::uint32_t>(image.size()));
  append_le32(note, crc32(image));
  flash.place(note_at, note);
}

PlainDfu::PlainDfu(const UnitSpec& spec)
    : BusyDfu(plain_transfer_size),
      can_upload_(spec.can_upload),
      tolerant_(spec.manifestation_tolerant),
      will_detach_(spec.will_detach) {}

void PlainDfu::aborted() {
  next_block_ = 0;
  done_ = 0;
  manifested_ = false;
}

void PlainDfu::complain() {
  state_ = State::error;
  status_ = Status::err_firmware;
}

Moment PlainDfu::moment(const Setup& setup) const {
  using Phase = Moment::Phase;
  const auto data = [&](std::uint32_t size) { return Range{done_, done_ + std::min(size, plain_room().end - done_)}; };
  if (is_class_request(setup, Request::dnload)) {
    const bool taken = state_ == State::dfu_idle || state_ == State::dnload_idle;
    if (!taken || setup.length == 0) return {};
    return {.phase = Phase::block_download, .data = data(setup.length)};
  }
  if (is_class_request(setup, Request::upload)) {
    const bool taken = state_ == State::dfu_idle || state_ == State::upload_idle;
    if (!taken || !can_upload_ || setup.length == 0) return {};
    return {.phase = Phase::flash_read, .data = data(setup.length)};
  }
  if (!is_class_request(setup, Request::getstatus)) return {};
  Moment moment{.status = true};
  if (state_ == State::manifest_sync && !manifested_) moment.phase = Phase::leave;
  if (state_ == State::dnload_sync && pending_ != 0) {
    moment.phase = Phase::block_work;
    moment.data = data(pending_);
  }
  return moment;
}

bool PlainDfu::accepts(std::uint16_t block, std::uint16_t) const {
  return block == next_block_;
}

Reaction PlainDfu::upload(const Setup& setup, const Flash& flash) {
  if (!can_upload_ || setup.value != next_block_) return unexpected();
  const std::uint32_t wanted = std::min(setup.length, plain_transfer_size);
  const std::uint32_t size = std::min(wanted, plain_room().end - done_);
  const ByteView held = flash.view({done_, done_ + size});
  Bytes out(held.begin(), held.end());
  if (size < setup.length) {  // a short answer ends it
    reopen();
  } else {
    state_ = State::upload_idle;
    ++next_block_;
    done_ += size;
  }
  return answer(std::move(out));
}

BusyDfu::Outcome PlainDfu::carry_out(Flash& flash) {
  const Bytes data = words();
  const Range part{done_, done_ + static_cast<std::uint32_t>(data.size())};
  if (!plain_room().contains(part)) return {Status::err_address};
  Outcome out;
  const Duration erase_page = flash.geometry().erase_time({0, page});
  if (done_ == 0) out.takes += erase({note_at, note_at + page}, erase_page, flash);
  for (std::uint32_t at = (part.begin + page - 1) / page * page; at < part.end; at += page) {
    out.takes += erase({at, at + page}, erase_page, flash);
  }
  if (!program(part.begin, data, 1, flash, out.takes)) out.status = Status::err_prog;
  done_ += pending_;
  ++next_block_;
  return out;
}

Reaction PlainDfu::manifest(Flash& flash) {
  if (manifested_) {
    reopen();
    return answer(report());
  }
  Bytes note;
  append_le32(note, done_);
  append_le32(note, crc32(flash.view({0, done_})));
  flash.place(note_at, note);
  manifested_ = true;
  Reaction out = report_busy(State::manifest, manifest_time);
  if (tolerant_) return out;  // stays in dfuMANIFEST-SYNC until it is asked again
  state_ = State::manifest_wait_reset;
  if (will_detach_) out.departure = Departure{.after = manifest_time};
  return out;
}

}  // namespace dfu::virt
