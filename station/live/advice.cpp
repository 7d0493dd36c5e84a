#include "station/live/advice.h"

#include "scheduler/fault_policy.h"
#include "scheduler/outcome.h"

namespace station {

namespace {

// A hand took the unit off the bus, or its plug did: the socket is empty, or the plug must be pushed in.
bool was_pulled(const SlotNow& slot) {
  if (!slot.last || !slot.last->fault) return false;
  const dfu::FaultCode code = slot.last->fault->code;
  return code == dfu::FaultCode::unit_gone || code == dfu::FaultCode::pulled_before_proof;
}

Advice after_failure(const SlotNow& slot) {
  if (slot.without_power) return Advice::replug_hub;
  Advice advice = slot.last && slot.last->fault ? after(slot.last->fault->code) : Advice::set_aside;
  if (slot.asked) advice = Advice::try_again;  // no rung of the ladder is left but this one
  if (slot.present) return advice;
  if (was_pulled(slot)) return Advice::plug_back;
  // It left the bus by itself: it is still in the socket.
  if (!slot.taken_out) return advice;
  return advice == Advice::try_again ? Advice::plug_back : Advice::plug_next;
}

// As if its hub took units.
Advice of_slot(const SlotNow& slot) {
  switch (slot.state) {
    case SlotState::empty:
      return Advice::plug_in;
    case SlotState::foreign:
      return slot.missed ? Advice::unplug : Advice::none;
    case SlotState::queued:
    case SlotState::working:
      return Advice::wait;
    case SlotState::between:  // off the bus for a reset or for its power: the station does that by itself
      return !slot.present && was_pulled(slot) ? Advice::plug_back : Advice::wait;
    case SlotState::verdict:
      if (!slot.verdict || !is_good(*slot.verdict)) return after_failure(slot);
      return slot.present ? Advice::unplug : Advice::plug_next;
    case SlotState::quarantined:
    case SlotState::skipped:
      return slot.present ? Advice::unplug : Advice::none;
    case SlotState::no_hub:
      break;
  }
  return Advice::none;
}

}  // namespace

Advice after(dfu::FaultCode code) {
  switch (scheduler::policy_of(code).remedy) {
    case scheduler::Remedy::try_again:
      return Advice::try_again;
    case scheduler::Remedy::set_aside:
      return Advice::set_aside;
    case scheduler::Remedy::get_help:
      break;
  }
  return Advice::get_help;
}

Advice advise(const SlotNow& slot) {
  const Advice advice = of_slot(slot);
  const bool wants_a_unit = advice == Advice::plug_in || advice == Advice::plug_next;
  return wants_a_unit && slot.hub_stopped ? Advice::none : advice;  // it would only wait
}

std::string_view to_string(Advice advice) {
  switch (advice) {
    case Advice::none:
      return "none";
    case Advice::wait:
      return "wait";
    case Advice::plug_in:
      return "plug-in";
    case Advice::plug_next:
      return "plug-next";
    case Advice::plug_back:
      return "plug-back";
    case Advice::unplug:
      return "unplug";
    case Advice::try_again:
      return "try-again";
    case Advice::set_aside:
      return "set-aside";
    case Advice::get_help:
      return "get-help";
    case Advice::replug_hub:
      return "replug-hub";
  }
  return {};
}

std::string_view english(Advice advice) {
  switch (advice) {
    case Advice::none:
      return "";
    case Advice::wait:
      return "wait";
    case Advice::plug_in:
      return "plug in a unit";
    case Advice::plug_next:
      return "plug in the next one";
    case Advice::plug_back:
      return "plug it back in";
    case Advice::unplug:
      return "unplug it";
    case Advice::try_again:
      return "unplug it, plug it in again";
    case Advice::set_aside:
      return "set it aside";
    case Advice::get_help:
      return "get help";
    case Advice::replug_hub:
      return "the port has no power: unplug the hub from its supply, plug it in again";
  }
  return {};
}

}  // namespace station
