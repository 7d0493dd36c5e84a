#include "dfu/particle/module_proof.h"

#include <gtest/gtest.h>

#include "dfu/particle/build.h"
#include "dfu/profile.h"

namespace dfu::particle {
namespace {

Step step(const char* name, Function function, std::uint8_t index, std::uint32_t start, std::vector<Dependency> needs,
          Platform platform = Platform::photon) {
  const Bytes module = build_module({.platform = platform,
                                     .function = function,
                                     .index = index,
                                     .version = 6,
                                     .start = start,
                                     .file_size = 5000,
                                     .dependencies = std::move(needs)});
  return {name, make_image(std::string(name) + ".bin", module), start, {}};
}

Layout laid_out(std::vector<Step> steps) {
  return std::get<Layout>(lay_out(std::move(steps), *parse_memory_map(find_profile("photon")->map)));
}

const Layout layout = laid_out({step("part1", Function::system_part, 1, 0x08020000, {}),
                                step("part2", Function::system_part, 2, 0x08060000, {{Function::system_part, 1, 6}}),
                                step("user", Function::user_part, 1, 0x080A0000, {{Function::system_part, 2, 6}})});

// What a unit says that holds and runs the recipe.
ModuleReport well() {
  ModuleReport report{6, {}};
  report.modules.push_back({.function = Function::bootloader, .index = 0, .version = 5});
  for (const Step& one : layout.steps) {
    const Module& module = *one.image->facts.module;
    ReportedModule reported{.function = module.function, .index = module.index, .version = module.version};
    if (module.function == Function::user_part) reported.hash = module.hash;
    reported.dependencies = module.dependencies;
    report.modules.push_back(reported);
  }
  return report;
}

ReportedModule& in(ModuleReport& report, Function function, std::uint8_t index) {
  for (ReportedModule& one : report.modules) {
    if (one.function == function && one.index == index) return one;
  }
  ADD_FAILURE();
  return report.modules.front();
}

Fault fault_for(const ModuleReport& report) {
  const auto judged = judge_modules(report, layout, Platform::photon);
  const auto* fault = std::get_if<Fault>(&judged);
  EXPECT_NE(fault, nullptr);
  return fault ? *fault : Fault{};
}

TEST(ModuleProof, AReportOfExactlyTheRecipeProvesIt) {
  EXPECT_TRUE(std::holds_alternative<Proven>(judge_modules(well(), layout, Platform::photon)));
}

TEST(ModuleProof, WithoutTheUserPartsHashTheBuildIsNotSaid) {
  ModuleReport report = well();
  in(report, Function::user_part, 1).hash.reset();
  EXPECT_TRUE(std::holds_alternative<NotSaid>(judge_modules(report, layout, Platform::photon)));
}

TEST(ModuleProof, AnotherHashIsAnotherBuildOrTheFactorys) {
  ModuleReport report = well();
  (*in(report, Function::user_part, 1).hash)[7] ^= 1;
  EXPECT_EQ(fault_for(report).code, FaultCode::wrong_firmware);
  ReportedModule factory = in(report, Function::user_part, 1);
  factory.factory = true;
  report.modules.push_back(factory);
  const Fault fault = fault_for(report);
  EXPECT_EQ(fault.code, FaultCode::factory_fallback);
  EXPECT_EQ(fault.step, "user");
}

TEST(ModuleProof, EachOtherVersionIsNamed) {
  for (const Step& one : layout.steps) {
    ModuleReport report = well();
    in(report, one.image->facts.module->function, one.image->facts.module->index).version = 4;
    const Fault fault = fault_for(report);
    EXPECT_EQ(fault.code, FaultCode::wrong_firmware);
    EXPECT_EQ(fault.step, one.name);
    EXPECT_NE(fault.text.find("version 4 instead of version 6"), std::string::npos) << fault.text;
  }
}

TEST(ModuleProof, AnotherPlatformIsRefused) {
  ModuleReport report = well();
  report.platform = 8;
  EXPECT_EQ(fault_for(report).code, FaultCode::wrong_firmware);
}

TEST(ModuleProof, AMissingDependencyOfTheUserPartIsSafeModeAndNamesIt) {
  ModuleReport report = well();
  ReportedModule& user = in(report, Function::user_part, 1);
  user.dependencies = {{Function::system_part, 2, 9}};
  user.dependencies_met = false;
  const Fault fault = fault_for(report);
  EXPECT_EQ(fault.code, FaultCode::safe_mode);
  EXPECT_NE(fault.text.find("user-part 1 needs system-part 2 version 9 or later, and there is version 6"),
            std::string::npos)
      << fault.text;
}

TEST(ModuleProof, ADamagedOrMisplacedOrMissingUserPartIsSafeMode) {
  ModuleReport damaged = well();
  in(damaged, Function::user_part, 1).intact = false;
  EXPECT_EQ(fault_for(damaged).code, FaultCode::safe_mode);
  ModuleReport misplaced = well();
  in(misplaced, Function::user_part, 1).well_placed = false;
  EXPECT_EQ(fault_for(misplaced).code, FaultCode::safe_mode);
  ModuleReport missing = well();
  missing.modules.pop_back();
  EXPECT_EQ(fault_for(missing).code, FaultCode::safe_mode);
}

// Early bootloaders do not match their own headers, and the systems of their time do not look.
TEST(ModuleProof, ADamagedBootloaderCountsOnlyForSystemsThatTestIt) {
  ModuleReport report = well();
  in(report, Function::bootloader, 0).intact = false;
  EXPECT_TRUE(std::holds_alternative<Proven>(judge_modules(report, layout, Platform::photon)));
  in(report, Function::system_part, 2).version = 207;
  EXPECT_EQ(fault_for(report).code, FaultCode::safe_mode);
}

TEST(ModuleProof, AnotherBuildForTheFactorySlotIsNotWhatRuns) {
  std::vector<Step> steps = layout.steps;
  steps.push_back(step("factory", Function::user_part, 1, 0x080A0000, {{Function::system_part, 2, 1}}));
  steps.back().address = 0x080E0000;
  EXPECT_TRUE(std::holds_alternative<Proven>(judge_modules(well(), laid_out(steps), Platform::photon)));
}

TEST(ModuleProof, AnImageThatIsNoModuleOfTheUnitIsNotSaid) {
  const Layout foreign = laid_out({step("user", Function::monolithic, 0, 0x080A0000, {}, Platform::core)});
  EXPECT_TRUE(std::holds_alternative<NotSaid>(judge_modules(well(), foreign, Platform::photon)));
}

}  // namespace
}  // namespace dfu::particle
