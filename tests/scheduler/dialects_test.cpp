// Units of every dialect flashed by the whole line: survey, session, leave, proof.
#include <gtest/gtest.h>

#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::particle::Function;
using dfu::particle::Platform;
using fleet::Fleet;
using fleet::port_of;

struct Part {
  Function function;
  std::uint8_t index;
  std::uint32_t start;
  std::uint32_t size;
};

std::shared_ptr<config::Recipe> recipe_of(const std::string& profile, std::vector<dfu::Step> steps) {
  auto recipe = std::make_shared<config::Recipe>();
  recipe->name = profile;
  recipe->profile = *dfu::find_profile(profile);
  for (dfu::Step& step : steps) {
    if (const auto& module = step.image->facts.module) step.header_offset = module->header_offset;
  }
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map)));
  return recipe;
}

std::shared_ptr<config::Recipe> modules(const std::string& profile, Platform platform, const std::vector<Part>& parts) {
  std::vector<dfu::Step> steps;
  for (const Part& part : parts) {
    const dfu::particle::ModuleSpec spec{.platform = platform,
                                         .function = part.function,
                                         .index = part.index,
                                         .version = 3,
                                         .start = part.start,
                                         .file_size = part.size,
                                         .dependencies = {}};
    const std::string name = std::string(to_string(part.function)) + std::to_string(part.index);
    steps.push_back({name, dfu::make_image(name + ".bin", dfu::particle::build_module(spec)), part.start, {}});
  }
  return recipe_of(profile, std::move(steps));
}

// A program as a Cortex-M wants it: stack pointer, reset vector, code.
std::shared_ptr<const dfu::Image> program(std::uint32_t base, std::uint32_t size) {
  dfu::Bytes bytes;
  dfu::append_le32(bytes, 0x20010000);
  dfu::append_le32(bytes, base + 0x201);
  while (bytes.size() < size) bytes.push_back(static_cast<std::uint8_t>(bytes.size() * 7 + (bytes.size() >> 8)));
  return dfu::make_image("program.bin", bytes);
}

dfu::virt::LineSpec line_of(const std::string& profile) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(2, 8);
  for (auto& unit : spec.units) unit.profile = profile;
  return spec;
}

void expect_passes(Fleet& fleet) {
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  for (const auto& [port, attempts] : fleet.watcher.attempts) {
    const AttemptFinished& last = attempts.back();
    EXPECT_EQ(last.outcome, Outcome::passed) << (last.fault ? last.fault->text : "");
  }
  EXPECT_EQ(totals->passed, 2);
}

TEST(Dialects, AP1IsFlashedAsAPhotonIs) {
  Fleet fleet(line_of("p1"), modules("p1", Platform::p1,
                                     {{Function::system_part, 1, 0x08020000, 20000},
                                      {Function::system_part, 2, 0x08060000, 12000},
                                      {Function::user_part, 1, 0x080A0000, 8000}}));
  expect_passes(fleet);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
}

TEST(Dialects, AnElectronTakesItsThreePartsAndTheUserPart) {
  Fleet fleet(line_of("electron"), modules("electron", Platform::electron,
                                           {{Function::system_part, 1, 0x08020000, 20000},
                                            {Function::system_part, 2, 0x08040000, 12000},
                                            {Function::system_part, 3, 0x08060000, 12000},
                                            {Function::user_part, 1, 0x08080000, 8000}}));
  expect_passes(fleet);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
}

TEST(Dialects, ACoreTakesItsOneImageInBlocksOf1024) {
  Fleet fleet(line_of("core"), modules("core", Platform::core, {{Function::monolithic, 0, 0x08005000, 30000}}));
  expect_passes(fleet);
}

// ST's ROM jumps to the program and is gone from USB for good: there is nothing to wait for.
TEST(Dialects, AnStm32InItsRomIsFlashedAndLeftToItsProgram) {
  auto recipe = recipe_of("stm32-rom", {{"firmware", program(0x08000000, 50000), 0x08000000, {}}});
  recipe->policy.confirm = config::Confirm::none;
  Fleet fleet(line_of("stm32-rom"), recipe);
  expect_passes(fleet);
  EXPECT_EQ(fleet.last(port_of(0)).verified, true);
  EXPECT_FALSE(fleet.last(port_of(0)).booted);
  EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
}

TEST(Dialects, AReadProtectedStm32IsToldApartFromABrokenOneAndNotTriedTwice) {
  auto recipe = recipe_of("stm32-rom", {{"firmware", program(0x08000000, 50000), 0x08000000, {}}});
  recipe->policy.confirm = config::Confirm::none;
  dfu::virt::LineSpec spec = line_of("stm32-rom");
  for (auto& unit : spec.units) unit.read_protected = true;
  Fleet fleet(spec, recipe);
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->failed, 2);
  EXPECT_EQ(totals->attempts, 2);
  EXPECT_EQ(fleet.last(port_of(0)).fault->code, dfu::FaultCode::read_protected);
}

TEST(Dialects, AManifestationTolerantPlainUnitIsReadAfterItsManifestation) {
  auto recipe = recipe_of("dfu11", {{"firmware", program(0, 20000), 0, {}}});
  dfu::virt::LineSpec spec = line_of("dfu11");
  for (auto& unit : spec.units) unit.manifestation_tolerant = true;
  Fleet fleet(spec, recipe);
  expect_passes(fleet);
  EXPECT_EQ(fleet.last(port_of(0)).verified, true);
  EXPECT_EQ(fleet.last(port_of(0)).booted, true);
}

}  // namespace
}  // namespace scheduler
