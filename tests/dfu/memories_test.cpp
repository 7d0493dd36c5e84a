// Steps for several memories of one unit, each behind an alternate setting of its own: one visit, one leave. Against
// virtual units whose memories the test looks into.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/session.h"
#include "dfu/survey.h"
#include "tests/dfu/conversation_driver.h"

namespace dfu {
namespace {

using Kind = Operation::Kind;
using Random = std::mt19937;
using testing::HasSubstr;

constexpr const char* internal_map = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg";
constexpr const char* qspi_map = "@External Flash  /0x90000000/16*004Kg,02*064Kg";

std::uint32_t below(Random& random, std::uint32_t limit) {
  return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(random);
}

Bytes noise(std::uint32_t seed, std::size_t size) {
  Random random(seed);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

Step step_in(std::size_t memory, std::string name, std::uint32_t address, Bytes bytes) {
  Step step{std::move(name), make_image("image.bin", std::move(bytes)), address, {}};
  step.neighbours = Step::Neighbours::keep;
  step.memory = memory;
  return step;
}

// A unit, and the recipe's idea of it.
struct Kit {
  Profile profile = standard_profile({0x0483, 0xDF11}, 0);
  virt::UnitSpec spec;

  Kit(const std::string& own, const std::vector<std::string>& others, std::uint32_t granule = 4) {
    profile.map = own;
    spec.port.text = "1-1.1";
    spec.profile = "stm32-rom";
    spec.map = own;
    spec.part = virt::geometry_of_map(own, granule);
    for (std::size_t i = 0; i < others.size(); ++i) {
      const auto alternate = static_cast<std::uint8_t>(i + 1);
      spec.beside.push_back({alternate, others[i], virt::geometry_of_map(others[i], granule), {}});
      profile.memories.push_back({alternate, parse_memory_map(others[i])->name, others[i]});
    }
  }

  Layout laid(std::vector<Step> steps) const {
    std::vector<MemoryMap> beside;
    for (const Profile::Memory& one : profile.memories) beside.push_back(*parse_memory_map(one.map));
    auto result = lay_out(std::move(steps), *parse_memory_map(profile.map), {}, beside);
    EXPECT_TRUE(std::holds_alternative<Layout>(result)) << std::get<Misfit>(result).text;
    return std::get<Layout>(std::move(result));
  }
};

const Kit two_memories(internal_map, {qspi_map});

struct Pass {
  std::optional<Fault> fault;
  Plan plan;
  std::vector<std::uint32_t> verified;
  std::vector<struct Setup> asked{};
};

Pass flash(virt::VirtualUnit& unit, const Kit& kit, const Layout& layout, PlanOptions options = {}) {
  UnitDesk desk(unit);
  Survey survey(kit.profile, layout, unit.describe(), !options.rewrite);
  desk.drive(survey);
  if (survey.fault()) return {survey.fault(), {}, {}};
  EXPECT_EQ(unit.dfu().alternate(), kit.profile.alternate) << "the session begins there";
  const Plan plan = make_plan(layout, survey.result(), kit.profile, options);
  Session session(kit.profile, layout, plan);
  desk.drive(session);
  Pass pass{session.fault(), plan, {}};
  for (const StepTally& step : session.steps()) pass.verified.push_back(step.verified_bytes);
  pass.asked = desk.asked;
  return pass;
}

int count(const Plan& plan, Kind kind) {
  return static_cast<int>(std::ranges::count(plan.operations, kind, &Operation::kind));
}

TEST(Memories, InternalAndExternalFlashAreWrittenInOneVisitWithOneLeave) {
  const Bytes app = noise(1, 20000), assets = noise(2, 100000);
  const Layout layout =
      two_memories.laid({step_in(0, "app", 0x08000000, app), step_in(1, "assets", 0x90001000, assets)});
  virt::VirtualUnit unit(two_memories.spec);
  const Pass pass = flash(unit, two_memories, layout);
  ASSERT_FALSE(pass.fault) << pass.fault->text;
  EXPECT_EQ(unit.flash().part(0x08000000, 20000).size(), 20000u);
  EXPECT_TRUE(std::ranges::equal(unit.flash().view({0x08000000, 0x08000000 + 20000}), app));
  EXPECT_TRUE(std::ranges::equal(unit.beside(0).view({0x90001000, 0x90001000 + 100000}), assets));
  EXPECT_EQ(pass.verified, (std::vector<std::uint32_t>{20000, 100000}));
  EXPECT_EQ(count(pass.plan, Kind::leave), 1);
}

TEST(Memories, TheUnitLeavesIntoItsOwnMemoryWhereverTheLastStepWent) {
  for (const bool own_too : {true, false}) {
    std::vector<Step> steps{step_in(1, "assets", 0x90000000, noise(1, 5000))};
    if (own_too) steps.push_back(step_in(0, "app", 0x08004000, noise(2, 5000)));
    const Layout layout = two_memories.laid(std::move(steps));
    virt::VirtualUnit unit(two_memories.spec);
    const Pass pass = flash(unit, two_memories, layout);
    ASSERT_FALSE(pass.fault) << pass.fault->text;
    EXPECT_EQ(unit.dfu().alternate(), 0);
    const auto& last = pass.plan.operations;
    ASSERT_GE(last.size(), 2u);
    EXPECT_EQ(last.back().kind, Kind::leave);
    EXPECT_EQ(last[last.size() - 2].kind, Kind::set_address);
    EXPECT_EQ(last[last.size() - 2].address, own_too ? 0x08004000u : 0x08000000u);
  }
}

TEST(Memories, WhatIsUnchangedInBothIsFoundSoAndNothingIsWritten) {
  const Layout layout =
      two_memories.laid({step_in(1, "assets", 0x90000000, noise(1, 70000)),
                         step_in(0, "app", 0x08000000, noise(2, 5000)), step_in(1, "more", 0x90020000, noise(3, 100))});
  virt::VirtualUnit unit(two_memories.spec);
  ASSERT_FALSE(flash(unit, two_memories, layout).fault);
  const auto work = unit.work();
  const Pass second = flash(unit, two_memories, layout);
  ASSERT_FALSE(second.fault) << second.fault->text;
  EXPECT_FALSE(second.plan.writes());
  EXPECT_EQ(unit.work().words, work.words);
  EXPECT_EQ(second.verified, (std::vector<std::uint32_t>{70000, 5000, 100}));
}

TEST(Memories, AMemoryIsFoundByItsNameWhateverItsNumberIs) {
  Kit kit = two_memories;
  kit.spec.beside[0].alternate = 5;
  kit.profile.memories[0].alternate.reset();
  const Bytes assets = noise(2, 5000);
  const Layout layout = kit.laid({step_in(1, "assets", 0x90001000, assets)});
  virt::VirtualUnit unit(kit.spec);
  const Pass pass = flash(unit, kit, layout);
  ASSERT_FALSE(pass.fault) << pass.fault->text;
  EXPECT_TRUE(std::ranges::equal(unit.beside(0).view({0x90001000, 0x90001000 + 5000}), assets));
}

TEST(Memories, AUnitWithoutThatMemoryIsRefusedWithTheNamesThatItHas) {
  Kit kit = two_memories;
  kit.spec.beside.clear();
  kit.profile.memories[0].alternate.reset();
  virt::VirtualUnit unit(kit.spec);
  const Bytes before = unit.flash().bytes();
  const Pass pass = flash(unit, kit, kit.laid({step_in(1, "assets", 0x90001000, noise(2, 5000))}));
  ASSERT_TRUE(pass.fault);
  EXPECT_EQ(pass.fault->code, FaultCode::map_mismatch);
  EXPECT_THAT(pass.fault->text, HasSubstr("no alternate setting with the name \"External Flash\""));
  EXPECT_THAT(pass.fault->text, HasSubstr("@OTP Memory"));
  EXPECT_EQ(unit.flash().bytes(), before);
}

TEST(Memories, AnotherMapThanTheRecipeHasIsSeen) {
  Kit kit = two_memories;
  kit.spec.beside[0].map = "@External Flash  /0x90000000/32*004Kg";
  kit.spec.beside[0].part = virt::geometry_of_map(kit.spec.beside[0].map, 4);
  const Layout layout = kit.laid({step_in(1, "assets", 0x90010000, noise(2, 5000))});
  virt::VirtualUnit unit(kit.spec);
  UnitDesk desk(unit);
  Survey survey(kit.profile, layout, unit.describe(), true);
  desk.drive(survey);
  ASSERT_FALSE(survey.fault()) << survey.fault()->text;
  EXPECT_TRUE(misfit(layout, survey.result().map, survey.result().beside));
}

TEST(Memories, TwoThatHaveTheSameAddressesAreNotForOneVisit) {
  const MemoryMap one = *parse_memory_map("@A /0x00000000/16*004Kg"),
                  other = *parse_memory_map("@B /0x00000000/16*004Kg");
  const auto far = lay_out({step_in(0, "a", 0, Bytes(4, 1)), step_in(1, "b", 0x1000, Bytes(4, 1))}, one, {}, {other});
  EXPECT_TRUE(std::holds_alternative<Layout>(far)) << "other sectors: an address still names one place";
  const auto same = lay_out({step_in(0, "a", 0, Bytes(4, 1)), step_in(1, "b", 0x800, Bytes(4, 1))}, one, {}, {other});
  ASSERT_TRUE(std::holds_alternative<Misfit>(same));
  EXPECT_THAT(std::get<Misfit>(same).text, HasSubstr("different memories that have the same addresses"));
}

// The store of newer Particle units is a memory of the same kind: nothing is erased, and one byte is one byte.
TEST(Memories, AByteInAStoreBesideTheFlashLeavesTheBytesAroundItAlone) {
  Kit kit(internal_map, {"@DCT Flash   /0x00000000/1*016Ke"});
  const Layout layout =
      kit.laid({step_in(1, "setup done", 8134, Bytes{1}), step_in(0, "app", 0x08000000, noise(1, 3000))});
  virt::VirtualUnit unit(kit.spec);
  const Pass pass = flash(unit, kit, layout);
  const auto erases_store = [](const Operation& one) { return one.kind == Kind::erase && one.address < 0x08000000; };
  EXPECT_TRUE(std::ranges::none_of(pass.plan.operations, erases_store));
  const auto one_byte = [](const struct Setup& one) {
    return virt::is_class_request(one, Request::dnload) && one.length == 1;
  };
  EXPECT_TRUE(std::ranges::any_of(pass.asked, one_byte)) << "ST's ROM takes no such block; Particle's bootloader does";
  EXPECT_EQ(count(pass.plan, Kind::leave), 1);
}

TEST(Memories, TheSerialFlashOfAP1IsWrittenWithItsFirmware) {
  Kit kit(internal_map, {});
  kit.profile = *find_profile("p1");
  const std::string map = "@Serial Flash   /0x00000000/256*004Kg";
  kit.profile.memories = {{2, "Serial Flash", map}};
  kit.spec = {};
  kit.spec.port.text = "1-1.1";
  kit.spec.profile = "p1";
  kit.spec.generation = 7;
  kit.spec.beside = {{2, map, virt::geometry_of_map(map, 4), {}}};
  const Bytes wifi = noise(3, 9000), user = noise(4, 3000);
  const Layout layout = kit.laid({step_in(1, "wifi", 0x1000, wifi), step_in(0, "user", 0x080A0000, user)});
  virt::VirtualUnit unit(kit.spec);
  const Pass pass = flash(unit, kit, layout);
  ASSERT_FALSE(pass.fault) << pass.fault->text;
  EXPECT_TRUE(std::ranges::equal(unit.beside(0).view({0x1000, 0x1000 + 9000}), wifi));
  EXPECT_TRUE(std::ranges::equal(unit.flash().view({0x080A0000, 0x080A0000 + 3000}), user));
}

// ---- whatever the memories and steps are

constexpr std::uint32_t bases[] = {0x08000000, 0x90000000, 0x60000000};

std::string any_map(Random& random, std::uint32_t base) {
  std::string map = "@Memory /" + hex_address(base) + "/";
  for (std::uint32_t i = 0, runs = 1 + below(random, 3); i < runs; ++i) {
    const std::uint32_t kib[] = {1, 2, 4, 16, 64};
    map += (i ? "," : "") + std::to_string(1 + below(random, 5)) + "*" + std::to_string(kib[below(random, 5)]) + "Kg";
  }
  return map;
}

Kit any_kit(Random& random) {
  std::vector<std::string> others;
  for (std::uint32_t i = 0, count = 1 + below(random, 2); i < count; ++i)
    others.push_back(any_map(random, bases[i + 1]));
  constexpr std::uint32_t granules[] = {4, 8, 32};
  return Kit(any_map(random, bases[0]), others, granules[below(random, 3)]);
}

std::vector<Step> any_steps(Random& random, const Kit& kit) {
  std::vector<Step> steps;
  for (std::uint32_t i = 0, count = 1 + below(random, 5); i < count; ++i) {
    const std::size_t memory = below(random, static_cast<std::uint32_t>(kit.spec.beside.size()) + 1);
    const Range all = memory == 0 ? kit.spec.part->range : kit.spec.beside[memory - 1].part->range;
    const std::uint32_t begin = all.begin + below(random, all.size()) / 4 * 4;
    const std::uint32_t size = 1 + below(random, std::min(all.end - begin, all.size() / 3 + 1));
    const Range range{begin, begin + size};
    const auto hit = [&](const Step& one) { return one.memory == memory && one.range().overlaps(range); };
    if (std::ranges::none_of(steps, hit)) {
      steps.push_back(step_in(memory, "step" + std::to_string(i), begin, noise(random(), size)));
    }
  }
  return steps;
}

virt::Flash& memory_of(virt::VirtualUnit& unit, std::size_t memory) {
  return memory == 0 ? unit.flash() : unit.beside(memory - 1);
}

void fill(Random& random, virt::VirtualUnit& unit, const Kit& kit, const Layout& layout) {
  for (std::size_t memory = 0; memory <= kit.spec.beside.size(); ++memory) {
    virt::Flash& flash = memory_of(unit, memory);
    const std::uint32_t kind = below(random, 3);
    if (kind != 0)
      flash.place(flash.range().begin,
                  noise(random(), kind == 1 ? flash.range().size() : below(random, flash.range().size())));
  }
  for (const Step& step : layout.steps) {
    if (below(random, 3) == 0) memory_of(unit, step.memory).place(step.address, step.image->payload());
  }
}

std::vector<std::string> wrong(virt::VirtualUnit& unit, const std::vector<Bytes>& before, const Layout& layout) {
  std::vector<std::string> out;
  for (std::size_t memory = 0; memory < before.size(); ++memory) {
    const virt::Flash& flash = memory_of(unit, memory);
    Bytes wanted = before[memory];
    for (const Step& step : layout.steps) {
      if (step.memory != memory) continue;
      std::ranges::copy(step.image->payload(), wanted.begin() + (step.address - flash.range().begin));
    }
    const auto [is, should] = std::ranges::mismatch(flash.bytes(), wanted);
    if (is != flash.bytes().end()) {
      out.push_back(hex_address(flash.range().begin + static_cast<std::uint32_t>(is - flash.bytes().begin())));
    }
  }
  return out;
}

TEST(Memories, WhateverTheyAreEachHoldsItsStepsAfterAPassAndTheRestIsTheSameAsBefore) {
  for (std::uint32_t round = 0; round < 150; ++round) {
    Random random(round);
    const Kit kit = any_kit(random);
    const Layout layout = kit.laid(any_steps(random, kit));
    virt::VirtualUnit unit(kit.spec);
    fill(random, unit, kit, layout);
    std::vector<Bytes> before;
    for (std::size_t memory = 0; memory <= kit.spec.beside.size(); ++memory) {
      before.push_back(memory_of(unit, memory).bytes());
    }
    const PlanOptions options{.rewrite = below(random, 6) == 0, .verify = below(random, 6) != 0};
    const Pass pass = flash(unit, kit, layout, options);
    ASSERT_FALSE(pass.fault) << "round " << round << ": " << pass.fault->text;
    ASSERT_EQ(wrong(unit, before, layout), std::vector<std::string>{}) << "round " << round;
    ASSERT_EQ(count(pass.plan, Kind::leave), 1) << "round " << round;
    for (std::size_t i = 0; options.verify && i < layout.steps.size(); ++i) {
      ASSERT_EQ(pass.verified[i], layout.steps[i].size()) << "round " << round << ", step " << i;
    }
  }
}

}  // namespace
}  // namespace dfu
