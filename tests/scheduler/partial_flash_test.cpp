#include "scheduler/partial_flash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/particle/identity.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using fleet::Fleet;
using fleet::port_of;
using testing::HasSubstr;

const std::string id_1 = "3b002c001847353236343033", id_2 = "3b002c001847353236343099";

AttemptStarted start_of(const std::string& port, const std::string& visit, const std::string& serial) {
  AttemptStarted started;
  started.attempt = "attempt-of-" + visit;
  started.visit = visit;
  started.port = {port};
  started.unit.port = {port};
  started.unit.id = {0x2B04, 0xD006};
  started.unit.release = serial == "00000000010C" ? 0x0200 : 0x0250;
  started.unit.serial = serial;
  return started;
}

PartialFlash left(const std::string& port, std::optional<std::string> unit) {
  return {"old", "", {port}, std::move(unit), "user", false};
}

TEST(PartialFlash, AUnitWithAnIdIsKnownWhereverItTurnsUpAndOnlyOnce) {
  PartialFlashUnits units;
  units.add(left("1-1.1", id_1));
  EXPECT_FALSE(units.began(start_of("1-1.5", "v1", id_2))) << "another unit on another port";
  const auto said = units.began(start_of("1-1.4", "v2", id_1));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->about, id_1);
  EXPECT_THAT(english(*said),
              HasSubstr("Attempt old left this unit, which was on port 1-1.1 then, half-written in step user"));
  EXPECT_FALSE(units.began(start_of("1-1.4", "v3", id_1)));
  EXPECT_FALSE(units.began(start_of("1-1.1", "v4", id_2)));
}

TEST(PartialFlash, AnotherUnitInItsPlaceIsCalledAnother) {
  PartialFlashUnits units;
  units.add(left("1-1.1", id_1));
  const auto said = units.began(start_of("1-1.1", "v1", id_2));
  ASSERT_TRUE(said);
  EXPECT_THAT(english(*said), HasSubstr("This is another unit: find that one."));
}

TEST(PartialFlash, WithoutReadBackOnlyAnAttemptWithoutAFaultHasWrittenAll) {
  PartialFlashUnits units;
  AttemptFinished end;
  end.started = start_of("1-1.1", "v1", id_1);
  end.unit = id_1;
  end.steps.resize(1);
  end.steps[0].written_bytes = 4096;
  end.fault = dfu::make_fault(dfu::FaultCode::io_error, dfu::OperationKind::write, "cut short");
  units.ended(end);
  EXPECT_TRUE(units.began(start_of("1-1.1", "v2", id_1)));
  units.ended(end);
  end.fault.reset();
  units.ended(end);
  EXPECT_FALSE(units.began(start_of("1-1.1", "v3", id_1)));
}

// What every old Photon shows identifies nobody: there is only the port.
TEST(PartialFlash, AConstantSerialIsNobodysId) {
  PartialFlashUnits units;
  units.add(left("1-1.1", {}));
  EXPECT_FALSE(units.began(start_of("1-1.2", "v1", "00000000010C")));
  const auto said = units.began(start_of("1-1.1", "v2", "00000000010C"));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->about, "1-1.1");
  EXPECT_THAT(english(*said), HasSubstr("If this is the same one"));
}

// As the record is read at the next start: what was erased is not counted before the unit says that it is done.
TEST(PartialFlash, AnAttemptLeavesAUnitSoByWhatItWasDoing) {
  using dfu::OperationKind;
  for (const auto& [doing, half] : std::vector<std::pair<OperationKind, bool>>{{OperationKind::open, false},
                                                                               {OperationKind::survey, false},
                                                                               {OperationKind::erase, true},
                                                                               {OperationKind::write, true},
                                                                               {OperationKind::read, true},
                                                                               {OperationKind::leave, true},
                                                                               {OperationKind::proof, false}}) {
    AttemptFinished end;
    end.started = start_of("1-1.1", "v1", id_1);
    end.outcome = Outcome::failed;
    end.verified = false;
    end.fault = dfu::make_fault(dfu::FaultCode::io_error, doing, "x");
    EXPECT_EQ(may_be_partial(end), half) << to_string(doing);
    end.verified = true;
    EXPECT_FALSE(may_be_partial(end)) << to_string(doing);
    end.verified = std::nullopt;
    EXPECT_EQ(may_be_partial(end), half) << "nobody was to read it back: " << to_string(doing);
  }
}

TEST(PartialFlash, WhatARunBeforeThisOneLeftIsToldAtTheStartAndAtTheNextInsertionOfThatUnit) {
  Fleet fleet(dfu::virt::photon_line(2, 8), fleet::photon_recipe({20000, 12000, 8000}));
  std::string id;
  fleet.line.with_unit({port_of(1)},
                       [&](dfu::virt::VirtualUnit& unit) { id = *dfu::particle::device_id(unit.describe()); });
  PartialFlash last = left("1-7.1", id), older = left("1-7.2", "3b002c001847353236349999");
  last.last_run = true;
  older.attempt = "older";
  fleet.options.partial_flashes = {older, last};
  ASSERT_TRUE(fleet.run());
  std::vector<Remark> said;
  for (const Record& record : fleet.recorder.records) {
    const auto* remark = std::get_if<Remark>(&record);
    if (remark && remark->kind == RemarkKind::partial_flash) said.push_back(*remark);
  }
  ASSERT_EQ(said.size(), 2u);
  EXPECT_THAT(english(said[0]), HasSubstr("Before this start, attempt old left unit"));
  EXPECT_THAT(english(said[0]), HasSubstr("on port 1-7.1 half-written in step user"));
  EXPECT_EQ(said[1].attempt, fleet.last(port_of(1)).started.attempt);
}

}  // namespace
}  // namespace scheduler
