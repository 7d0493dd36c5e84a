// Steps that are more than an image: an erase, bytes in the configuration store, what must be there already, and the
// bootloader that waits in the update area. Carried out against the virtual unit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dfu/particle/build.h"
#include "dfu/particle/store.h"
#include "dfu/session.h"
#include "dfu/survey.h"
#include "dfu/virtual/particle_boot.h"
#include "tests/dfu/conversation_driver.h"
#include "tests/dfu/virtual/modules.h"

namespace dfu {
namespace {

using testing::HasSubstr;
using Does = Step::Does;
using Kind = Operation::Kind;
namespace made = virt::testing;

const Profile photon = *find_profile("photon");
const MemoryMap flash_map = *parse_memory_map(photon.map);
const MemoryMap store_map = *parse_memory_map(photon.store_map);
constexpr std::uint32_t dct = 0x08004000;

Step step(std::string name, std::uint32_t address, Bytes bytes, Does does, std::optional<std::uint32_t> header = {}) {
  return {std::move(name), make_image("image.bin", std::move(bytes)), address, header, does};
}

Bytes module(particle::Function function, std::uint8_t index, std::uint16_t version, std::uint32_t start,
             std::vector<particle::Dependency> needs = {}) {
  particle::ModuleSpec spec;
  spec.function = function;
  spec.index = index;
  spec.version = version;
  spec.start = start;
  spec.file_size = 9000;
  spec.dependencies = std::move(needs);
  return build_module(spec);
}

const Bytes part1 = module(particle::Function::system_part, 1, 2202, 0x08020000);
const Bytes part2 = module(particle::Function::system_part, 2, 2202, 0x08060000,
                           {{particle::Function::system_part, 1, 2202}, {particle::Function::bootloader, 0, 1003}});
const Bytes user = module(particle::Function::user_part, 1, 5, 0x080A0000);
const Bytes bootloader = virt::synthetic_bootloader(1006);

std::vector<Step> steps() {
  return {step("bootloader", 0x080C0000, bootloader, Does::write),
          step("flag", particle::bootloader_waits().offset, particle::bootloader_waits().bytes, Does::patch),
          step("claim", 1762, Bytes(63, 'c'), Does::patch),
          step("part1", 0x08020000, part1, Does::hold, 0x184),
          step("part2", 0x08060000, part2, Does::write, 0x184),
          step("user", 0x080A0000, user, Does::write, 0),
          step("no factory", 0x080E0000, Bytes(0x20000, 0xFF), Does::erase)};
}

Layout layout_of(std::vector<Step> of) {
  return std::get<Layout>(lay_out(std::move(of), flash_map, store_map));
}

SurveyResult survey_of(virt::VirtualUnit& unit, const Layout& layout) {
  UnitDesk desk(unit);
  Survey survey(photon, layout, unit.describe(), true);
  desk.drive(survey);
  EXPECT_FALSE(survey.fault()) << survey.fault()->text;
  EXPECT_EQ(unit.dfu().alternate(), 0) << "a survey ends where it began";
  return survey.result();
}

// Part 1 is there, part 2 is an older one that the bootloader can borrow from, the factory slot is full.
virt::VirtualUnit unit_of(int generation) {
  virt::VirtualUnit unit = made::unit_of(generation);
  unit.flash().place(0x08020000, part1);
  unit.flash().place(0x08060000, module(particle::Function::system_part, 2, 1213, 0x08060000));
  unit.flash().place(0x080E0000, user);
  for (std::uint32_t at = 0; at < 0x4000; ++at) unit.flash().place(dct + at, Bytes{static_cast<std::uint8_t>(at * 7)});
  return unit;
}

class StepKinds : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(EachGeneration, StepKinds, testing::ValuesIn(virt::generation_numbers()));

TEST_P(StepKinds, AreCarriedOutAndNothingElseIsTouched) {
  virt::VirtualUnit unit = unit_of(GetParam());
  const Bytes store_before(unit.flash().bytes().begin() + 0x4000, unit.flash().bytes().begin() + 0x8000);
  const Layout layout = layout_of(steps());
  const SurveyResult survey = survey_of(unit, layout);
  EXPECT_TRUE(survey.has_store);
  Session session(photon, layout, make_plan(layout, survey, photon, {}));
  UnitDesk desk(unit);
  desk.drive(session);
  ASSERT_FALSE(session.fault()) << session.fault()->text;
  for (std::size_t i = 0; i < layout.steps.size(); ++i) {
    const Step& one = layout.steps[i];
    const std::uint32_t at = one.does == Does::patch ? dct + one.address : one.address;
    const ByteView held = unit.flash().view({at, at + one.size()});
    EXPECT_TRUE(std::ranges::equal(held, one.image->payload())) << one.name;
    EXPECT_EQ(session.steps()[i].verified_bytes, one.size()) << one.name;
  }
  EXPECT_EQ(session.steps()[3].written_bytes, 0u) << "what must be there is not written";
  EXPECT_EQ(session.steps()[6].written_bytes, 0u) << "an erase is no write";
  EXPECT_EQ(session.steps()[6].erased_sectors, 1u);
  for (std::uint32_t at = 0; at < 0x4000; ++at) {
    if (at == 1753 || (at >= 1762 && at < 1825)) continue;
    ASSERT_EQ(unit.flash().at(dct + at), store_before[at]) << at;
  }
}

TEST_P(StepKinds, EveryFailureOfEveryTransferIsAFaultAndNoFalsePass) {
  const Layout layout = layout_of(steps());
  virt::VirtualUnit fresh = unit_of(GetParam());
  const SurveyResult survey = survey_of(fresh, layout);
  const Plan plan = make_plan(layout, survey, photon, {});
  UnitDesk counting(fresh);
  Session whole(photon, layout, plan);
  counting.drive(whole);
  for (std::size_t failing = 0; failing + 2 < counting.asked.size(); failing += 3) {
    virt::VirtualUnit unit = unit_of(GetParam());
    std::size_t n = 0;
    ScriptDesk desk([&](const Transfer& transfer) -> TransferResult {
      if (n++ == failing) return {TransferStatus::io_error, {}};
      const virt::Reaction reaction = unit.control(transfer.setup, transfer.data);
      return {reaction.status, reaction.data};
    });
    Session session(photon, layout, plan);
    desk.drive(session);
    ASSERT_TRUE(session.fault()) << failing;
  }
}

TEST(StepKinds, PlanWritesTheWaitingBootloaderThenItsFlagThenTheParts) {
  virt::VirtualUnit unit = unit_of(8);
  const Layout layout = layout_of(steps());
  const Plan plan = make_plan(layout, survey_of(unit, layout), photon, {});
  std::vector<std::string> order;
  for (const Operation& one : plan.operations) {
    if (one.kind == Kind::set_address || one.kind == Kind::to_idle) continue;
    const std::string what = std::string(to_string(one.kind)) + " " + layout.steps[one.step].name;
    if (order.empty() || order.back() != what) order.push_back(what);
  }
  EXPECT_EQ(order,
            (std::vector<std::string>{"write bootloader", "read bootloader", "select flag", "write flag", "read flag",
                                      "write claim", "read claim", "select claim", "erase part2", "write part2",
                                      "write user", "erase no factory", "write user", "write part2", "read part1",
                                      "read part2", "read user", "read no factory", "leave no factory"}));
}

TEST(StepKinds, UnitThatHoldsEverythingIsNotChanged) {
  virt::VirtualUnit unit = unit_of(8);
  const Layout layout = layout_of(steps());
  for (const Step& one : layout.steps) {
    unit.flash().place(one.does == Does::patch ? dct + one.address : one.address, one.image->payload());
  }
  unit.flash().erase({0x080E0000, 0x08100000});
  const Plan plan = make_plan(layout, survey_of(unit, layout), photon, {});
  EXPECT_FALSE(plan.writes());
}

TEST(StepKinds, BootloaderIsReplacedAtTheNextStartAndThePartsThenRun) {
  virt::VirtualUnit unit = unit_of(8);
  const Layout layout = layout_of(steps());
  Session session(photon, layout, make_plan(layout, survey_of(unit, layout), photon, {}));
  UnitDesk desk(unit);
  desk.drive(session);
  virt::Flash flash = unit.flash();
  EXPECT_EQ(virt::photon_boot(flash).outcome, virt::BootOutcome::application);
  EXPECT_EQ(virt::bootloader_version(flash), 1006);
  EXPECT_NE(flash.at(dct + 1753), 0xA5) << "once is enough";
  virt::Flash without = unit.flash();
  without.place(dct + 1753, Bytes{0xFF});
  EXPECT_EQ(virt::photon_boot(without).outcome, virt::BootOutcome::safe_mode);
}

TEST(StepKinds, UnitWithoutAStoreHoldsNothingOfIt) {
  virt::VirtualUnit unit = unit_of(8);
  const Layout layout = layout_of(steps());
  UnitInfo info = unit.describe();
  info.configuration.alternates.resize(1);
  UnitDesk desk(unit);
  Survey survey(photon, layout, info, true);
  desk.drive(survey);
  EXPECT_FALSE(survey.result().has_store);
  EXPECT_EQ(survey.result().pieces[1], Holds::other);
}

std::string misfit_of(std::vector<Step> of) {
  const auto result = lay_out(std::move(of), flash_map, store_map);
  const auto* misfit = std::get_if<Misfit>(&result);
  return misfit ? misfit->text : "(fits)";
}

TEST(StepKinds, SectorsAreNotSharedBetweenWhatIsWrittenAndWhatIsLeftAlone) {
  EXPECT_THAT(
      misfit_of({step("a", 0x080A0000, Bytes(100, 1), Does::hold), step("b", 0x080A1000, Bytes(100, 1), Does::write)}),
      HasSubstr("share the sector at 0x080a0000"));
  EXPECT_THAT(misfit_of({step("a", 0x080A0000, Bytes(0x10000, 0xFF), Does::erase)}), HasSubstr("only a part of"));
  EXPECT_THAT(misfit_of({step("a", 0, Bytes(0x4001, 1), Does::patch)}), HasSubstr("nothing at 0x00004000"));
  EXPECT_EQ(misfit_of({step("a", 0, Bytes(4, 1), Does::patch), step("b", 4, Bytes(4, 1), Does::patch)}), "(fits)");
  EXPECT_THAT(misfit_of({step("a", 0, Bytes(5, 1), Does::patch), step("b", 4, Bytes(4, 1), Does::patch)}),
              HasSubstr("both use"));
}

}  // namespace
}  // namespace dfu
