#include "dfu/detach.h"

#include <algorithm>

#include "dfu/exchange.h"
#include "dfu/protocol.h"

namespace dfu {

namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t run_time_protocol = 1;
// The unit takes note and answers; nothing else happens inside this request.
constexpr Duration request_timeout = 2s;

}  // namespace

std::optional<std::uint8_t> run_time_interface(const UnitInfo& unit) {
  const auto& all = unit.configuration.alternates;
  const auto found = std::ranges::find_if(
      all, [](const AltSetting& one) { return one.is_dfu() && one.protocol == run_time_protocol; });
  if (found == all.end()) return {};
  return found->interface_number;
}

Detach::Detach(const UnitInfo& unit)
    : interface_(run_time_interface(unit).value_or(0)),
      by_itself_(unit.configuration.functional && unit.configuration.functional->will_detach),
      detach_timeout_(unit.configuration.functional ? unit.configuration.functional->detach_timeout : 0ms) {}

Ask Detach::begin(Duration) {
  // The longest that the unit allows: it waits for our reset for so long, and no longer than it says.
  const auto wait = static_cast<std::uint16_t>(std::clamp<std::int64_t>(detach_timeout_.count(), 1, 0xFFFF));
  const Setup setup{request_type_out, static_cast<std::uint8_t>(Request::detach), wait, interface_, 0};
  return Submit{{setup, {}, request_timeout}};
}

Ask Detach::answer(const Answer& answer, Duration) {
  const auto* result = std::get_if<TransferResult>(&answer);
  // The result of a reset does not matter: the port shows whether the unit comes back in DFU mode.
  if (!result) return Finished{};
  const auto refuse = [this](Exchange::Failure::Why why) {
    fault_ = fault_of({why, {}}, OperationKind::enter, "asking the unit to go into DFU mode");
    return Finished{};
  };
  switch (result->status) {
    case TransferStatus::ok:
      return by_itself_ ? Ask(Finished{}) : Ask(Reset{});
    case TransferStatus::gone:
    case TransferStatus::io_error:
      return Finished{};  // it may have gone before its answer was through
    case TransferStatus::stall:
      return refuse(Exchange::Failure::Why::stall);
    case TransferStatus::timed_out:
      return refuse(Exchange::Failure::Why::no_answer);
    case TransferStatus::cancelled:
      return refuse(Exchange::Failure::Why::cancelled);
  }
  return Finished{};
}

}  // namespace dfu
