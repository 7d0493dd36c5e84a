// Which fault each status is that a DFU unit can report.
#include "dfu/fault.h"

#include <string>

#include <gtest/gtest.h>

#include "dfu/exchange.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;

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
