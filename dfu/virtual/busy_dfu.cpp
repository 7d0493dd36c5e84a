#include "dfu/virtual/busy_dfu.h"

namespace dfu::virt {

using namespace std::chrono_literals;

void BusyDfu::reopen() {
  DfuSide::reopen();
  result_ = Status::ok;
  aborted();
}

Reaction BusyDfu::unexpected() {
  return error(Status::err_stalledpkt);
}

Reaction BusyDfu::error(Status status) {
  state_ = State::error;
  status_ = status;
  pending_ = 0;
  return refusal();
}

Bytes BusyDfu::words() const {
  Bytes out = buffer_;
  while (out.size() % 4 != 0) out.push_back(0xFF);
  return out;
}

Reaction BusyDfu::handle(const Setup& setup, ByteView data, Flash& flash) {
  const bool in = setup.in();
  // After it was programmed it waits for its reset and answers no request.
  if (state_ == State::manifest_wait_reset) return refusal();
  if (setup.request > static_cast<std::uint8_t>(Request::abort)) return unexpected();
  switch (static_cast<Request>(setup.request)) {
    case Request::detach:
      return unexpected();
    case Request::dnload:
      return in ? unexpected() : download(setup, data);
    case Request::upload: {
      const bool idle = state_ == State::dfu_idle || state_ == State::upload_idle;
      return in && idle ? upload(setup, flash) : unexpected();
    }
    case Request::getstatus:
      return in ? get_status(flash) : unexpected();
    case Request::clrstatus:
      return in ? unexpected() : clear_status();
    case Request::getstate:
      return in ? answer({static_cast<std::uint8_t>(state_)}) : unexpected();
    case Request::abort:
      return in ? unexpected() : abort();
  }
  return unexpected();
}

Reaction BusyDfu::download(const Setup& setup, ByteView data) {
  if (state_ != State::dfu_idle && state_ != State::dnload_idle) return unexpected();
  if (setup.length == 0) {
    if (!accepts_end()) return unexpected();
    state_ = State::manifest_sync;
    return answer();
  }
  if (setup.length > transfer_size_ || !accepts(setup.value, setup.length)) return unexpected();
  block_ = setup.value;
  pending_ = setup.length;
  buffer_.assign(data.begin(), data.end());
  state_ = State::dnload_sync;
  return answer();
}

// `state` goes into the answer; the unit works for so long after it.
Reaction BusyDfu::report_busy(State state, Duration takes) {
  const auto poll = std::chrono::ceil<std::chrono::milliseconds>(takes);
  Reaction out = answer(encode(StatusReport{Status::ok, poll, state, 0}));
  out.works_on = takes;
  return out;
}

Reaction BusyDfu::get_status(Flash& flash) {
  poll_ = 0ms;
  if (state_ == State::manifest_sync) return manifest(flash);
  if (state_ != State::dnload_sync) return answer(report());
  if (pending_ == 0) {
    status_ = result_;
    state_ = result_ == Status::ok ? State::dnload_idle : State::error;
    return answer(report());
  }
  const Outcome outcome = carry_out(flash);
  result_ = outcome.status;
  pending_ = 0;
  Reaction out = report_busy(State::dnbusy, outcome.takes);
  out.departure = outcome.departure;
  return out;
}

// In the wrong state ST's stack makes an error of it (docs/devices.md, "CLRSTATUS and ABORT").
Reaction BusyDfu::clear_status() {
  const bool in_error = state_ == State::error;
  if (in_error) {
    reopen();
  } else {
    state_ = State::error;
    status_ = Status::err_unknown;
  }
  return answer();
}

Reaction BusyDfu::abort() {
  if (state_ == State::error) return refusal();  // only CLRSTATUS ends it
  reopen();
  return answer();
}

}  // namespace dfu::virt
