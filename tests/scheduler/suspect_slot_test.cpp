// A bad socket on the line: the station says so, and does not only blame the units.
#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using fleet::Fleet;
using fleet::port_of;

TEST(SuspectSlot, ASocketThatLosesEveryUnitIsNamedAndItsPeersAreNot) {
  constexpr int units = 7, bad = 3;
  dfu::virt::LineSpec spec = dfu::virt::photon_line(units, 8);
  auto station = std::make_shared<config::StationConfig>();
  station->quarantine_after = 0;  // three units would close it, before it is a suspect
  for (int i = 0; i < units; ++i) station->slots.push_back({port_of(i), "A" + std::to_string(i + 1), ""});
  Fleet fleet(spec, fleet::photon_recipe({20000, 12000, 8000}), station);
  fleet.options.stay = true;
  fleet.start();
  std::vector<Remark> said;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < units; ++i) {
      fleet.line.with_unit({port_of(i)}, [&](dfu::virt::VirtualUnit& unit) {
        dfu::virt::UnitSpec fresh;
        fresh.port.text = port_of(i);
        fresh.id = "3b002c00184735323634" + std::to_string(1000 + round * units + i);
        fresh.generation = 8;
        if (i == bad) {
          fresh.faults = {{dfu::virt::FaultKind::cable, {dfu::virt::FaultPoint::Kind::block, 2}, 1000}};
        }
        unit = dfu::virt::VirtualUnit(fresh);
      });
      if (round > 0) fleet.line.plug({port_of(i)});
    }
    fleet.clock.run(fleet.clock.now() + 20s);
    for (int i = 0; i < units; ++i) fleet.line.pull({port_of(i)});
    fleet.clock.run(fleet.clock.now() + 5s);
  }
  for (const Record& record : fleet.recorder.records) {
    const auto* remark = std::get_if<Remark>(&record);
    if (remark && remark->kind == RemarkKind::suspect) said.push_back(*remark);
  }
  ASSERT_FALSE(said.empty());
  for (const Remark& remark : said) {
    EXPECT_EQ(remark.about, "A4");
    EXPECT_NE(english(remark).find("uspect slot A4"), std::string::npos) << english(remark);
    EXPECT_FALSE(remark.attempt.empty());
  }
  EXPECT_NE(english(said.back()).find("not this unit"), std::string::npos) << english(said.back());
}

}  // namespace
}  // namespace scheduler
