// The id that a unit keeps in its configuration store, read from virtual units and against scripts.
#include "dfu/read_id.h"

#include <gtest/gtest.h>

#include "tests/dfu/conversation_driver.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu {
namespace {

namespace made = virt::testing;

const Profile photon = *find_profile("photon");
const dfu::Setup select_store{0x01, 11, 1, 0, 0};

class StoredIdOfEachGeneration : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(ReadId, StoredIdOfEachGeneration, testing::ValuesIn(virt::generation_numbers()));

TEST_P(StoredIdOfEachGeneration, ReadsTheIdThatTheSystemHasStoredAndTouchesNothingElse) {
  virt::VirtualUnit unit = made::unit_of(GetParam());
  made::install(unit.flash(), 207);
  unit.restart();  // this system stores it
  virt::VirtualUnit again = made::unit_of(GetParam());
  again.flash() = unit.flash();
  again.control(select_store);
  const Bytes before = again.flash().bytes();
  UnitDesk desk(again);
  ReadId read(photon);
  desk.drive(read);
  EXPECT_FALSE(read.fault());
  EXPECT_EQ(read.id(), unit.id());
  EXPECT_TRUE(again.flash().bytes() == before);
  for (const dfu::Setup& one : desk.asked) {
    if (one.request == static_cast<std::uint8_t>(Request::upload)) {
      EXPECT_EQ(one.length, 12) << "the bytes around it are not the station's business";
    }
  }
}

TEST_P(StoredIdOfEachGeneration, AFreshUnitHasNone) {
  virt::VirtualUnit unit = made::unit_of(GetParam());
  unit.control(select_store);
  UnitDesk desk(unit);
  ReadId read(photon);
  desk.drive(read);
  EXPECT_FALSE(read.fault());
  EXPECT_FALSE(read.id());
}

// The newest bootloader borrows the code for its store from the system parts, and reads zeros without them.
TEST(ReadId, AllZerosIsNotReadable) {
  virt::VirtualUnit unit = made::unit_of(12);
  made::install(unit.flash(), 207);
  unit.restart();
  virt::VirtualUnit stripped = made::unit_of(12);
  const ByteView store = unit.flash().view({0x08004000, 0x08008000});
  stripped.flash().place(0x08004000, store);
  stripped.control(select_store);
  UnitDesk desk(stripped);
  ReadId read(photon);
  desk.drive(read);
  EXPECT_FALSE(read.fault());
  EXPECT_FALSE(read.id());
}

TEST(ReadId, EveryFailureOfEveryTransferIsNoIdAndOnlyADepartureIsAFault) {
  for (const TransferStatus failure : failures) {
    for (int at = 1; at <= 8; ++at) {
      virt::VirtualUnit unit = made::unit_of(3);
      int transfers = 0;
      ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
        if (++transfers == at) return {failure, {}};
        const virt::Reaction reaction = unit.control(transfer.setup, transfer.data);
        return {reaction.status, reaction.data};
      });
      ReadId read(photon);
      desk.drive(read);
      if (transfers < at) continue;
      EXPECT_FALSE(read.id());
      const bool told = failure == TransferStatus::gone || failure == TransferStatus::io_error ||
                        failure == TransferStatus::cancelled;
      EXPECT_EQ(read.fault().has_value(), told) << at;
    }
  }
}

}  // namespace
}  // namespace dfu
