// Which fault each status is that a DFU unit can report.
#include "dfu/fault.h"

#include <string>

#include <gtest/gtest.h>

#include "dfu/exchange.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;

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

TEST(Fault, EachCodeBlamesWhatItsCauseIs) {
  for (const Blame& row : table) {
    EXPECT_EQ(to_string(row.code), row.name);
    EXPECT_EQ(about(row.code), row.about) << row.name << ": " << row.why;
  }
  EXPECT_EQ(std::size(table), static_cast<std::size_t>(FaultCode::internal) + 1) << "no code is left out";
}

Fault reported(Status status, OperationKind doing) {
  const Exchange::Failure failure{Exchange::Failure::Why::error_state, {status, 0ms, State::error, 0}};
  return fault_of(failure, doing, "writing user at 0x080a0000");
}

// What a unit says about an address or a file is about the recipe, whatever was being done.
TEST(Fault, AStatusAboutAddressOrFileBlamesTheRecipeAndNotTheUnit) {
  for (const Status status : {Status::err_target, Status::err_file, Status::err_address, Status::err_notdone}) {
    for (const OperationKind doing : {OperationKind::erase, OperationKind::write, OperationKind::read}) {
      const Fault fault = reported(status, doing);
      EXPECT_EQ(fault.code, FaultCode::image_unfit) << to_string(status);
      EXPECT_NE(fault.text.find("compare image and address of the recipe"), std::string::npos) << fault.text;
    }
  }
}

TEST(Fault, AStatusAboutAResetOrALossOfPowerBlamesTheCable) {
  for (const Status status : {Status::err_usbr, Status::err_por}) {
    const Fault fault = reported(status, OperationKind::write);
    EXPECT_EQ(fault.code, FaultCode::io_error) << to_string(status);
    EXPECT_NE(fault.text.find("cable, plug and supply"), std::string::npos) << fault.text;
  }
}

TEST(Fault, ARefusedRequestIsNoBrokenMemory) {
  EXPECT_EQ(reported(Status::err_stalledpkt, OperationKind::write).code, FaultCode::stall);
  EXPECT_EQ(reported(Status::err_prog, OperationKind::write).code, FaultCode::write_failed);
  EXPECT_EQ(reported(Status::err_check_erased, OperationKind::write).code, FaultCode::erase_failed);
  EXPECT_EQ(reported(Status::err_unknown, OperationKind::write).code, FaultCode::write_failed);
  EXPECT_EQ(reported(Status::err_firmware, OperationKind::read).code, FaultCode::device_error);
}

}  // namespace
}  // namespace dfu
