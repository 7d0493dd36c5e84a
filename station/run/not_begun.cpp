#include "station/run/not_begun.h"

namespace station {

void NotBegun::on(const scheduler::Event& event, scheduler::WallTime) {
  if (const auto* begun = std::get_if<scheduler::VisitBegan>(&event)) {
    begun_.insert(begun->port);
    units_.erase(begun->port);
  }
  if (const auto* left = std::get_if<scheduler::UnitLeft>(&event)) units_.erase(left->port);
  const auto* arrived = std::get_if<scheduler::UnitArrived>(&event);
  if (!arrived || arrived->ours || arrived->unfit.empty() || begun_.contains(arrived->unit.port)) return;
  units_.insert_or_assign(arrived->unit.port, *arrived);
}

std::string NotBegun::listed(Is wanted) const {
  constexpr std::size_t most = 5;
  std::string text;
  std::size_t found = 0;
  for (const auto& [port, arrived] : units_) {
    if (!wanted(arrived) || ++found > most) continue;
    text += text.empty() ? "" : " ";
    text += "The unit on port " + port.text + " (" + dfu::to_string(arrived.unit.id) + ") " + arrived.unfit;
  }
  if (found > most) text += " Units not listed here: " + std::to_string(found - most) + ".";
  return text;
}

std::string NotBegun::sentences() const {
  return listed([](const scheduler::UnitArrived&) { return true; });
}

std::string NotBegun::sentences_in_dfu_mode() const {
  return listed(
      [](const scheduler::UnitArrived& one) { return one.fit != dfu::Fit::can_enter && one.fit != dfu::Fit::by_hand; });
}

}  // namespace station
