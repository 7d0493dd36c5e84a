// What judge refuses, through the whole line: refused before a byte is written, and not tried again.
#include <gtest/gtest.h>

#include "dfu/particle/store.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::particle::Dependency;
using dfu::particle::Function;

dfu::Step module_step(const std::string& name, Function function, std::uint8_t index, std::uint16_t version,
                      std::uint32_t start, std::vector<Dependency> needs, std::uint32_t address = 0) {
  const dfu::particle::ModuleSpec spec{.function = function,
                                       .index = index,
                                       .version = version,
                                       .start = start,
                                       .file_size = 5000,
                                       .dependencies = needs};
  return {name, dfu::make_image(name + ".bin", build_module(spec)), address ? address : start, {}};
}

std::shared_ptr<config::Recipe> recipe_of(std::vector<dfu::Step> steps) {
  auto recipe = std::make_shared<config::Recipe>();
  recipe->name = "r";
  recipe->profile = *dfu::find_profile("photon");
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map),
                                                      *dfu::parse_memory_map(recipe->profile.store_map)));
  return recipe;
}

class Unfit : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Photon, Unfit, testing::ValuesIn(dfu::virt::generation_numbers()));

TEST_P(Unfit, UnitThatWouldEndInSafeModeIsRefusedUntouched) {
  fleet::Fleet fleet(
      dfu::virt::photon_line(2, GetParam()),
      recipe_of({module_step("part1", Function::system_part, 1, 207, 0x08020000, {}),
                 module_step("part2", Function::system_part, 2, 207, 0x08060000, {{Function::bootloader, 0, 102}}),
                 module_step("user", Function::user_part, 1, 3, 0x080A0000, {})}));
  ASSERT_TRUE(fleet.run());
  for (const std::string port : {"1-1.1", "1-1.2"}) {
    ASSERT_EQ(fleet.watcher.attempts[{port}].size(), 1u) << "the same again would be refused again";
    const AttemptFinished& last = fleet.last(port);
    EXPECT_EQ(last.outcome, Outcome::failed);
    ASSERT_TRUE(last.fault);
    EXPECT_EQ(last.fault->code, dfu::FaultCode::image_unfit);
    EXPECT_EQ(last.fault->step, "part2");
    fleet.line.with_unit({port}, [](dfu::virt::VirtualUnit& unit) {
      EXPECT_EQ(unit.work().erases, 0u);
      EXPECT_EQ(unit.work().words, 0u);
    });
  }
}

TEST_P(Unfit, StepsOfEveryKindPassAndAreFoundInPlaceTheNextTime) {
  const auto country = std::get<dfu::particle::Setting>(dfu::particle::setting("country-code", "DE"));
  std::vector<dfu::Step> steps = {module_step("part1", Function::system_part, 1, 207, 0x08020000, {}),
                                  module_step("part2", Function::system_part, 2, 207, 0x08060000, {}),
                                  module_step("user", Function::user_part, 1, 3, 0x080A0000, {}),
                                  module_step("factory", Function::user_part, 1, 3, 0x080A0000, {}, 0x080E0000)};
  auto first = recipe_of(steps);
  steps.insert(steps.begin(),
               {"country", dfu::make_image("country", country.bytes), country.offset, {}, dfu::Step::Does::patch});
  steps[1].does = dfu::Step::Does::hold;
  steps.back() = {
      "no factory", dfu::make_image("(blank)", dfu::Bytes(0x20000, 0xFF)), 0x080E0000, {}, dfu::Step::Does::erase};
  auto second = recipe_of(steps);

  dfu::Bytes kept;
  for (const auto& recipe : {first, second, second}) {
    fleet::Fleet fleet(dfu::virt::photon_line(1, GetParam()), recipe);
    if (!kept.empty()) {
      fleet.line.with_unit({"1-1.1"}, [&](dfu::virt::VirtualUnit& one) { one.flash() = dfu::virt::Flash(kept); });
    }
    const bool again = recipe == second && !kept.empty() && kept[0x4000 + 1758] == 'D';
    ASSERT_TRUE(fleet.run());
    const AttemptFinished& last = fleet.last("1-1.1");
    EXPECT_EQ(last.outcome, again ? Outcome::already : Outcome::passed) << (last.fault ? last.fault->text : "");
    EXPECT_EQ(last.verified, std::optional(true));
    fleet.line.with_unit({"1-1.1"}, [&](dfu::virt::VirtualUnit& one) { kept = one.flash().bytes(); });
  }
  EXPECT_EQ(kept[0x4000 + 1758], 'D');
  EXPECT_EQ(kept[0xE0000], 0xFF);
}

}  // namespace
}  // namespace scheduler
