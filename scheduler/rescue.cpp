#include "scheduler/rescue.h"

#include <cmath>
#include <utility>

#include "dfu/fit.h"

namespace scheduler {

namespace {

// How long the departure of a unit may come later than its first sign (docs/devices.md, "Unplugged during work").
constexpr dfu::Duration departure_lag = std::chrono::seconds(1);
constexpr dfu::Duration power_on_again = std::chrono::seconds(1);
// A unit that a reset made leave the bus enumerates within this, or a switch of its power is the better use of time.
constexpr dfu::Duration reset_limit = std::chrono::seconds(5);

bool may_have_left(dfu::FaultCode code) {
  return code == dfu::FaultCode::unit_gone || code == dfu::FaultCode::io_error;
}

}  // namespace

Rescue::Rescue(const dfu::Profile& profile, RescueOptions options)
    : profile_(&profile),
      options_(std::move(options)),
      climbed_(options_.climbed),
      code_(options_.fault.code),
      timers_(options_.first_timer) {
  climbed_.reopen = false;
}

std::vector<VisitEffect> Rescue::begin(std::optional<dfu::UnitInfo> present, dfu::Duration now) {
  now_ = now;
  present_ = std::move(present);
  if (options_.own_reset) {
    climbed_.reset = true;
    rung_ = Rung::reset;
    gone_since_ = now;
    if (present_) unit_ = *present_;
    lost();
  } else {
    climb();
  }
  return std::exchange(wants_, {});
}

std::vector<VisitEffect> Rescue::on(const VisitInput& input, dfu::Duration now) {
  now_ = now;
  std::visit([this](const auto& what) { hear(what); }, input);
  return std::exchange(wants_, {});
}

// ---- the rungs

// What is plugged in while a rung is climbed may be another unit. One that shows no id is judged by the next attempt.
bool Rescue::another_is_here() const {
  if (!present_) return false;
  return std::holds_alternative<Other>(same_unit(options_.known, *present_, {.departures = 1}, *profile_));
}

void Rescue::climb() {
  if (stopping_) return end(Result::stopped);
  if (another_is_here()) return end(Result::another);
  const bool starts = profile_->dialect == dfu::Dialect::dfu11;
  const auto rung = next_rung(code_, climbed_, {present_.has_value(), options_.power, starts});
  if (!rung) return end(Result::ready);
  rung_ = *rung;
  switch (rung_) {
    case Rung::reopen:
      climbed_.reopen = true;
      return open_to_check();
    case Rung::reset:
      climbed_.reset = true;
      return open(std::make_shared<ResetTask>());
    case Rung::power:
      climbed_.power = true;
      stage_ = Stage::switching_off;
      return want(visit_effect::Power{false});
    case Rung::ask:
      advice_ = unplug_it;
      say(RemarkCode::replug_unit);
      return end(Result::ask);
  }
}

void Rescue::open_to_check() {
  if (another_is_here()) return end(Result::another);
  open(std::make_shared<CheckTask>(*profile_, *present_));
}

template <typename OneTask>
void Rescue::open(std::shared_ptr<OneTask> task) {
  unit_ = *present_;
  stage_ = Stage::opening;
  want(visit_effect::Open{unit_.handle, task->claims()});
  task_ = std::move(task);
}

void Rescue::hear(const visit_input::Opened& opened) {
  using dfu::OpenStatus;
  const bool to_reset = std::holds_alternative<std::shared_ptr<ResetTask>>(task_);
  if (opened.result.status != OpenStatus::ok) {
    const std::string detail = opened.result.detail.empty() ? "" : ": " + opened.result.detail;
    // What a unit that cannot even be opened without an interface does is hang; what others do is known already.
    const bool gone = opened.result.status == OpenStatus::gone;
    return failed("the unit could not be opened" + detail, gone       ? dfu::FaultCode::unit_gone
                                                           : to_reset ? dfu::FaultCode::no_answer
                                                                      : code_);
  }
  if (stopping_) return close(After::climb);
  stage_ = Stage::talking;
  std::visit([this](const auto& task) { want(visit_effect::Talk{unit_.handle, task}); }, task_);
}

void Rescue::hear(const visit_input::Talked&) {
  if (stage_ != Stage::talking) return;
  std::visit([this](const auto& task) { ended(*task); }, task_);
}

// ---- does it answer?

void Rescue::ended(const CheckTask& check) {
  if (stopping_) return close(After::climb);
  const auto& fault = check.fault();
  if (!fault) return checked();
  if (fault->code == dfu::FaultCode::cancelled) return close(After::suspect);  // it left in a pause
  failed(fault->text, fault->code);
}

void Rescue::ended(const ResetTask& reset) {
  gone_since_ = reset.answered_at();
  close(reset.stays() ? After::check : After::depart);
}

void Rescue::checked() {
  const bool dfu = in_dfu_mode(unit_, *profile_);
  RemarkValues values{{"mode", dfu ? "dfu" : "application"}};
  if (our_doing_) values["seconds"] = tenths(now_ - gone_since_);
  say(our_doing_ ? RemarkCode::unit_back : RemarkCode::unit_answers, std::move(values));
  close(After::ready);
}

void Rescue::failed(const std::string& what, dfu::FaultCode code) {
  say(RemarkCode::rung_failed, {{"detail", what + (what.ends_with('.') ? "" : ".")}});
  const bool wire = may_have_left(code);
  if (!wire) code_ = code;
  const bool open = stage_ != Stage::opening;
  if (open) return close(wire ? After::suspect : After::climb);
  after_ = wire ? After::suspect : After::climb;
  hear(visit_input::Closed{});
}

void Rescue::close(After after) {
  after_ = after;
  stage_ = Stage::closing;
  want(visit_effect::Close{unit_.handle});
}

void Rescue::hear(const visit_input::Closed&) {
  switch (after_) {
    case After::ready:
      return end(stopping_ ? Result::stopped : Result::ready);
    case After::depart:
      return lost();
    case After::suspect:
      if (still_here()) return wait(Stage::suspecting, departure_lag);
      return came_back_or_not();
    case After::check:
    case After::climb:
      if (stopping_) return end(Result::stopped);
      if (after_ == After::climb) return came_back_or_not();
      return present_ ? open_to_check() : await_return(after_reset());
  }
}

// ---- away and back

// After this reset the unit leaves the bus, and may enumerate again.
void Rescue::lost() {
  our_doing_ = true;
  if (stopping_) return end(Result::stopped);
  if (still_here()) return wait(Stage::departing, departure_lag);
  if (present_) return open_to_check();
  await_return(after_reset());
}

dfu::Duration Rescue::after_reset() const {
  return ahead_ + (options_.power && !climbed_.power ? reset_limit : profile_->return_limit);
}

void Rescue::await_return(dfu::Duration limit) {
  our_doing_ = true;
  wait(Stage::returning, limit);
}

// The unit is not where it was, and the station did not ask it to leave: unless power was cut a moment ago, it went by
// itself.
void Rescue::came_back_or_not() {
  if (stopping_) return end(Result::stopped);
  if (present_) return climb();
  end(Result::gone);
}

void Rescue::hear(const visit_input::Arrived& arrived) {
  present_ = arrived.unit;
  if (stage_ == Stage::returning) open_to_check();
}

void Rescue::hear(const visit_input::Left& left) {
  if (!present_ || present_->handle != left.handle) return;
  present_.reset();
  ahead_ = left.ahead;
  if (stage_ == Stage::departing) return await_return(after_reset());
  if (stage_ == Stage::suspecting) return came_back_or_not();
  const bool checking = stage_ == Stage::talking && std::holds_alternative<std::shared_ptr<CheckTask>>(task_);
  if (checking) want(visit_effect::StopTalk{.at_once = true});
}

// ---- power

void Rescue::hear(const visit_input::Powered& powered) {
  if (stage_ == Stage::switching_on) return switched_on(powered.switched);
  if (stage_ != Stage::switching_off) return;
  if (!powered.switched) {
    say(RemarkCode::port_not_switched);
    return climb();
  }
  gone_since_ = now_;
  if (stopping_) return switch_on();
  wait(Stage::off, power_off_time);
}

void Rescue::switch_on() {
  ++power_ons_;
  stage_ = Stage::switching_on;
  want(visit_effect::Power{true});
}

void Rescue::switched_on(bool switched) {
  if (!switched && power_ons_ < most_power_ons) return wait(Stage::on_again, power_on_again);
  if (!switched) {
    advice_ = "The hub did not switch port " + options_.port.text +
              " on again. Unplug the hub from its supply and plug it in again.";
    say(RemarkCode::port_without_power, {{"port", options_.port.text}});
    return end(Result::ask);
  }
  if (stopping_) return end(Result::stopped);
  our_doing_ = true;
  if (!present_) return await_return(power_on_limit);
  say(RemarkCode::power_not_cut);
  open_to_check();
}

// ---- time, and a stop

void Rescue::hear(const visit_input::TimeOver& over) {
  if (over.timer != timer_) return;
  switch (stage_) {
    case Stage::suspecting:
      return climb();
    case Stage::departing:  // the kernel has not reported it: it is not usable either way
    case Stage::returning:
      say(RemarkCode::unit_not_back, {{"seconds", tenths(now_ - gone_since_)}});
      code_ = dfu::FaultCode::no_answer;
      return climb();
    case Stage::off:
    case Stage::on_again:
      return switch_on();
    case Stage::opening:
    case Stage::talking:
    case Stage::closing:
    case Stage::switching_off:
    case Stage::switching_on:
    case Stage::over:
      break;
  }
}

void Rescue::hear(const visit_input::Stop&) {
  stopping_ = true;
  switch (stage_) {
    case Stage::talking:
      if (std::holds_alternative<std::shared_ptr<CheckTask>>(task_)) want(visit_effect::StopTalk{.at_once = true});
      return;
    case Stage::suspecting:
    case Stage::departing:
    case Stage::returning:
      return end(Result::stopped);
    case Stage::off:
      return switch_on();
    case Stage::opening:
    case Stage::closing:
    case Stage::switching_off:
    case Stage::switching_on:
    case Stage::on_again:
    case Stage::over:
      break;  // comes to an end by itself
  }
}

// ---- bookkeeping

void Rescue::wait(Stage stage, dfu::Duration limit) {
  stage_ = stage;
  timer_ = ++timers_;
  want(visit_effect::Timer{timer_, limit});
}

void Rescue::say(RemarkCode code, RemarkValues values) {
  values["rung"] = std::string(to_string(rung_));
  values["fault"] = std::string(to_string(options_.fault.code));
  const Remark remark = make_remark(code, options_.attempt, options_.port.text, std::move(values));
  want(visit_effect::SaveLater{remark});
  want(visit_effect::Tell{Remarked{remark}});
}

void Rescue::end(Result result) {
  stage_ = Stage::over;
  result_ = result;
}

}  // namespace scheduler
