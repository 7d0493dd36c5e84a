// What a unit runs, asked of virtual units that run every generation of system firmware.
#include "dfu/particle/ask_modules.h"

#include <gtest/gtest.h>

#include "dfu/particle/build.h"
#include "tests/dfu/conversation_driver.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;
using particle::AskModules;
using particle::Function;
namespace made = virt::testing;

const Bytes user = particle::build_module({.version = 4, .start = 0x080A0000, .file_size = 6000});

virt::VirtualUnit photon_with(std::uint16_t version) {
  virt::VirtualUnit unit = made::unit_of(12);
  made::install(unit.flash(), version);
  unit.flash().place(0x080A0000, user);
  unit.restart();
  EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::application);
  return unit;
}

class EachSystem : public testing::TestWithParam<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(Versions, EachSystem, testing::Values(1, 3, 13, 102, 105, 207, 300, 301, 1002, 1102, 2202));

TEST_P(EachSystem, SaysWhatItRunsInTheFormThatItHas) {
  virt::VirtualUnit unit = photon_with(GetParam());
  UnitDesk desk(unit);
  desk.now = 2s;  // it has settled
  AskModules ask(unit.describe());
  EXPECT_LE(desk.drive(ask), 3s);
  EXPECT_FALSE(ask.fault());
  ASSERT_TRUE(ask.report());
  EXPECT_EQ(ask.report()->find(Function::system_part, 2)->version, GetParam());
  const auto* found = ask.report()->find(Function::user_part, 1);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->version, 4);
  EXPECT_TRUE(found->intact);
  EXPECT_EQ(found->hash.has_value(), GetParam() < 1100);
  if (found->hash) {
    EXPECT_EQ(found->hash, particle::ModuleResult(particle::parse_module(user)).index() == 2
                               ? std::get<particle::Module>(particle::parse_module(user)).hash
                               : std::nullopt);
  }
}

TEST_P(EachSystem, IsLeftAsItWasFound) {
  virt::VirtualUnit unit = photon_with(GetParam());
  const Bytes before = unit.flash().bytes();
  UnitDesk desk(unit);
  desk.now = 2s;
  AskModules ask(unit.describe());
  desk.drive(ask);
  EXPECT_TRUE(unit.flash().bytes() == before);
  EXPECT_FALSE(desk.gone());
  // No longer listening: a command is for the application, and nobody answers.
  unit.bulk(virt::UsbFace::serial_out, Bytes{'s'}, 1);
  EXPECT_FALSE(unit.bulk(virt::UsbFace::serial_in, {}, 512).answered);
}

// A fault of the wire ends it with one reason; any other trouble is a way less, and in the end silence.
TEST_P(EachSystem, EveryFailureOfEveryTransferEndsItWithinABound) {
  int all = 0;
  {
    virt::VirtualUnit unit = photon_with(GetParam());
    UnitDesk desk(unit);
    desk.now = 2s;
    AskModules ask(unit.describe());
    desk.drive(ask);
    all = static_cast<int>(desk.asked.size());
  }
  for (const TransferStatus failure : failures) {
    for (int at = 1; at <= all; ++at) {
      SCOPED_TRACE(std::to_string(static_cast<int>(failure)) + " at " + std::to_string(at));
      virt::VirtualUnit unit = photon_with(GetParam());
      unit.up_for(2s);
      int transfers = 0;
      ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
        if (++transfers == at) return {failure, {}};
        const virt::Reaction reaction = transfer.endpoint == 0
                                            ? unit.control(transfer.setup, transfer.data)
                                            : unit.bulk(transfer.endpoint, transfer.data, transfer.setup.length);
        if (!reaction.answered) return {TransferStatus::timed_out, {}};
        return {reaction.status, reaction.data};
      });
      AskModules ask(unit.describe());
      EXPECT_LE(desk.drive(ask), 30s);
      const bool wire = failure == TransferStatus::gone || failure == TransferStatus::io_error;
      if (wire || failure == TransferStatus::cancelled) {
        // What it had said before it was asked to stop listening stays said.
        EXPECT_TRUE(ask.fault() || ask.report());
      } else {
        EXPECT_FALSE(ask.fault());
      }
    }
  }
}

// 512 bytes hold the list of a unit without a factory image, and are cut off for one that has one.
TEST(AskModules, AListThatTheUnitCutsShortIsReadByAnotherWayOrNotAtAll) {
  virt::VirtualUnit unit = photon_with(207);
  Bytes factory = user;
  unit.flash().place(0x080E0000, factory);
  UnitDesk desk(unit);
  desk.now = 2s;
  AskModules ask(unit.describe());
  desk.drive(ask);
  EXPECT_FALSE(ask.fault());
  ASSERT_TRUE(ask.report()) << "its serial port has no such limit";
  EXPECT_EQ(ask.report()->modules.size(), 5u);
}

TEST(AskModules, AUnitThatSaysNothingIsNoFault) {
  const UnitInfo unit = photon_with(3).describe();
  ScriptDesk desk([](const Transfer&) -> TransferResult { return {TransferStatus::timed_out, {}}; });
  AskModules ask(unit);
  EXPECT_LE(desk.drive(ask), 30s);
  EXPECT_FALSE(ask.fault());
  EXPECT_FALSE(ask.report());
}

TEST(AskModules, AUnitThatTalksWithoutEndIsLeft) {
  const UnitInfo unit = photon_with(3).describe();
  ScriptDesk desk([](const Transfer& transfer) -> TransferResult {
    if (transfer.endpoint == 0x81) return {TransferStatus::ok, Bytes(512, '{')};
    return {transfer.endpoint == 0 && transfer.in() ? TransferStatus::stall : TransferStatus::ok, {}};
  });
  AskModules ask(unit);
  desk.drive(ask);
  EXPECT_FALSE(ask.report());
}

}  // namespace
}  // namespace dfu
