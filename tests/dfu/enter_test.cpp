// The ways from application mode into DFU mode, against scripts and against virtual units in application mode.
#include <gtest/gtest.h>

#include "dfu/detach.h"
#include "dfu/particle/enter_dfu.h"
#include "dfu/session.h"
#include "dfu/survey.h"
#include "tests/dfu/conversation_driver.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;
using particle::EnterDfu;
namespace made = virt::testing;

// A Photon that runs system parts of this version.
virt::VirtualUnit photon_with(std::uint16_t version, std::vector<virt::FaultSpec> faults = {}) {
  virt::VirtualUnit unit = made::unit_of(12, std::move(faults));
  made::install(unit.flash(), version);
  unit.restart();
  EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::application);
  return unit;
}

// The application refuses everything that concerns its serial port.
std::vector<virt::FaultSpec> no_serial_port() {
  return {{virt::FaultKind::stall, {virt::FaultPoint::Kind::request, 1}, 1}};
}

TEST(EnterDfu, AnApplicationOfAnyVersionGoesAtTheLineSpeedThatMeansIt) {
  for (const std::uint16_t version : {1, 3, 13, 105, 207, 300, 301, 1002, 1102, 2202}) {
    SCOPED_TRACE(version);
    virt::VirtualUnit unit = photon_with(version);
    UnitDesk desk(unit);
    EnterDfu enter(unit.describe());
    const Duration took = desk.drive(enter);
    EXPECT_FALSE(enter.fault()) << enter.fault()->text;
    EXPECT_TRUE(desk.gone());
    EXPECT_GE(took, 1s) << "it does not notice in its first second";
    EXPECT_LE(took, 3s);
    unit.restart();
    EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::dfu);
    unit.restart();
    EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::application) << "once";
  }
}

TEST(EnterDfu, WithoutASerialPortTheVendorRequestOfTheFirmwareIsUsed) {
  for (const std::uint16_t version : {105, 207, 300, 301, 1002, 1102, 2202}) {
    SCOPED_TRACE(version);
    virt::VirtualUnit unit = photon_with(version, no_serial_port());
    UnitDesk desk(unit);
    EnterDfu enter(unit.describe());
    desk.drive(enter);
    EXPECT_FALSE(enter.fault()) << enter.fault()->text;
    unit.restart();
    EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::dfu);
  }
}

TEST(EnterDfu, FirmwareThatKnowsNoWayIsNamedAfterEveryWayWasTried) {
  virt::VirtualUnit unit = photon_with(3, no_serial_port());
  UnitDesk desk(unit);
  EnterDfu enter(unit.describe());
  desk.drive(enter);
  ASSERT_TRUE(enter.fault());
  EXPECT_EQ(enter.fault()->code, FaultCode::leave_refused);
  EXPECT_EQ(enter.fault()->operation, OperationKind::enter);
  EXPECT_FALSE(desk.gone());
  EXPECT_EQ(desk.asked.size(), 3u);
}

// However the unit answers, the conversation ends within a bound and gives one reason, or none if the unit went.
TEST(EnterDfu, EveryFailureOfEveryTransferEndsIt) {
  virt::VirtualUnit unit = photon_with(3);
  for (const TransferStatus failure : failures) {
    for (int at = 1; at <= 12; ++at) {
      SCOPED_TRACE(std::to_string(static_cast<int>(failure)) + " at " + std::to_string(at));
      int transfers = 0;
      ScriptDesk desk([&](const Transfer&) -> TransferResult {
        return {++transfers == at ? failure : TransferStatus::ok, {}};
      });
      EnterDfu enter(unit.describe());
      EXPECT_LE(desk.drive(enter), 20s);
      const bool went = failure == TransferStatus::gone || failure == TransferStatus::io_error;
      if (transfers < at) continue;  // it ended before
      EXPECT_EQ(!enter.fault(), went);
      if (failure == TransferStatus::cancelled) {
        EXPECT_EQ(enter.fault()->code, FaultCode::cancelled);
      }
    }
  }
}

