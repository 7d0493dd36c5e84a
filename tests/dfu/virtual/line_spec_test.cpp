#include "dfu/virtual/line_spec.h"

#include <set>

#include <gtest/gtest.h>

#include "dfu/virtual/generations.h"
#include "dfu/virtual/unit.h"

namespace dfu::virt {
namespace {

TEST(LineSpec, EightPhotonsFillTheFirstHubAndBeginTheSecond) {
  const LineSpec line = photon_line(8, 3);
  ASSERT_EQ(line.hubs.size(), 2u);
  EXPECT_EQ(line.hubs[0].port.text, "1-1");
  EXPECT_EQ(line.hubs[1].port.text, "1-2");
  for (const auto& hub : line.hubs) {
    EXPECT_EQ(hub.ports, 7);
    EXPECT_EQ(hub.tt, TransactionTranslator::multi);
    EXPECT_EQ(hub.power, PortPower::per_port);
  }
  ASSERT_EQ(line.units.size(), 8u);
  EXPECT_EQ(line.units[0].port.text, "1-1.1");
  EXPECT_EQ(line.units[6].port.text, "1-1.7");
  EXPECT_EQ(line.units[7].port.text, "1-2.1");
  for (const auto& unit : line.units) {
    EXPECT_EQ(unit.generation, 3);
    EXPECT_EQ(unit.profile, "photon");
    EXPECT_EQ(unit.starts, Starts::dfu);
    EXPECT_TRUE(unit.faults.empty());
  }
}

TEST(LineSpec, NoUnitsNeedNoHub) {
  EXPECT_TRUE(photon_line(0, 3).hubs.empty());
  EXPECT_EQ(photon_line(7, 3).hubs.size(), 1u);
}

TEST(LineSpec, EveryFaultKindHasANameThatReadsBack) {
  const auto names = fault_kind_names();
  EXPECT_EQ(names.size(), 15u);
  std::set<FaultKind> kinds;
  for (const auto& name : names) {
    ASSERT_TRUE(fault_kind_from(name)) << name;
    kinds.insert(*fault_kind_from(name));
  }
  EXPECT_EQ(kinds.size(), 15u);
  EXPECT_EQ(fault_kind_from("poll-lie"), FaultKind::poll_lie);
  EXPECT_FALSE(fault_kind_from("poll_lie"));
  EXPECT_FALSE(fault_kind_from(""));
}

TEST(LineSpec, FaultPointsRead) {
  const auto block = fault_point_from("block:40");
  ASSERT_TRUE(block);
  EXPECT_EQ(block->kind, FaultPoint::Kind::block);
  EXPECT_EQ(block->number, 40u);
  const auto address = fault_point_from("address:0x08061000");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->kind, FaultPoint::Kind::address);
  EXPECT_EQ(address->number, 0x08061000u);
  EXPECT_EQ(fault_point_from("address:16")->number, 16u);
  EXPECT_EQ(fault_point_from("request:1")->kind, FaultPoint::Kind::request);
  EXPECT_EQ(fault_point_from("leave")->kind, FaultPoint::Kind::leave);
  EXPECT_EQ(fault_point_from("survey")->kind, FaultPoint::Kind::survey);
  EXPECT_EQ(fault_point_from("return")->kind, FaultPoint::Kind::returned);
  EXPECT_EQ(fault_point_from("return:250")->number, 250u);
  EXPECT_EQ(fault_point_from("return:0")->number, 0u);
}

TEST(LineSpec, WhatIsNoFaultPointIsRefused) {
  for (const char* text : {"", "block", "block:", "block:0", "request:0", "block:x", "block:-1", "block: 4", "block:4 ",
                           "address:0x1ffffffff", "address:0x", "sector:3", "leave:1", "Leave", "return:", "returns"}) {
    EXPECT_FALSE(fault_point_from(text)) << text;
  }
}

TEST(LineSpec, IdsAreDerivedFromThePortAndDiffer) {
  std::set<std::string> ids;
  for (const auto& spec : photon_line(500, 3).units) {
    const std::string id = unit_id(spec);
    EXPECT_EQ(id.size(), 24u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(id, unit_id(spec));
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 500u);
  UnitSpec spec;
  spec.id = "3B002C001847353236343033";
  EXPECT_EQ(unit_id(spec), "3b002c001847353236343033");
}

TEST(Generations, TheTableHoldsWhatTheLineFileMayName) {
  EXPECT_EQ(generation_numbers(), (std::vector<int>{3, 6, 7, 8, 10, 12}));
  EXPECT_EQ(find_generation(4), nullptr);
}

}  // namespace
}  // namespace dfu::virt
