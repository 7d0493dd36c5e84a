// What a unit holds beside the steps, over the attempts and visits of a line: it goes back to the unit that it was
// taken from, and to no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scheduler/dialects.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using dfu::virt::FaultKind;
using dfu::virt::VirtualUnit;
using fleet::Fleet;
using fleet::port_of;
using testing::Contains;
using testing::Not;

// A bootloader to 0x08005000, an old program behind it, and a recipe for a new one.
constexpr dfu::Range bootloader{0x08000000, 0x08005000};
constexpr std::uint32_t base = 0x08005000, size = 9000;

std::shared_ptr<const config::Recipe> recipe(dfu::Step::Neighbours neighbours = dfu::Step::Neighbours::keep) {
  auto recipe = dialects::raw_recipe("stm32-rom", dialects::program(base, size), base);
  recipe->policy.confirm = config::Confirm::none;
  recipe->policy.attempts = 3;
  std::vector<dfu::Step> steps = recipe->layout.steps;
  steps[0].neighbours = neighbours;
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map)));
  return recipe;
}

dfu::Bytes bootloader_of(std::uint8_t seed) {
  dfu::Bytes bytes(bootloader.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 13 + i / 251 + seed);
  return bytes;
}

class Line : public Fleet {
 public:
  explicit Line(std::vector<dfu::virt::FaultSpec> faults = {},
                dfu::Step::Neighbours neighbours = dfu::Step::Neighbours::keep)
      : Fleet(line_of(std::move(faults)), recipe(neighbours)) {
    furnish(1);
  }

  void furnish(std::uint8_t seed) {
    line.with_unit(port, [&](VirtualUnit& unit) {
      unit.flash().place(bootloader.begin, bootloader_of(seed));
      unit.flash().place(base, dfu::Bytes(12000, seed));
    });
  }

  bool has_bootloader(std::uint8_t seed = 1) {
    bool same = false;
    line.with_unit(port, [&](VirtualUnit& unit) {
      same = std::ranges::equal(unit.flash().view(bootloader), bootloader_of(seed));
    });
    return same;
  }

  std::vector<std::string> said() const {
    std::vector<std::string> codes;
    for (const Record& record : recorder.records) {
      const auto* remark = std::get_if<Remark>(&record);
      if (remark && remark->kind == RemarkKind::neighbours) codes.emplace_back(to_string(remark->code));
    }
    return codes;
  }

  const dfu::PortPath port{port_of(0)};

 private:
  static dfu::virt::LineSpec line_of(std::vector<dfu::virt::FaultSpec> faults) {
    dfu::virt::LineSpec spec = dialects::line_of({.profile = "stm32-rom"}, 1);
    spec.units[0].faults = std::move(faults);
    return spec;
  }
};

// A byte that is wrong once on its way, whichever transfer it is in.
TEST(Neighbours, AWrongByteInAnyTransferIsNeverWrittenBackToThem) {
  int transfers = 0;
  {
    Line line;
    ASSERT_TRUE(line.run());
    transfers = static_cast<int>(line.transfers(line.port.text));
  }
  ASSERT_GT(transfers, 20);
  int caught = 0;
  for (int n = 1; n <= transfers; ++n) {
    SCOPED_TRACE(n);
    Line line({{FaultKind::corrupt, *dfu::virt::fault_point_from("request:" + std::to_string(n)), 1}});
    ASSERT_TRUE(line.run());
    EXPECT_TRUE(line.has_bootloader());
    EXPECT_TRUE(line.holds_recipe(line.port.text)) << "another attempt finds everything right";
    caught += line.watcher.attempts[line.port].size() > 1;
  }
  EXPECT_GT(caught, 5) << "and each of them costs an attempt";
}

TEST(Neighbours, AnUpdateLeavesTheBootloaderInItsSectorAndTheRecordSaysSo) {
  Line line;
  ASSERT_TRUE(line.run());
  EXPECT_EQ(line.last(line.port.text).outcome, Outcome::passed);
  EXPECT_TRUE(line.holds_recipe(line.port.text));
  EXPECT_TRUE(line.has_bootloader());
  EXPECT_THAT(line.said(), testing::ElementsAre("neighbours-kept"));
}

TEST(Neighbours, GivenUpOnPurposeTheRecordSaysThatTheyAreGone) {
  Line line({}, dfu::Step::Neighbours::erase);
  ASSERT_TRUE(line.run());
  EXPECT_EQ(line.last(line.port.text).outcome, Outcome::passed);
  EXPECT_FALSE(line.has_bootloader());
  EXPECT_THAT(line.said(), testing::ElementsAre("neighbours-erased"));
}

// Every transfer of a flash, refused or silent once: the attempt that follows knows what the sector held.
TEST(Neighbours, WhereverATransferFailsTheNextAttemptOfTheVisitGivesThemBack) {
  Line whole;
  ASSERT_TRUE(whole.run());
  const std::uint32_t transfers = whole.transfers(whole.port.text);
  int at_risk = 0;
  for (const FaultKind kind : {FaultKind::stall, FaultKind::hang, FaultKind::unplug}) {
    for (std::uint32_t at = 1; at <= transfers; ++at) {
      Line line({{kind, {dfu::virt::FaultPoint::Kind::request, at}, 1}});
      ASSERT_TRUE(line.run());
      const AttemptFinished& end = line.last(line.port.text);
      at_risk += testing::Value(line.said(), Contains("neighbours-at-risk"));
      if (end.outcome != Outcome::passed && end.outcome != Outcome::already) continue;
      EXPECT_TRUE(line.holds_recipe(line.port.text)) << at;
      EXPECT_TRUE(line.has_bootloader()) << "fault " << static_cast<int>(kind) << " at request " << at;
    }
  }
  EXPECT_GT(at_risk, 5);
}

// Pulled between the erase and the write, and plugged in again by a person.
class Pulled : public Line {
 public:
  Pulled() {
    options.stay = true;
    start();
    const auto at_risk = [&] {
      bool risk = false;
      line.with_unit(port, [&](VirtualUnit& unit) {
        const dfu::ByteView held = unit.flash().view({0x08004000, 0x08005000});
        risk = std::ranges::all_of(held, [](std::uint8_t byte) { return byte == 0xFF; });
      });
      return risk;
    };
    while (!at_risk() && clock.step()) {
    }
    line.pull(port);
    clock.run(clock.now() + 60s);
  }
};

TEST(Neighbours, AUnitThatShowsItsIdGetsThemBackInALaterVisit) {
  Pulled line;
  EXPECT_THAT(line.said(), testing::ElementsAre("neighbours-at-risk"));
  line.line.plug(line.port);
  line.clock.run(line.clock.now() + 60s);
  EXPECT_EQ(line.last(line.port.text).outcome, Outcome::passed);
  EXPECT_TRUE(line.has_bootloader());
  EXPECT_THAT(line.said(), testing::ElementsAre("neighbours-at-risk", "neighbours-kept"));
}

TEST(Neighbours, AnotherUnitInItsPlaceGetsNothingOfIt) {
  Pulled line;
  ASSERT_TRUE(line.line.fresh(line.port));
  line.clock.run(line.clock.now() + 60s);
  EXPECT_EQ(line.last(line.port.text).outcome, Outcome::passed);
  EXPECT_TRUE(line.holds_recipe(line.port.text));
  line.line.with_unit(line.port, [&](VirtualUnit& unit) {
    const dfu::ByteView held = unit.flash().view(bootloader);
    EXPECT_TRUE(std::ranges::all_of(held, [](std::uint8_t byte) { return byte == 0xFF; }));
  });
}

}  // namespace
}  // namespace scheduler
