#include "dfu/session.h"

namespace dfu {

Session::Session(const Profile& profile, const Layout& layout, Plan plan)
    : profile_(&profile), layout_(&layout), plan_(std::move(plan)), steps_(layout.steps.size()) {
  if (plan_.writes()) return;
  for (std::size_t i = 0; i < plan_.pieces.size(); ++i) {
    if (plan_.pieces[i] == Holds::same) steps_[layout.pieces[i].step].verified_bytes += layout.pieces[i].data.size();
  }
}

Ask Session::begin(Duration now) {
  return run(now);
}

Ask Session::run(Duration now) {
  const Operation& next = operation();
  const bool leaving = next.kind == Operation::Kind::leave || next.kind == Operation::Kind::reset;
  if (stop_ && !leaving) {
    fault_ = fault_of({Exchange::Failure::Why::cancelled, {}}, next, *layout_);
    fault_->text = "Stopped before " + layout_->steps[next.step].name + " was complete.";
    return Finished{};
  }
  exchange_.reset();
  if (next.kind == Operation::Kind::reset) return Reset{};
  const bool write = next.kind == Operation::Kind::write;
  exchange_ = exchange_for(next, *profile_, write ? bytes_of(next, *layout_) : ByteView());
  return exchange_->begin(now);
}

Ask Session::answer(const Answer& answer, Duration now) {
  // Whatever came of a reset proves nothing: the unit comes back, or it does not.
  if (!exchange_) return operation_done(now);
  const Ask next = exchange_->answer(answer, now);
  return std::holds_alternative<Finished>(next) ? operation_done(now) : next;
}

Ask Session::operation_done(Duration now) {
  const Operation& done = operation();
  if (exchange_ && exchange_->failure()) {
    fault_ = fault_of(*exchange_->failure(), done, *layout_);
    return Finished{};
  }
  floor_ += done.floor;
  if (done.kind == Operation::Kind::read) {
    fault_ = mismatch(done, exchange_->data(), *layout_);
    if (fault_) return Finished{};
  }
  tally();
  if (next_ + 1 == plan_.operations.size()) return Finished{};
  ++next_;
  return run(now);
}

void Session::tally() {
  const Operation& done = operation();
  StepTally& step = steps_[done.step];
  switch (done.kind) {
    case Operation::Kind::erase:
      ++step.erased_sectors;
      break;
    case Operation::Kind::write:
      step.written_bytes += done.length;
      break;
    case Operation::Kind::read:
      step.verified_bytes += done.length;
      break;
    case Operation::Kind::set_address:
    case Operation::Kind::to_idle:
    case Operation::Kind::leave:
    case Operation::Kind::manifest:
    case Operation::Kind::manifest_and_reset:
    case Operation::Kind::reset:
    case Operation::Kind::select:
      break;
  }
}

}  // namespace dfu
