// How much longer units behind a single-TT hub take, against a model that shares nothing with the virtual line: what a
// block needs on the wire (docs/devices.md, "Wire time") and what its unit needs for it (docs/devices.md, "STM32 flash
// times", "Device time of a Photon"), block after block. Units that begin together go through the same blocks together,
// so n of them need for each block whichever is more: n times the wire, or a unit's own time.
#include <gtest/gtest.h>

#include "tests/scheduler/dialects.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::TransactionTranslator;
using fleet::Fleet;
using fleet::port_of;

// All in milliseconds.
constexpr double short_transfer = 0.5;  // from request to answer, however few its bytes
constexpr double word = 0.016;
constexpr double sector_erase = 1000;

// 12 Mbit/s are 1500 bytes in a millisecond; SETUP and STATUS stage, and 13 bytes around each packet of 64.
double wire(std::uint32_t bytes) {
  const std::uint32_t packets = (bytes + 63) / 64;
  return (21 + 13 + packets * (64 + 13)) / 1500.0;
}

double transfer(std::uint32_t bytes) {
  return std::max(wire(bytes), short_transfer);
}

struct Cycle {
  double on_the_wire = 0;
  double alone = 0;
};

// UPLOAD of a block.
Cycle read_cycle(std::uint32_t bytes) {
  return {wire(bytes), transfer(bytes)};
}

// DNLOAD, the GETSTATUS in which it is programmed, and the one that tells the result.
Cycle write_cycle(std::uint32_t bytes) {
  return {wire(bytes) + 2 * wire(6), transfer(bytes) + 2 * short_transfer + (bytes + 3) / 4 * word};
}

Cycle erase_cycle() {
  return {wire(5) + 2 * wire(6), 3 * short_transfer + sector_erase};
}

class Model {
 public:
  explicit Model(int units) : units_(units) {}

  void add(const Cycle& cycle) { time_ += cycle.alone + (units_ - 1) * cycle.on_the_wire; }
  void blocks(std::uint32_t bytes, Cycle (*cycle)(std::uint32_t)) {
    for (; bytes > 4096; bytes -= 4096) add(cycle(4096));
    add(cycle(bytes));
  }
  double seconds() const { return time_ / 1000; }

 private:
  int units_;
  double time_ = 0;
};

const std::vector<std::uint32_t> sizes{248732, 151192, 86192};
constexpr int sectors = 5;

enum class Holds { nothing, something_else };

double by_model(int units, Holds holds) {
  Model model(units);
  if (holds == Holds::nothing) {  // all is read to see that it is blank
    for (const std::uint32_t size : sizes) model.blocks(size, read_cycle);
  } else {  // a block of each sector is enough, and then it must be erased
    for (int i = 0; i < sectors; ++i) model.add(read_cycle(4096));
    for (int i = 0; i < sectors; ++i) model.add(erase_cycle());
  }
  for (const std::uint32_t size : sizes) model.blocks(size, write_cycle);
  for (const std::uint32_t size : sizes) model.blocks(size, read_cycle);
  return model.seconds();
}

// From the start until the last unit was told to leave.
double by_line(int units, Holds holds, TransactionTranslator tt) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(units, 8);
  for (auto& hub : spec.hubs) hub.tt = tt;
  Fleet fleet(spec, fleet::photon_recipe({sizes[0], sizes[1], sizes[2]}));
  for (int i = 0; i < units && holds == Holds::something_else; ++i) {
    fleet.line.with_unit({port_of(i)}, [](dfu::virt::VirtualUnit& unit) {
      unit.flash().place(0x08020000, dfu::Bytes(0x080C0000 - 0x08020000, 0x55));
    });
  }
  const auto totals = fleet.run();
  EXPECT_TRUE(totals && totals->passed == units);
  double last = 0;
  for (const auto& [port, attempts] : fleet.watcher.attempts) last = std::max(last, attempts.back().flash_seconds);
  return last;
}

class SingleTt : public testing::TestWithParam<Holds> {};
INSTANTIATE_TEST_SUITE_P(Units, SingleTt, testing::Values(Holds::nothing, Holds::something_else),
                         [](const auto& unit) { return unit.param == Holds::nothing ? "Blank" : "Used"; });

// What the model leaves out: opening, the way to dfuIDLE, the pointer, leave. 20 short transfers, and as many more.
constexpr double left_out = 40 * short_transfer / 1000;

TEST_P(SingleTt, SoManyUnitsTakeAsLongAsTheModelSays) {
  for (int units = 1; units <= 7; ++units) {
    const double model = by_model(units, GetParam());
    const double line = by_line(units, GetParam(), TransactionTranslator::single);
    std::cout << units << " units: model " << model << " s, line " << line << " s\n";
    EXPECT_NEAR(line, model, 0.01 * model + left_out) << units;
  }
}

TEST_P(SingleTt, BehindAMultiTtHubSevenTakeAsLongAsOne) {
  const double one = by_model(1, GetParam());
  EXPECT_NEAR(by_line(7, GetParam(), TransactionTranslator::multi), one, 0.01 * one + left_out);
}

TEST_P(SingleTt, WhatTheSharedWireCostsSevenUnitsIsTheModelsDifference) {
  const double model = by_model(7, GetParam()) - by_model(1, GetParam());
  const double line =
      by_line(7, GetParam(), TransactionTranslator::single) - by_line(7, GetParam(), TransactionTranslator::multi);
  EXPECT_GT(model, 2.0) << "else there is nothing to see";
  EXPECT_NEAR(line, model, 0.05 * model);
}

}  // namespace
}  // namespace scheduler