TEST(EnterDfu, AUnitThatAnswersNothingIsNamedSo) {
  virt::VirtualUnit unit = photon_with(3);
  ScriptDesk desk([](const Transfer&) -> TransferResult { return {TransferStatus::timed_out, {}}; });
  EnterDfu enter(unit.describe());
  EXPECT_LE(desk.drive(enter), 15s);
  ASSERT_TRUE(enter.fault());
  EXPECT_EQ(enter.fault()->code, FaultCode::no_answer);
}

TEST(EnterDfu, RepliesThatAreNoRepliesAreARefusal) {
  virt::VirtualUnit unit = photon_with(2202, no_serial_port());
  Bytes reply;
  append_le32(reply, 0xFFFFFFFF);
  for (std::size_t size = 0; size <= 20; ++size) {
    reply.resize(size, 0xFF);
    ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
      if (transfer.in()) return {TransferStatus::ok, reply};
      return {TransferStatus::stall, {}};
    });
    EnterDfu enter(unit.describe());
    EXPECT_LE(desk.drive(enter), 20s);
    EXPECT_TRUE(enter.fault());
  }
}

// ---- DFU 1.1

virt::VirtualUnit plain_unit(bool will_detach) {
  virt::UnitSpec spec;
  spec.port.text = "1-1.1";
  spec.profile = "dfu11";
  spec.will_detach = will_detach;
  virt::VirtualUnit unit(spec);
  Bytes program;
  append_le32(program, 0x20010000);
  append_le32(program, 0x201);
  program.resize(5000, 0x77);
  UnitDesk desk(unit);
  const auto profile = *find_profile("dfu11");
  auto layout = std::get<Layout>(
      lay_out({{"firmware", make_image("firmware.bin", program), 0, {}}}, *parse_memory_map(profile.map)));
  Survey survey(profile, layout, unit.describe(), true);
  desk.drive(survey);
  Session session(profile, layout, make_plan(layout, survey.result(), profile, {.verify = false}));
  desk.drive(session);
  unit.restart();
  EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::application);
  return unit;
}

TEST(Detach, AUnitThatDetachesByItselfIsNotReset) {
  virt::VirtualUnit unit = plain_unit(true);
  ASSERT_TRUE(can_enter_dfu(unit.describe(), *find_profile("dfu11")));
  UnitDesk desk(unit);
  Detach detach(unit.describe());
  desk.drive(detach);
  EXPECT_FALSE(detach.fault());
  EXPECT_EQ(desk.resets, 0);
  unit.restart();
  EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::dfu);
}

TEST(Detach, AUnitThatDoesNotIsResetAndToldTheTimeThatItAllows) {
  virt::VirtualUnit unit = plain_unit(false);
  UnitDesk desk(unit);
  Detach detach(unit.describe());
  desk.drive(detach);
  EXPECT_FALSE(detach.fault());
  EXPECT_EQ(desk.resets, 1);
  ASSERT_EQ(desk.asked.size(), 1u);
  EXPECT_EQ(desk.asked[0].value, 1000) << "wDetachTimeOut";
  unit.restart();
  EXPECT_EQ(unit.mode(), virt::VirtualUnit::Mode::dfu);
}

TEST(Detach, EveryFailureIsOneFaultOrADeparture) {
  const UnitInfo unit = plain_unit(false).describe();
  for (const TransferStatus failure : failures) {
    ScriptDesk desk([&](const Transfer&) -> TransferResult { return {failure, {}}; });
    Detach detach(unit);
    desk.drive(detach);
    EXPECT_EQ(desk.resets, 0);
    const bool may_have_gone = failure == TransferStatus::gone || failure == TransferStatus::io_error;
    EXPECT_EQ(!detach.fault(), may_have_gone);
  }
}

TEST(Detach, OnlyAUnitThatShowsItsInterfaceCanBeAsked) {
  const Profile plain = *find_profile("dfu11");
  UnitInfo unit = plain_unit(true).describe();
  EXPECT_TRUE(can_enter_dfu(unit, plain));
  unit.configuration.alternates.clear();
  EXPECT_FALSE(can_enter_dfu(unit, plain));
}

}  // namespace
}  // namespace dfu
