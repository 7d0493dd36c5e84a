// What a slot asks of a person: for each fault, with the unit in the socket, taken out, pulled, or gone by itself.
#include "station/live/advice.h"

#include <gtest/gtest.h>

#include "scheduler/fault_policy.h"

namespace station {
namespace {

using dfu::FaultCode;

constexpr int codes = static_cast<int>(FaultCode::internal) + 1;

SlotNow failed(FaultCode code, bool present, bool taken_out = false) {
  SlotNow slot;
  slot.state = SlotState::verdict;
  slot.present = present;
  slot.taken_out = taken_out;
  slot.verdict = scheduler::Outcome::failed;
  slot.last = Ending{.outcome = scheduler::Outcome::failed, .fault = dfu::Fault{}};
  slot.last->fault->code = code;
  return slot;
}

TEST(Advice, AUnitIsSetAsideOnlyForAFaultThatIsAboutIt) {
  for (int i = 0; i < codes; ++i) {
    const auto code = static_cast<FaultCode>(i);
    if (after(code) == Advice::set_aside) {
      EXPECT_EQ(scheduler::about(code), scheduler::About::unit) << to_string(code);
    }
    const scheduler::About about = scheduler::about(code);
    const bool stopped = code == FaultCode::cancelled || code == FaultCode::interrupted;
    const bool others = about == scheduler::About::station || about == scheduler::About::hub ||
                        about == scheduler::About::port || about == scheduler::About::image;
    if (others && !stopped) {
      EXPECT_EQ(after(code), Advice::get_help) << to_string(code);
    }
  }
}

TEST(Advice, AUnitThatLeftTheBusByItselfIsStillInTheSocket) {
  EXPECT_EQ(advise(failed(FaultCode::not_back, false)), Advice::try_again);
  EXPECT_EQ(advise(failed(FaultCode::no_answer, false)), Advice::try_again);
  EXPECT_EQ(advise(failed(FaultCode::verify_mismatch, false)), Advice::set_aside);
}

TEST(Advice, APulledUnitIsPluggedBackIn) {
  EXPECT_EQ(advise(failed(FaultCode::unit_gone, false)), Advice::plug_back);
  EXPECT_EQ(advise(failed(FaultCode::pulled_before_proof, false)), Advice::plug_back);
}

TEST(Advice, WhatWasTakenOutAsAskedIsFollowedByWhatComesNext) {
  EXPECT_EQ(advise(failed(FaultCode::stall, false, true)), Advice::plug_back);
  EXPECT_EQ(advise(failed(FaultCode::verify_mismatch, false, true)), Advice::plug_next);
  EXPECT_EQ(advise(failed(FaultCode::image_unfit, false, true)), Advice::plug_next);
}

TEST(Advice, APortWithoutPowerNeedsItsHubFirst) {
  SlotNow slot = failed(FaultCode::no_answer, false);
  slot.without_power = true;
  EXPECT_EQ(advise(slot), Advice::replug_hub);
}

TEST(Advice, AUnitThatTheStationSwitchesOffIsWaitedFor) {
  SlotNow slot = failed(FaultCode::no_answer, false);
  slot.state = SlotState::between;
  EXPECT_EQ(advise(slot), Advice::wait);
  slot.last->fault->code = FaultCode::unit_gone;
  EXPECT_EQ(advise(slot), Advice::plug_back);
}

TEST(Advice, AGoodUnitIsTakenOutAndTheNextOneComes) {
  SlotNow slot;
  slot.state = SlotState::verdict;
  slot.verdict = scheduler::Outcome::already;
  slot.present = true;
  EXPECT_EQ(advise(slot), Advice::unplug);
  slot.present = false;
  EXPECT_EQ(advise(slot), Advice::plug_next);
}

TEST(Advice, ASocketOfAMissingHubAsksForNothing) {
  SlotNow slot;
  slot.state = SlotState::no_hub;
  EXPECT_EQ(advise(slot), Advice::none);
}

TEST(Advice, EachHasANameAndWords) {
  for (int i = 0; i <= static_cast<int>(Advice::replug_hub); ++i) {
    EXPECT_FALSE(to_string(static_cast<Advice>(i)).empty());
    EXPECT_EQ(english(static_cast<Advice>(i)).empty(), i == 0);
  }
}

}  // namespace
}  // namespace station
