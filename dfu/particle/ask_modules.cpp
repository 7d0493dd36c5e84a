#include "dfu/particle/ask_modules.h"

namespace dfu::particle {

namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t vendor_in = 0xC0, vendor_out = 0x40, particle_request = 0x50;
constexpr auto modules = static_cast<std::uint16_t>(RequestType::module_info);
constexpr std::uint16_t raw_buffer = 512;
constexpr Duration request_timeout = 1s;
// The system thread makes the raw answer ready when it comes to it; until then it is refused.
constexpr Duration pause_for_raw = 100ms;
constexpr int most_raw_asked = 20;

constexpr std::uint32_t listening_speed = 28800;
constexpr std::uint16_t read_at_once = 512;
// An answer of five modules has about 600 bytes. A text of four times that length is not such an answer.
constexpr std::size_t most_text = 16 * 1024;
// Listening begins when the system comes to it, and a command before that is lost. Each wait is one timeout.
constexpr int most_commands = 5;

}  // namespace

AskModules::AskModules(const UnitInfo& unit) : serial_(serial_port(unit)) {}

Ask AskModules::begin(Duration now) {
  return request_.begin(now);
}

Ask AskModules::answer(const Answer& answer, Duration now) {
  if (doing_ == Doing::request) {
    const Ask next = request_.answer(answer, now);
    return std::holds_alternative<Finished>(next) ? after_request(now) : next;
  }
  if (doing_ == Doing::raw_wait) {
    doing_ = Doing::raw_answer;
    return Submit{{{vendor_in, particle_request, 0, modules, raw_buffer}, {}, request_timeout}};
  }
  return after_transfer(std::get<TransferResult>(answer));
}

Ask AskModules::after_request(Duration) {
  switch (request_.end()) {
    case ControlRequest::End::done: {
      const Bytes& reply = request_.reply();
      report_ = parse_json_report({reinterpret_cast<const char*>(reply.data()), reply.size()});
      if (!report_) report_ = parse_protobuf_report(reply);
      return report_ ? Ask(Finished{}) : next_way();
    }
    case ControlRequest::End::refused:
    case ControlRequest::End::no_answer:
      return next_way();
    case ControlRequest::End::gone:
      return stop(TransferStatus::gone);
    case ControlRequest::End::cancelled:
      break;
  }
  return stop(TransferStatus::cancelled);
}

Ask AskModules::stop(TransferStatus status) {
  const auto say = [this](FaultCode code, std::string what) {
    fault_ = Fault{code, {}, OperationKind::proof, {}, {}, "While asking the unit what it runs: " + std::move(what)};
    return Finished{};
  };
  switch (status) {
    case TransferStatus::gone:
      return say(FaultCode::unit_gone, "the unit left the bus.");
    case TransferStatus::io_error:
      return say(FaultCode::io_error, "the transfer failed on the wire.");
    case TransferStatus::ok:
    case TransferStatus::stall:
    case TransferStatus::timed_out:
    case TransferStatus::cancelled:
      break;
  }
  return say(FaultCode::cancelled, "stopped.");
}

Ask AskModules::next_way() {
  if (doing_ == Doing::request) return raw_request();
  const bool console_is_next = doing_ == Doing::raw_request || doing_ == Doing::raw_answer;
  if (console_is_next && serial_ && serial_->in != 0 && serial_->out != 0) return listen();
  return Finished{};
}

// ---- the raw vendor request

Ask AskModules::raw_request() {
  doing_ = Doing::raw_request;
  return Submit{{{vendor_out, particle_request, 0, modules, 0}, {}, request_timeout}};
}

Ask AskModules::wait_for_raw() {
  if (raw_asked_ == most_raw_asked) return next_way();
  ++raw_asked_;
  doing_ = Doing::raw_wait;
  return Pause{pause_for_raw};
}

// ---- the serial port

Ask AskModules::listen() {
  doing_ = Doing::listen;
  return Submit{line_speed(*serial_, listening_speed)};
}

Ask AskModules::read() {
  doing_ = Doing::reading;
  return Submit{read_text(*serial_, read_at_once)};
}

Ask AskModules::leave() {
  doing_ = Doing::leaving;
  return Submit{send_text(*serial_, "x")};
}

Ask AskModules::take_text(const Bytes& data) {
  text_.append(data.begin(), data.end());
  report_ = parse_json_report(text_);
  return report_ || text_.size() > most_text ? leave() : read();
}

Ask AskModules::after_transfer(const TransferResult& result) {
  const bool lost = result.status == TransferStatus::gone || result.status == TransferStatus::io_error;
  if (doing_ == Doing::leaving && !lost) return Finished{};  // it said all that it had to say
  if (lost || result.status == TransferStatus::cancelled) return stop(result.status);
  const bool ok = result.status == TransferStatus::ok;
  switch (doing_) {
    case Doing::raw_request:
      return ok ? wait_for_raw() : next_way();
    case Doing::raw_answer:
      if (!ok) return wait_for_raw();
      report_ = parse_json_report({reinterpret_cast<const char*>(result.data.data()), result.data.size()});
      return report_ ? Ask(Finished{}) : next_way();
    case Doing::listen:
      doing_ = Doing::ready;
      return Submit{terminal_ready(*serial_)};
    case Doing::ready:
      ++commands_;
      doing_ = Doing::command;
      return Submit{send_text(*serial_, "s")};
    case Doing::command:
      return read();
    case Doing::reading:
      if (ok) return take_text(result.data);
      if (commands_ == most_commands) return leave();
      text_.clear();
      return listen();
    case Doing::request:
    case Doing::raw_wait:
    case Doing::leaving:
      break;
  }
  return Finished{};
}

}  // namespace dfu::particle
