#include "tests/scheduler/truth.h"

namespace scheduler::truth {

namespace {

using dfu::virt::BootOutcome;
using dfu::virt::VirtualUnit;

BootOutcome next_start(const VirtualUnit& unit) {
  VirtualUnit copy = unit;
  copy.power_off();
  copy.restart();
  return copy.last_boot() ? copy.last_boot()->outcome : BootOutcome::dfu;
}

}  // namespace

Truth truth_of(fleet::Fleet& fleet, const std::string& port, const config::Recipe& recipe) {
  Truth truth;
  truth.holds = fleet.holds_recipe(port, recipe);
  const bool has_usb = recipe.profile.application.has_value();
  const bool at_home = fleet.line.place({port}) == dfu::PortPath{port};
  const bool present = fleet.line.present({port});
  fleet.line.with_unit({port}, [&](VirtualUnit& unit) {
    truth.started = at_home && unit.last_boot() && unit.last_boot()->outcome == BootOutcome::application;
    truth.runs = truth.started && !unit.hung() &&
                 (has_usb ? present && unit.mode() == VirtualUnit::Mode::application : !present);
    truth.next_start = next_start(unit);
  });
  return truth;
}

bool passed(const AttemptFinished& verdict) {
  return verdict.outcome == Outcome::passed || verdict.outcome == Outcome::already;
}

std::optional<std::string> lie_in(const AttemptFinished& verdict, const Truth& truth) {
  if (verdict.verified == true && !truth.holds) return "verified, and the flash does not hold the recipe";
  if (verdict.booted == true && !truth.started) return "booted, and the firmware never ran on this port";
  if (!passed(verdict)) {
    if (!verdict.fault) return "no pass, and no fault";
    if (truth.holds && truth.runs)
      return "no pass for a unit that holds the recipe and runs it: " + verdict.fault->text;
    return {};
  }
  if (verdict.fault) return "a pass with a fault: " + verdict.fault->text;
  if (verdict.verified == false) return "a pass without the verification that the recipe asks for";
  if (verdict.booted == false) return "a pass without the proof that the recipe asks for";
  if (!verdict.verified && !verdict.booted) return "a pass that claims nothing";
  return {};
}

bool unproved(const AttemptFinished& verdict, const Truth& truth) {
  return passed(verdict) && !verdict.verified && !truth.holds;
}

}  // namespace scheduler::truth
