#include "dfu/particle/enter_dfu.h"

#include <algorithm>
#include <utility>

#include "dfu/particle/serial_port.h"

namespace dfu::particle {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t dfu_speed = 14400;
constexpr std::uint8_t vendor_out = 0x40, particle_request = 0x50;

constexpr Duration request_timeout = 1s;
// The unit resets 0.1 s after it understood.
constexpr Duration time_to_go = 500ms;
// It begins to listen a second after its USB started; four seconds allow for one that starts slowly.
constexpr int most_touches = 8;

}  // namespace

EnterDfu::EnterDfu(const UnitInfo& unit) : serial_(serial_port(unit)) {}

Ask EnterDfu::begin(Duration now) {
  return serial_ ? touch() : next_way(now);
}

Ask EnterDfu::touch() {
  ++touches_;
  return Submit{line_speed(*serial_, dfu_speed)};
}

Ask EnterDfu::next_way(Duration now) {
  switch (way_) {
    case Way::line_speed:
      way_ = Way::raw_request;
      return Submit{{{vendor_out, particle_request, 0, static_cast<std::uint16_t>(RequestType::dfu_mode), 0},
                     {},
                     request_timeout}};
    case Way::raw_request:
      way_ = Way::control_request;
      return request_.begin(now);
    case Way::control_request:
      break;
  }
  return answered_
             ? refused(FaultCode::leave_refused, "it was asked in every way that its firmware could know, and stayed")
             : refused(FaultCode::no_answer, "it did not answer");
}

Ask EnterDfu::refused(FaultCode code, const std::string& what) {
  fault_ = Fault{
      code,
      {},
      OperationKind::enter,
      {},
      {},
      "The unit did not go from its application into DFU mode: " + what + ". Put it into DFU mode by its buttons."};
  return Finished{};
}

Ask EnterDfu::pause() {
  pausing_ = true;
  return Pause{time_to_go};
}

Ask EnterDfu::again_or_next(Duration now) {
  return way_ == Way::line_speed && touches_ < most_touches ? touch() : next_way(now);
}

Ask EnterDfu::answer(const Answer& answer, Duration now) {
  if (std::exchange(pausing_, false)) return again_or_next(now);
  if (way_ != Way::control_request) return after_transfer(std::get<TransferResult>(answer).status, now);
  const Ask next = request_.answer(answer, now);
  return std::holds_alternative<Finished>(next) ? after_request(now) : next;
}

Ask EnterDfu::after_transfer(TransferStatus status, Duration now) {
  answered_ = answered_ || status == TransferStatus::ok || status == TransferStatus::stall;
  switch (status) {
    case TransferStatus::ok:
      return pause();
    case TransferStatus::stall:
      return next_way(now);
    case TransferStatus::timed_out:
      return again_or_next(now);
    case TransferStatus::gone:
    case TransferStatus::io_error:
      return Finished{};
    case TransferStatus::cancelled:
      break;
  }
  return refused(FaultCode::cancelled, "stopped");
}

Ask EnterDfu::after_request(Duration now) {
  switch (request_.end()) {
    case ControlRequest::End::refused:
      answered_ = true;
      return next_way(now);
    case ControlRequest::End::no_answer:
      return next_way(now);
    case ControlRequest::End::done:
    case ControlRequest::End::gone:
      return Finished{};
    case ControlRequest::End::cancelled:
      break;
  }
  return refused(FaultCode::cancelled, "stopped");
}

}  // namespace dfu::particle
