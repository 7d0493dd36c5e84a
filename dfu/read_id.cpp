#include "dfu/read_id.h"

#include <algorithm>

namespace dfu {

namespace {

// All zeros: the bootloader has no code for the store, and the system part whose code it uses is missing. All 0xFF: the
// id was never written (docs/devices.md, "Configuration store").
bool all(ByteView bytes, std::uint8_t value) {
  return std::ranges::all_of(bytes, [value](std::uint8_t byte) { return byte == value; });
}

}  // namespace

ReadId::ReadId(const Profile& profile) : profile_(&profile), recovery_(profile) {}

Ask ReadId::begin(Duration now) {
  return recovery_.begin(now);
}

// The survey reports why a unit cannot be brought to dfuIDLE.
Ask ReadId::recovered(Duration now) {
  if (!recovery_.fault()) return run(Doing::address, now);
  const FaultCode code = recovery_.fault()->code;
  const bool fatal = code == FaultCode::unit_gone || code == FaultCode::io_error || code == FaultCode::cancelled;
  if (fatal) fault_ = recovery_.fault();
  return Finished{};
}

// An address is taken in dfuIDLE and in dfuDNLOAD-IDLE, an upload in dfuIDLE only (docs/devices.md, "DfuSe blocks and
// addresses").
Ask ReadId::run(Doing doing, Duration now) {
  doing_ = doing;
  switch (doing) {
    case Doing::recovering:
    case Doing::idle:
      exchange_ = Exchange::abort(*profile_);
      break;
    case Doing::address:
      exchange_ = Exchange::download(*profile_, 0, dfuse_set_address(profile_->stored_id->address));
      break;
    case Doing::reading:
      exchange_ = Exchange::upload(*profile_, dfuse_first_block, profile_->stored_id->length);
      break;
  }
  return exchange_->begin(now);
}

Ask ReadId::answer(const Answer& answer, Duration now) {
  if (doing_ == Doing::recovering) {
    const Ask next = recovery_.answer(answer, now);
    return std::holds_alternative<Finished>(next) ? recovered(now) : next;
  }
  const Ask next = exchange_->answer(answer, now);
  return std::holds_alternative<Finished>(next) ? done(now) : next;
}

Ask ReadId::done(Duration now) {
  using Why = Exchange::Failure::Why;
  if (const auto& failure = exchange_->failure()) {
    const bool fatal = failure->why == Why::gone || failure->why == Why::io_error || failure->why == Why::cancelled;
    if (fatal) fault_ = fault_of(*failure, OperationKind::survey, "reading the unit's id");
    return Finished{};
  }
  switch (doing_) {
    case Doing::address:
      return run(Doing::idle, now);
    case Doing::idle:
      return run(Doing::reading, now);
    case Doing::recovering:
    case Doing::reading:
      break;
  }
  const Bytes& data = exchange_->data();
  const bool whole = data.size() == profile_->stored_id->length;
  if (whole && !all(data, 0) && !all(data, 0xFF)) id_ = to_hex(data);
  return Finished{};
}

}  // namespace dfu
