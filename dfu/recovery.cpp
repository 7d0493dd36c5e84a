#include "dfu/recovery.h"

#include <utility>

namespace dfu {

namespace {

// A unit without a fault needs two looks (GETSTATUS) at most. A unit that is in a wrong state after each recovery step
// is given up after six.
constexpr int most_looks = 6;
// A unit in dfuMANIFEST is about to go (docs/devices.md, "Recovery by state").
constexpr Duration departure = std::chrono::seconds(2);

const char* const doing_text = "bringing the unit to dfuIDLE";

}  // namespace

Recovery::Recovery(const Profile& profile, LastResort last_resort)
    : profile_(&profile), may_reset_(last_resort == LastResort::reset) {}

// An earlier host may have sent a command, such as an erase or leave, that the next GETSTATUS carries out. So the first
// look is GETSTATE, which carries nothing out.
Ask Recovery::begin(Duration now) {
  return run(Doing::peeking, Exchange::get_state(*profile_), now);
}

Ask Recovery::look(Duration now) {
  if (++looks_ > most_looks) {
    const Exchange::Failure failure{Exchange::Failure::Why::wrong_state, exchange_->report()};
    fault_ = fault_of(failure, OperationKind::recover, doing_text);
    return Finished{};
  }
  return run(Doing::looking, Exchange::settle(*profile_), now);
}

Ask Recovery::run(Doing doing, Exchange exchange, Duration now) {
  doing_ = doing;
  exchange_ = std::move(exchange);
  return exchange_->begin(now);
}

Ask Recovery::answer(const Answer& answer, Duration now) {
  if (doing_ == Doing::departing)
    return reset_or(
        fault_of({Exchange::Failure::Why::wrong_state, exchange_->report()}, OperationKind::recover, doing_text));
  if (doing_ == Doing::resetting) {
    if (std::get<ResetStatus>(answer) == ResetStatus::ok) {
      fault_.reset();
      return look(now);
    }
    fault_->text += " It left the bus at a USB reset.";  // the reset is the cause, not the cable
    return Finished{};
  }
  const Ask next = exchange_->answer(answer, now);
  return std::holds_alternative<Finished>(next) ? exchange_done(now) : next;
}

Ask Recovery::exchange_done(Duration now) {
  using Why = Exchange::Failure::Why;
  const auto& failure = exchange_->failure();
  const State state = exchange_->report().state;
  if (!failure && doing_ == Doing::looking) return act_on(state, now);
  if (!failure && doing_ == Doing::peeking) {
    const bool pending = state == State::dnload_sync || state == State::manifest_sync;
    return pending ? act_on(state, now) : look(now);
  }
  if (!failure) return Finished{};
  Fault fault = fault_of(*failure, OperationKind::recover, doing_text);
  switch (failure->why) {
    case Why::gone:
    case Why::io_error:
    case Why::cancelled:
      fault_ = std::move(fault);
      return Finished{};
    case Why::busy:
    case Why::no_answer:
      return reset_or(std::move(fault));
    case Why::stall:
    case Why::status_stall:
    case Why::bad_answer:
    case Why::wrong_state:
    case Why::error_state:
      break;
  }
  return look(now);
}

Ask Recovery::act_on(State state, Duration now) {
  switch (state) {
    case State::dfu_idle:
      return Finished{};
    case State::dnload_sync:
    case State::dnload_idle:
    case State::manifest_sync:
    case State::upload_idle:
      return run(Doing::aborting, Exchange::abort(*profile_), now);
    case State::error:
      return run(Doing::clearing, Exchange::clear_status(*profile_), now);
    case State::manifest:
    case State::manifest_wait_reset:
      doing_ = Doing::departing;
      return Pause{departure};
    case State::dnbusy:  // settle polls this to its end
    case State::app_idle:
    case State::app_detach:
      break;
  }
  const Exchange::Failure failure{Exchange::Failure::Why::wrong_state, exchange_->report()};
  fault_ = fault_of(failure, OperationKind::recover, doing_text);
  return Finished{};
}

// The last resort, once: a USB reset ends in dfuIDLE on units that still listen.
Ask Recovery::reset_or(Fault fault) {
  fault_ = std::move(fault);
  if (!std::exchange(may_reset_, false)) return Finished{};
  doing_ = Doing::resetting;
  return Reset{};
}

}  // namespace dfu
