// Who is blamed, by every fault code; and what must hold between the columns of the table.
#include "scheduler/fault_policy.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace scheduler {
namespace {

using dfu::FaultCode;

struct Blame {
  FaultCode code;
  std::string_view name;
  About about;
  const char* why;
};

constexpr Blame table[] = {
    {FaultCode::stall, "stall", About::unit, "it refuses a request that DFU allows"},
    {FaultCode::wrong_state, "wrong-state", About::unit, "its state machine is elsewhere"},
    {FaultCode::device_error, "device-error", About::unit, "it reports an error that is not about address or image"},
    {FaultCode::busy_timeout, "busy-timeout", About::unit, "it says that it is busy beyond twice the worst case"},
    {FaultCode::no_answer, "no-answer", About::unit, "it is on the bus and silent"},
    {FaultCode::read_protected, "read-protected", About::unit, "it says itself that it is protected (errVENDOR)"},
    {FaultCode::map_mismatch, "map-mismatch", About::unit, "its own memory map is of another kind of unit"},
    {FaultCode::erase_failed, "erase-failed", About::unit, "its memory does not erase at an address that it offers"},
    {FaultCode::write_failed, "write-failed", About::unit, "its memory does not program at an address that it offers"},
    {FaultCode::verify_mismatch, "verify-mismatch", About::unit, "it holds other bytes than it took"},
    {FaultCode::leave_refused, "leave-refused", About::unit, "it stays in DFU mode"},
    {FaultCode::not_back, "not-back", About::unit, "it left by our request and did not return"},
    {FaultCode::back_in_dfu, "back-in-dfu", About::unit, "it does not start what was read back equal"},
    {FaultCode::safe_mode, "safe-mode", About::unit, "it starts, and not its application"},
    {FaultCode::factory_fallback, "factory-fallback", About::unit, "it restored its factory firmware"},
    {FaultCode::wrong_firmware, "wrong-firmware", About::unit, "it runs something else than it holds"},
    {FaultCode::unit_swapped, "unit-swapped", About::unit, "another unit is here"},
    {FaultCode::duplicate_id, "duplicate-id", About::unit, "two units show one id"},
    {FaultCode::unit_gone, "unit-gone", About::cable, "it left the bus without our request"},
    {FaultCode::io_error, "io-error", About::cable, "a transfer failed on the wire"},
    {FaultCode::pulled_before_proof, "pulled-before-proof", About::cable, "it was verified and left before its proof"},
    {FaultCode::image_unfit, "image-unfit", About::image, "the recipe asks for what this kind of unit cannot do"},
    {FaultCode::port_suspect, "port-suspect", About::port, "other units do well elsewhere"},
    {FaultCode::port_quarantined, "port-quarantined", About::port, "the unit was not touched"},
    {FaultCode::hub_suspect, "hub-suspect", About::hub, "several of its ports fail"},
    {FaultCode::hub_power, "hub-power", About::hub, "it does not supply its ports"},
    {FaultCode::access_denied, "access-denied", About::station, "a permission of this computer"},
    {FaultCode::interface_busy, "interface-busy", About::station, "a program of this computer"},
    {FaultCode::records_unavailable, "records-unavailable", About::station, "the disk of this computer"},
    {FaultCode::cancelled, "cancelled", About::station, "a person stopped it"},
    {FaultCode::interrupted, "interrupted", About::station, "this computer stopped"},
    {FaultCode::internal, "internal", About::station, "this program"},
};

TEST(FaultPolicy, EachCodeBlamesWhatItsCauseIs) {
  for (const Blame& row : table) {
    EXPECT_EQ(to_string(row.code), row.name);
    EXPECT_EQ(about(row.code), row.about) << row.name << ": " << row.why;
  }
  EXPECT_EQ(std::size(table), static_cast<std::size_t>(FaultCode::internal) + 1) << "no code is left out";
}

TEST(FaultPolicy, WhatAnAttemptCannotChangeHasNoRungAndWhatIsNotTheUnitsFaultSetsNoneAside) {
  for (const Blame& row : table) {
    SCOPED_TRACE(row.name);
    const FaultPolicy& policy = policy_of(row.code);
    EXPECT_EQ(policy.code, row.code);
    EXPECT_TRUE(policy.retry || policy.recovery == Recovery::none);
    EXPECT_TRUE(policy.remedy != Remedy::set_aside || policy.about == About::unit);
    EXPECT_TRUE(policy.remedy != Remedy::get_help || policy.about != About::cable);
  }
}

}  // namespace
}  // namespace scheduler
