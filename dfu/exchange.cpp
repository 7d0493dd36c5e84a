#include "dfu/exchange.h"

#include <algorithm>
#include <utility>

namespace dfu {

namespace {

// How often an STM32L4's ROM may stall a poll that came too early, though not before its time (docs/devices.md,
// "Stalls").
constexpr int most_early_polls = 3;

Transfer class_request(const Profile& profile, Request request, std::uint16_t value, std::uint16_t length,
                       Bytes data = {}) {
  const bool in = request == Request::upload || request == Request::getstatus || request == Request::getstate;
  const Setup setup{in ? request_type_in : request_type_out, static_cast<std::uint8_t>(request), value,
                    profile.interface_number, length};
  return {setup, std::move(data), profile.control_timeout};
}

}  // namespace

Exchange::Exchange(Kind kind, const Profile& profile, Transfer request)
    : kind_(kind),
      obey_poll_(profile.obey_poll_timeout),
      interface_(profile.interface_number),
      timeout_(profile.control_timeout),
      busy_limit_(profile.busy_limit),
      request_(std::move(request)) {}

Exchange Exchange::download(const Profile& profile, std::uint16_t block, Bytes data) {
  const auto length = static_cast<std::uint16_t>(data.size());
  return {Kind::download, profile, class_request(profile, Request::dnload, block, length, std::move(data))};
}

Exchange Exchange::upload(const Profile& profile, std::uint16_t block, std::uint16_t length) {
  return {Kind::upload, profile, class_request(profile, Request::upload, block, length)};
}

Exchange Exchange::abort(const Profile& profile) {
  return {Kind::abort, profile, class_request(profile, Request::abort, 0, 0)};
}

Exchange Exchange::clear_status(const Profile& profile) {
  return {Kind::clear_status, profile, class_request(profile, Request::clrstatus, 0, 0)};
}

Exchange Exchange::settle(const Profile& profile) {
  return {Kind::settle, profile, class_request(profile, Request::getstatus, 0, 6)};
}

Exchange Exchange::get_state(const Profile& profile) {
  return {Kind::get_state, profile, class_request(profile, Request::getstate, 0, 1)};
}

// wValue 2, as dfu-util sends it (docs/devices.md, "Leaving DFU mode"): DfuSe devices tell commands from data by block
// number 0.
Exchange Exchange::leave(const Profile& profile) {
  return {Kind::leave, profile, class_request(profile, Request::dnload, dfuse_first_block, 0)};
}

Exchange Exchange::manifest(const Profile& profile, std::uint16_t block, bool tolerant) {
  Exchange exchange(Kind::manifest, profile, class_request(profile, Request::dnload, block, 0));
  exchange.tolerant_ = tolerant;
  return exchange;
}

Exchange Exchange::select(const Profile& profile, std::uint8_t alternate) {
  const Setup setup{request_type_standard_interface_out, request_set_interface, alternate, profile.interface_number, 0};
  return {Kind::select, profile, {setup, {}, profile.control_timeout}};
}

Exchange Exchange::read_string(const Profile& profile, std::uint8_t index) {
  constexpr std::uint16_t us_english = 0x0409;
  const auto value = static_cast<std::uint16_t>(descriptor_type_string << 8 | index);
  const Setup setup{request_type_standard_in, request_get_descriptor, value, us_english, 255};
  return {Kind::read_string, profile, {setup, {}, profile.control_timeout}};
}

Ask Exchange::begin(Duration now) {
  begun_ = now;
  if (kind_ == Kind::settle) phase_ = Phase::status;
  return Submit{std::exchange(request_, {})};
}

Ask Exchange::answer(const Answer& answer, Duration now) {
  switch (phase_) {
    case Phase::request:
      return after_request(std::get<TransferResult>(answer));
    case Phase::refused:
      return after_refusal(std::get<TransferResult>(answer));
    case Phase::status:
      return after_status(std::get<TransferResult>(answer), now);
    case Phase::pause:
      return ask_status();
    case Phase::last_pause:
      break;
  }
  return Finished{};
}

Ask Exchange::ask_status() {
  phase_ = Phase::status;
  const Setup setup{request_type_in, static_cast<std::uint8_t>(Request::getstatus), 0, interface_, 6};
  return Submit{{setup, {}, timeout_}};
}

Ask Exchange::fail(Failure::Why why) {
  if (kind_ != Kind::leave) failure_ = Failure{why, report_};
  return Finished{};
}

namespace {

std::optional<Exchange::Failure::Why> why(TransferStatus status, bool polling) {
  using Why = Exchange::Failure::Why;
  switch (status) {
    case TransferStatus::ok:
      return {};
    case TransferStatus::stall:
      return polling ? Why::status_stall : Why::stall;
    case TransferStatus::timed_out:
      return Why::no_answer;
    case TransferStatus::gone:
      return Why::gone;
    case TransferStatus::io_error:
      return Why::io_error;
    case TransferStatus::cancelled:
      return Why::cancelled;
  }
  return {};
}

}  // namespace

Ask Exchange::after_request(const TransferResult& result) {
  const bool data = kind_ == Kind::download || kind_ == Kind::upload || kind_ == Kind::manifest;
  if (data && result.status == TransferStatus::stall) {
    const Ask ask = ask_status();
    phase_ = Phase::refused;
    return ask;
  }
  if (const auto failed = why(result.status, false)) return fail(*failed);
  switch (kind_) {
    case Kind::upload:
    case Kind::read_string:
      data_ = result.data;
      return Finished{};
    case Kind::select:
      return Finished{};
    case Kind::get_state:
      return take_state(result.data);
    case Kind::download:
    case Kind::abort:
    case Kind::clear_status:
    case Kind::leave:
    case Kind::manifest:
      return ask_status();
    case Kind::settle:
      break;  // has no request of its own
  }
  return fail(Failure::Why::bad_answer);
}

// A unit that refuses a request may say why, as ST's ROM does when it is protected (docs/devices.md, "Read
// protection").
Ask Exchange::after_refusal(const TransferResult& result) {
  const auto report = result.status == TransferStatus::ok ? parse_status(result.data) : std::nullopt;
  if (!report || report->status == Status::ok) return fail(Failure::Why::stall);
  report_ = *report;
  return fail(Failure::Why::error_state);
}

Ask Exchange::take_state(const Bytes& answer) {
  if (answer.empty() || answer[0] > static_cast<std::uint8_t>(State::error)) return fail(Failure::Why::bad_answer);
  report_.state = static_cast<State>(answer[0]);
  return Finished{};
}

Ask Exchange::after_status(const TransferResult& result, Duration now) {
  const bool early = obey_poll_ && polls_ > 0 && report_.state == State::dnbusy && early_polls_ < most_early_polls;
  if (result.status == TransferStatus::stall && early) {
    ++early_polls_;
    return ask_pause(now);
  }
  const bool may_drop = kind_ == Kind::manifest && !tolerant_ && result.status != TransferStatus::cancelled;
  if (const auto failed = why(result.status, true)) return may_drop ? Ask(Finished{}) : fail(*failed);
  const auto report = parse_status(result.data);
  if (!report) return fail(Failure::Why::bad_answer);
  report_ = *report;
  if (kind_ == Kind::manifest) return after_manifest_status(now);
  if (kind_ == Kind::leave) return Finished{};
  if (report_.state == State::dnbusy && (kind_ == Kind::download || kind_ == Kind::settle)) return ask_pause(now);
  if (kind_ == Kind::settle) return Finished{};
  if (report_.state == State::error || report_.status != Status::ok) return fail(Failure::Why::error_state);
  // dfuDNLOAD-SYNC has work left to do: the next GETSTATUS drives it on.
  if (kind_ == Kind::download && report_.state == State::dnload_sync) return ask_pause(now);
  const State wanted = kind_ == Kind::download ? State::dnload_idle : State::dfu_idle;
  return report_.state == wanted ? Ask(Finished{}) : fail(Failure::Why::wrong_state);
}

Ask Exchange::after_manifest_status(Duration now) {
  if (report_.state == State::error || report_.status != Status::ok) return fail(Failure::Why::error_state);
  switch (report_.state) {
    case State::dfu_idle:
    case State::manifest_wait_reset:
      return Finished{};
    case State::manifest:
      if (tolerant_) return ask_pause(now);
      // Wait bwPollTimeout; the device may not answer before, or at all.
      phase_ = Phase::last_pause;
      return Pause{std::min<Duration>(report_.poll_timeout, busy_limit_)};
    case State::manifest_sync:
    case State::dnbusy:
      return ask_pause(now);
    case State::app_idle:
    case State::app_detach:
    case State::dnload_sync:
    case State::dnload_idle:
    case State::upload_idle:
    case State::error:
      break;
  }
  return fail(Failure::Why::wrong_state);
}

// Waits for the poll time of a unit whose poll time is real. Any other unit (docs/devices.md, "Poll times", Photon) is
// asked again at once. If it is still busy, the pauses grow, so that a hung unit costs little.
Ask Exchange::ask_pause(Duration now) {
  if (now - begun_ >= busy_limit_) return fail(Failure::Why::busy);
  ++polls_;
  Duration pause = report_.poll_timeout;
  if (!obey_poll_) {
    if (polls_ == 1) return ask_status();
    pause = std::min<Duration>(std::chrono::milliseconds(1) * polls_, std::chrono::milliseconds(50));
  } else if (pause == Duration{}) {
    if (polls_ < 4) return ask_status();  // zero is legal and means now
    pause = std::chrono::milliseconds(1);
  }
  phase_ = Phase::pause;
  return Pause{std::min(pause, begun_ + busy_limit_ - now)};
}

namespace {

// The status tells the cause: a wrong address or file is a fault of the recipe, a USB reset or a loss of power a fault
// of the cable.
FaultCode code_of_status(Status status, OperationKind operation) {
  switch (status) {
    case Status::err_vendor:
      return FaultCode::read_protected;  // docs/devices.md, "Read protection"
    case Status::err_erase:
    case Status::err_check_erased:
      return FaultCode::erase_failed;
    case Status::err_write:
    case Status::err_prog:
    case Status::err_verify:
      return FaultCode::write_failed;
    case Status::err_target:
    case Status::err_file:
    case Status::err_address:
    case Status::err_notdone:
      return FaultCode::image_unfit;
    case Status::err_usbr:
    case Status::err_por:
      return FaultCode::io_error;
    case Status::err_stalledpkt:
      return FaultCode::stall;
    case Status::ok:
    case Status::err_firmware:
    case Status::err_unknown:
      break;
  }
  if (operation == OperationKind::erase) return FaultCode::erase_failed;
  if (operation == OperationKind::write) return FaultCode::write_failed;
  return FaultCode::device_error;
}

FaultCode code_of_status_stall(OperationKind operation) {
  if (operation == OperationKind::erase) return FaultCode::erase_failed;
  if (operation == OperationKind::write) return FaultCode::write_failed;
  return FaultCode::stall;
}

std::string_view remedy_of(FaultCode code) {
  if (code == FaultCode::read_protected) {
    return " It is protected against reading and writing: take the protection off, which erases the unit.";
  }
  if (code == FaultCode::image_unfit) {
    return " It does not take this image at this address: compare image and address of the recipe with this kind of "
           "unit.";
  }
  if (code == FaultCode::io_error) return " Check cable, plug and supply.";
  return {};
}

}  // namespace

Fault fault_of(const Exchange::Failure& failure, OperationKind operation, const std::string& doing) {
  using Why = Exchange::Failure::Why;
  Fault fault;
  fault.operation = operation;
  const auto say = [&](FaultCode code, const std::string& what) {
    fault.code = code;
    fault.text = "While " + doing + ": " + what + ".";
  };
  const std::string state(to_string(failure.report.state));
  switch (failure.why) {
    case Why::stall:
      say(FaultCode::stall, "the unit refused the request (STALL)");
      break;
    case Why::status_stall:
      say(code_of_status_stall(operation), "the unit reported failure (STALL of GETSTATUS)");
      break;
    case Why::no_answer:
      say(FaultCode::no_answer, "the unit did not answer in time");
      break;
    case Why::gone:
      say(FaultCode::unit_gone, "the unit left the bus");
      break;
    case Why::io_error:
      say(FaultCode::io_error, "the transfer failed on the wire");
      break;
    case Why::cancelled:
      say(FaultCode::cancelled, "stopped");
      break;
    case Why::bad_answer:
      say(FaultCode::device_error, "the unit gave an answer that is not valid DFU");
      break;
    case Why::wrong_state:
      say(FaultCode::wrong_state, "the unit went to state " + state);
      break;
    case Why::error_state:
      say(code_of_status(failure.report.status, operation),
          "the unit reported " + std::string(to_string(failure.report.status)) + " in state " + state);
      fault.text += remedy_of(fault.code);
      break;
    case Why::busy:
      say(FaultCode::busy_timeout, "the unit stayed in " + state + " beyond the limit");
      break;
  }
  return fault;
}

}  // namespace dfu
