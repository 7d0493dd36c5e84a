// Every fault of the line file at every kind of place, on every Particle unit: what the station says must be true.
// The truth comes from the unit's own flash and its own boot, which share no rule with the station.
#include <iomanip>

#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using fleet::Fleet;
using fleet::port_of;

const std::vector<std::string> places = {"block:1",
                                         "block:3",
                                         "block:9",
                                         "request:1",
                                         "request:6",
                                         "request:20",
                                         "request:40",
                                         "address:0x08020184",
                                         "address:0x08061000",
                                         "survey",
                                         "leave",
                                         "return",
                                         "return:50"};

struct Tally {
  int passed = 0, passed_later = 0, not_passed = 0;
};

void strike(const std::string& kind, const std::string& place, int generation, Tally& tally) {
  SCOPED_TRACE(kind + " at " + place + ", generation " + std::to_string(generation));
  dfu::virt::LineSpec spec = dfu::virt::photon_line(2, generation);
  spec.units[0].faults = {{*dfu::virt::fault_kind_from(kind), *dfu::virt::fault_point_from(place), 1}};
  Fleet fleet(spec, fleet::photon_recipe({20000, 12000, 8000}));
  ASSERT_TRUE(fleet.run()) << "the line never came to an end";
  EXPECT_EQ(fleet.last(port_of(1)).outcome, Outcome::passed) << "a neighbour suffered";
  const auto& attempts = fleet.watcher.attempts[{port_of(0)}];
  ASSERT_FALSE(attempts.empty());
  const bool holds = fleet.holds_recipe(port_of(0));
  bool runs = false;
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
    runs = unit.last_boot() && unit.last_boot()->outcome == dfu::virt::BootOutcome::application;
  });
  const AttemptFinished& last = attempts.back();
  const bool passed = last.outcome == Outcome::passed || last.outcome == Outcome::already;
  if (passed) {
    EXPECT_TRUE(holds && runs) << "a pass that is not true";
    ++(attempts.size() > 1 ? tally.passed_later : tally.passed);
  } else {
    EXPECT_TRUE(last.fault);
    // Booted means back on the same port: a unit that comes back elsewhere may be any unit.
    const bool well = holds && runs && kind != "move" && fleet.line.present({port_of(0)});
    EXPECT_FALSE(well) << "a failure that is not true: " << (last.fault ? last.fault->text : "");
    ++tally.not_passed;
  }
  if (last.verified == true) {
    EXPECT_TRUE(holds);
  }
}

TEST(FaultList, EveryVerdictIsTrueForEveryFaultAtEveryPlace) {
  std::cout << "fault         passed  on a later attempt  not passed\n";
  for (const std::string& kind : dfu::virt::fault_kind_names()) {
    Tally tally;
    for (const std::string& place : places) {
      for (const int generation : dfu::virt::generation_numbers()) strike(kind, place, generation, tally);
    }
    std::cout << std::left << std::setw(14) << kind << std::right << std::setw(6) << tally.passed << std::setw(20)
              << tally.passed_later << std::setw(12) << tally.not_passed << "\n";
  }
}

}  // namespace
}  // namespace scheduler
