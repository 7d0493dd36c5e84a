// What a virtual unit says of its state, in tests that speak to it request by request.
#pragma once

#include <gtest/gtest.h>

#include "tests/dfu/virtual/modules.h"

namespace dfu::virt::testing {

inline StatusReport parsed(const Reaction& reaction) {
  EXPECT_EQ(reaction.status, TransferStatus::ok);
  const auto report = parse_status(reaction.data);
  EXPECT_TRUE(report);
  return report.value_or(StatusReport{.state = State::app_idle});
}

// What the second GETSTATUS says about a block that was taken.
inline StatusReport result_of(VirtualUnit& unit, std::uint16_t block, const Bytes& data) {
  EXPECT_EQ(download(unit, block, data).status, TransferStatus::ok);
  EXPECT_EQ(parsed(get_status(unit)).state, State::dnbusy);
  return parsed(get_status(unit));
}

}  // namespace dfu::virt::testing
