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

// Asked for its status by the host, as any USB device is.
bool answers(const VirtualUnit& unit) {
  VirtualUnit copy = unit;
  const dfu::virt::Reaction reaction = copy.control({.request_type = 0x80, .request = 0, .length = 2});
  return reaction.answered && reaction.status == dfu::TransferStatus::ok && !reaction.departure;
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
                 (has_usb ? present && unit.mode() == VirtualUnit::Mode::application && answers(unit) : !present);
    if (unit.last_boot() && unit.last_boot()->overruled) truth.overruled = unit.last_boot()->outcome;
    truth.restored = unit.restored();
    truth.starts = unit.starts();
    if (unit.last_boot()) truth.system = unit.last_boot()->system_version;
    truth.next_start = next_start(unit);
  });
  return truth;
}

bool passed(const AttemptFinished& verdict) {
  return verdict.outcome == Outcome::passed || verdict.outcome == Outcome::already;
}

// A waived verification claims nothing about bytes.
bool runs_it(const AttemptFinished& verdict, const Truth& truth) {
  return truth.started && (truth.holds || !verdict.verified);
}

std::optional<std::string> lie_in(const AttemptFinished& verdict, const Truth& truth) {
  // A unit restores its factory firmware after it has been read.
  if (verdict.verified == true && !truth.holds && !truth.restored) {
    return "verified, and the flash does not hold the recipe";
  }
  if (verdict.booted == true && !truth.started && !beyond_proof(*verdict.started.recipe, truth)) {
    return "booted, and the firmware never ran on this port";
  }
  if (passed(verdict) && !runs_it(verdict, truth) && !beyond_proof(*verdict.started.recipe, truth)) {
    return "a pass for a unit that does not run what was written";
  }
  if (!passed(verdict)) {
    if (!verdict.fault) return "no pass, and no fault";
    if (untold(verdict)) return {};
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

bool untold(const AttemptFinished& verdict) {
  if (!verdict.fault || verdict.verified == false) return false;
  const std::string& text = verdict.fault->text;
  const bool shows_none = !verdict.unit || text.find("and shows no id") != std::string::npos;
  return shows_none && text.starts_with("Nothing proves that the unit on this port is the one");
}

std::optional<std::string> beyond_proof(const config::Recipe& recipe, const Truth& truth) {
  // From 1.1.0 on a system names no build, so that its firmware is compared instead (docs/devices.md, "Asking a running
  // system").
  constexpr std::uint16_t names_no_build = 1100;
  const bool restored = truth.overruled == BootOutcome::factory_fallback;
  // Compared between two starts; what happens at the second one is no longer looked at.
  const bool after_the_look = restored && truth.starts >= 2;
  if (recipe.forced) return {};
  switch (recipe.policy.confirm) {
    case config::Confirm::none:
      return "none: nobody waits for the start";
    case config::Confirm::application:
      if (truth.overruled) return "application: factory firmware and safe mode look the same on USB";
      return {};
    case config::Confirm::reread:
      if (after_the_look) return "reread: restored by the start that follows the last look";
      if (truth.overruled && !restored) return "reread: the flash says nothing about a safe mode that was asked for";
      return {};
    case config::Confirm::modules:
      if (truth.overruled && !restored)
        return "modules: a system that was asked for safe mode calls all its modules good";
      if (after_the_look && truth.system >= names_no_build) {
        return "modules: of a system that names no build, restored by the start that follows the last look";
      }
      return {};
  }
  return {};
}

bool unproved(const AttemptFinished& verdict, const Truth& truth) {
  return passed(verdict) && !verdict.verified && !truth.holds;
}

}  // namespace scheduler::truth
