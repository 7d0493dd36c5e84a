// What a unit holds beside the steps, in sectors that are erased for them: judged by the flash of virtual units of many
// geometries, before a pass and after it.
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "dfu/session.h"
#include "dfu/survey.h"
#include "tests/dfu/conversation_driver.h"

namespace dfu {
namespace {

using Keep = Step::Neighbours;
using Random = std::mt19937;

std::uint32_t below(Random& random, std::uint32_t limit) {
  return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random);
}

template <class T>
T one_of(Random& random, std::initializer_list<T> values) {
  return *(values.begin() + below(random, static_cast<std::uint32_t>(values.size())));
}

Bytes noise(Random& random, std::size_t size) {
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// A part that nobody makes, with the map that it shows.
struct Part {
  virt::UnitSpec spec;
  Profile profile;
  MemoryMap map;

  std::vector<Sector> sectors() const { return map.sectors; }
};

Part part_of(std::vector<virt::FlashGeometry::Run> runs, std::uint32_t granule, std::uint16_t transfer_size) {
  Part part;
  part.profile = standard_profile({0x0483, 0xDF11}, 0);
  std::string text = "@Internal Flash  /0x08000000/";
  for (const auto& run : runs) {
    const bool whole = run.size % 1024 == 0;
    text +=
        std::to_string(run.count) + "*" + std::to_string(whole ? run.size / 1024 : run.size) + (whole ? "Kg," : " g,");
  }
  text.pop_back();
  part.profile.map = text;
  part.map = *parse_memory_map(text);
  part.spec.port.text = "1-1.1";
  part.spec.profile = "stm32-rom";
  part.spec.part = virt::make_geometry(0x08000000, std::move(runs), granule);
  part.spec.map = text;
  part.spec.transfer_size = transfer_size;
  return part;
}

Part any_part(Random& random) {
  std::vector<virt::FlashGeometry::Run> runs;
  for (std::uint32_t i = 0, count = 1 + below(random, 3); i < count; ++i) {
    const auto size = one_of<std::uint32_t>(random, {256, 512, 1024, 2048, 4096, 16384, 65536, 131072, 262144});
    const bool known = std::ranges::find(runs, size, &virt::FlashGeometry::Run::size) != runs.end();
    if (!known) runs.push_back({1 + below(random, size > 16384 ? 2 : 6), size, std::chrono::milliseconds(20)});
  }
  // The second bank of those that have two is like the first.
  if (runs.size() > 1 && below(random, 3) == 0) {
    const std::vector first = runs;
    runs.insert(runs.end(), first.begin(), first.end());
  }
  const auto granule = one_of<std::uint32_t>(random, {4, 8, 16, 32});
  Part part = part_of(std::move(runs), granule, one_of<std::uint16_t>(random, {64, 256, 1024, 2048, 4096}));
  // Some name no transfer size, and people know one that they take. Not with small ones: each block has five exchanges.
  if (part.spec.transfer_size >= 1024 && below(random, 2) == 0) {
    part.spec.shown_transfer_size = 0;
    part.profile.assumed_transfer_size = static_cast<std::uint16_t>(part.spec.transfer_size / (1 + below(random, 2)));
  }
  return part;
}

Step step_at(std::string name, Range range, Bytes bytes, Keep neighbours) {
  Step step{std::move(name), make_image("image.bin", std::move(bytes)), range.begin, {}};
  step.neighbours = neighbours;
  return step;
}

// Up to four steps that begin at words, some of them side by side in one sector, none over another.
std::vector<Step> any_steps(Random& random, Range flash, Keep neighbours) {
  std::vector<Range> ranges;
  for (std::uint32_t i = 0, count = 1 + below(random, 4); i < count; ++i) {
    const bool beside = !ranges.empty() && below(random, 2) == 0;
    const std::uint32_t begin =
        (beside ? ranges.back().end + below(random, 40) : flash.begin + below(random, flash.size())) / 4 * 4 +
        (beside ? 4 : 0);
    if (begin >= flash.end) continue;
    const std::uint32_t most = std::min(flash.end - begin, 1 + below(random, flash.size() / 2));
    const Range range{begin, begin + 1 + below(random, most)};
    const auto hit = [&](const Range& one) { return one.overlaps(range); };
    if (std::ranges::none_of(ranges, hit)) ranges.push_back(range);
  }
  std::vector<Step> steps;
  for (const Range& range : ranges) {
    steps.push_back(step_at("step" + std::to_string(steps.size()), range, noise(random, range.size()), neighbours));
  }
  return steps;
}

// Sector by sector: blank, full, or a bit of each; and of some steps what they write, whole or in part.
void fill(Random& random, virt::VirtualUnit& unit, const Part& part, const Layout& layout) {
  for (const Sector& sector : part.sectors()) {
    const std::uint32_t kind = below(random, 4);
    if (kind == 0) continue;
    unit.flash().place(sector.range.begin,
                       noise(random, kind == 1 ? sector.range.size() : below(random, sector.range.size())));
  }
  for (const Step& step : layout.steps) {
    const std::uint32_t kind = below(random, 4);
    const ByteView bytes = step.image->payload();
    if (kind == 0) unit.flash().place(step.address, bytes);
    if (kind == 1) unit.flash().place(step.address, Bytes(bytes.size(), 0xFF));
    if (kind == 2)
      unit.flash().place(step.address, bytes.first(below(random, static_cast<std::uint32_t>(bytes.size()) + 1)));
  }
}

struct Pass {
  std::optional<Fault> fault;
  BytesAt at_risk, restored;
  std::uint32_t written = 0, bytes = 0;
  std::vector<std::uint32_t> verified;
};

Pass flash(virt::VirtualUnit& unit, const Part& part, const Layout& layout, BytesAt to_restore = {},
           PlanOptions options = {}) {
  UnitDesk desk(unit);
  Survey survey(part.profile, layout, unit.describe(), !options.rewrite, std::move(to_restore));
  desk.drive(survey);
  if (survey.fault()) return {survey.fault(), survey.result().to_restore, {}, 0, 0, {}};
  Session session(part.profile, layout, make_plan(layout, survey.result(), part.profile, options));
  desk.drive(session);
  Pass pass{session.fault(), session.at_risk(), session.restored(), 0, 0, {}};
  for (const StepTally& step : session.steps()) {
    pass.written += step.written_bytes;
    pass.verified.push_back(step.verified_bytes);
  }
  return pass;
}

// Every byte that differs, as addresses; at most a few.
std::vector<std::string> changed_outside(const Bytes& before, const virt::VirtualUnit& unit, const Layout& layout) {
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < before.size() && out.size() < 3; ++i) {
    const std::uint32_t address = unit.flash().range().begin + i;
    const auto has = [&](const Piece& piece) { return piece.data.contains(address); };
    if (before[i] != unit.flash().bytes()[i] && std::ranges::none_of(layout.pieces, has))
      out.push_back(hex_address(address));
  }
  return out;
}

bool holds_all(const virt::VirtualUnit& unit, const Layout& layout) {
  return std::ranges::all_of(layout.steps, [&](const Step& step) {
    return std::ranges::equal(unit.flash().view(step.range()), step.image->payload());
  });
}

Layout laid(const Part& part, std::vector<Step> steps) {
  auto result = lay_out(std::move(steps), part.map);
  EXPECT_TRUE(std::holds_alternative<Layout>(result)) << std::get<Misfit>(result).text;
  return std::get<Layout>(std::move(result));
}

TEST(Neighbours, WhateverMapImagesAndContentsAreBytesOutsideTheStepsAreTheSameAfterAPassAsBefore) {
  constexpr int rounds = 250;
  for (int round = 0; round < rounds; ++round) {
    Random random(static_cast<std::uint32_t>(round));
    const Part part = any_part(random);
    const Layout layout = laid(part, any_steps(random, part.spec.part->range, Keep::keep));
    if (layout.steps.empty()) continue;
    virt::VirtualUnit unit(part.spec);
    fill(random, unit, part, layout);
    const Bytes before = unit.flash().bytes();
    const PlanOptions options{.rewrite = below(random, 8) == 0, .verify = below(random, 8) != 0};
    const Pass pass = flash(unit, part, layout, {}, options);
    const std::string which = "round " + std::to_string(round) + ", " + part.profile.map;
    ASSERT_FALSE(pass.fault) << which << ": " << pass.fault->text;
    ASSERT_TRUE(holds_all(unit, layout)) << which;
    ASSERT_EQ(changed_outside(before, unit, layout), std::vector<std::string>{}) << which;
    ASSERT_TRUE(pass.at_risk.empty()) << which;
    for (std::size_t i = 0; options.verify && i < layout.steps.size(); ++i) {
      ASSERT_EQ(pass.verified[i], layout.steps[i].size()) << which << ", step " << i;
    }
    // And again: nothing is left to do.
    const Bytes after = unit.flash().bytes();
    const std::uint32_t erases = unit.work().erases;
    ASSERT_FALSE(flash(unit, part, layout).fault) << which;
    ASSERT_EQ(unit.work().erases, erases) << which;
    ASSERT_EQ(unit.flash().bytes(), after) << which;
  }
}

// The case that was reported: a bootloader that ends in the middle of a sector, and the program behind it.
const Part f4 =
    part_of({{4, 0x4000, std::chrono::milliseconds(250)}, {1, 0x10000, std::chrono::milliseconds(550)}}, 4, 2048);
constexpr Range app_range{0x08005000, 0x08009000};

Layout app(Keep neighbours, std::uint8_t seed = 1) {
  Random random(seed);
  return laid(f4, {step_at("app", app_range, noise(random, app_range.size()), neighbours)});
}

virt::VirtualUnit unit_with_bootloader() {
  virt::VirtualUnit unit(f4.spec);
  Random random(77);
  unit.flash().place(0x08000000, noise(random, 0x5000));
  return unit;
}

TEST(Neighbours, ABootloaderInTheSectorOfTheProgramOutlivesTheUpdate) {
  virt::VirtualUnit unit = unit_with_bootloader();
  const Bytes before = unit.flash().bytes();
  for (std::uint8_t version = 1; version < 4; ++version) {
    const Layout layout = app(Keep::keep, version);
    const Pass pass = flash(unit, f4, layout);
    ASSERT_FALSE(pass.fault) << pass.fault->text;
    EXPECT_TRUE(changed_outside(before, unit, layout).empty());
    EXPECT_EQ(pass.restored.contains(0x08004000), version > 1) << "blank flash needs no erase";
    EXPECT_EQ(pass.written, app_range.size());
  }
}

TEST(Neighbours, GivenUpOnPurposeTheyAreLostWithTheErase) {
  virt::VirtualUnit unit = unit_with_bootloader();
  ASSERT_FALSE(flash(unit, f4, app(Keep::erase, 1)).fault);
  const Bytes before = unit.flash().bytes();
  const Layout second = app(Keep::erase, 2);
  ASSERT_FALSE(flash(unit, f4, second).fault);
  EXPECT_FALSE(changed_outside(before, unit, second).empty());
  ASSERT_EQ(second.given_up.size(), 2u);
  EXPECT_EQ(second.given_up[0].data, (Range{0x08004000, 0x08005000}));
}

TEST(Neighbours, APatchOfFourBytesChangesFourBytes) {
  virt::VirtualUnit unit = unit_with_bootloader();
  const Bytes before = unit.flash().bytes();
  const Layout layout = laid(f4, {step_at("patch", {0x08004010, 0x08004014}, {1, 2, 3, 4}, Keep::keep)});
  const Pass pass = flash(unit, f4, layout);
  ASSERT_FALSE(pass.fault) << pass.fault->text;
  EXPECT_EQ(pass.written, 4u);
  EXPECT_TRUE(changed_outside(before, unit, layout).empty());
  EXPECT_TRUE(holds_all(unit, layout));
}

TEST(Neighbours, APlaceThatBelongsToAStepHasNone) {
  Step step = step_at("module", {0x08004000, 0x08004100}, Bytes(0x100, 1), Keep::keep);
  step.place = Range{0x08004000, 0x08010000};
  const Layout layout = laid(f4, {step});
  EXPECT_TRUE(layout.kept.empty());
  EXPECT_TRUE(layout.given_up.empty());
  EXPECT_TRUE(layout.shared.empty());
}

TEST(Neighbours, OneThatDoesNotReadBackFailsTheUnitAndIsNamed) {
  virt::VirtualUnit unit = unit_with_bootloader();
  ASSERT_FALSE(flash(unit, f4, app(Keep::keep, 1)).fault);
  unit.add_fault({virt::FaultKind::corrupt, *virt::fault_point_from("address:0x08004020"), 9});
  const Pass pass = flash(unit, f4, app(Keep::keep, 2));
  ASSERT_TRUE(pass.fault);
  EXPECT_EQ(pass.fault->code, FaultCode::verify_mismatch) << pass.fault->text;
  EXPECT_NE(pass.fault->text.find("shares a sector with app"), std::string::npos) << pass.fault->text;
}

// Power may fail after each transfer. What the session knows then is enough for the next attempt.
TEST(Neighbours, WhereverPowerFailsTheNextAttemptOfThisStationGivesThemBack) {
  virt::VirtualUnit before = unit_with_bootloader();
  ASSERT_FALSE(flash(before, f4, app(Keep::keep, 1)).fault);
  const Layout layout = app(Keep::keep, 2);
  virt::VirtualUnit whole = before;
  ASSERT_FALSE(flash(whole, f4, layout).fault);
  int cuts = 0, owing = 0;
  for (std::uint32_t at = before.transfers() + 1; at <= whole.transfers(); ++at, ++cuts) {
    virt::VirtualUnit unit = before;
    unit.cut_after(at);
    const Pass cut = flash(unit, f4, layout);
    owing += !cut.at_risk.empty();
    unit.power_off();
    ASSERT_TRUE(unit.restart());
    if (unit.mode() != virt::VirtualUnit::Mode::dfu) continue;
    const Pass again = flash(unit, f4, layout, cut.at_risk);
    ASSERT_FALSE(again.fault) << again.fault->text;
    EXPECT_TRUE(holds_all(unit, layout)) << at;
    EXPECT_EQ(changed_outside(before.flash().bytes(), unit, layout), std::vector<std::string>{}) << "cut after " << at;
  }
  EXPECT_GT(cuts, 50);
  EXPECT_GT(owing, 5);
}

TEST(Neighbours, WhatIsOwedIsNotGivenToAUnitThatHoldsOtherBytesThere) {
  virt::VirtualUnit unit = unit_with_bootloader();
  ASSERT_FALSE(flash(unit, f4, app(Keep::keep, 1)).fault);
  const Bytes before = unit.flash().bytes();
  const Layout layout = app(Keep::keep, 1);
  const Pass pass = flash(unit, f4, layout, {{0x08004000, Bytes(0x1000, 0xA5)}});
  ASSERT_FALSE(pass.fault);
  EXPECT_EQ(unit.flash().bytes(), before);
}

}  // namespace
}  // namespace dfu
