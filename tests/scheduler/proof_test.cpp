// Proof of boot: what counts as one, and that no unit passes which does not hold and run the recipe.
#include <iomanip>

#include <gtest/gtest.h>

#include "dfu/particle/store.h"
#include "scheduler/fault_policy.h"
#include "tests/scheduler/open_attempts.h"
#include "tests/scheduler/truth.h"

namespace scheduler {
namespace {

using namespace std::chrono_literals;
using config::Confirm;
using dfu::FaultCode;
using dfu::particle::Function;
using dfu::virt::BootOutcome;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using fleet::Fleet;
using fleet::port_of;

const std::vector<Confirm> proofs{Confirm::application, Confirm::reread, Confirm::modules};
const std::vector<Confirm> confirms{Confirm::none, Confirm::application, Confirm::reread, Confirm::modules};

fleet::Sizes small(std::uint16_t version = 3) {
  return {20000, 12000, 8000, version};
}

std::shared_ptr<config::Recipe> recipe_with(Confirm confirm, std::uint16_t version = 3) {
  auto recipe = fleet::photon_recipe(small(version));
  recipe->policy.confirm = confirm;
  return recipe;
}

dfu::virt::LineSpec one_unit(int generation, std::vector<dfu::virt::FaultSpec> faults = {}) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, generation);
  spec.units[0].faults = std::move(faults);
  return spec;
}

// A user part for the factory slot: another build than the recipe's, of the same version.
dfu::Bytes factory_image(std::uint16_t needs = 3) {
  return dfu::particle::build_module({.version = 3,
                                      .start = 0x080A0000,
                                      .file_size = 6000,
                                      .dependencies = {{Function::system_part, 2, needs}},
                                      .seed = 77});
}

void put_factory_image(Fleet& fleet, std::uint16_t needs = 3) {
  fleet.line.with_unit({port_of(0)},
                       [&](dfu::virt::VirtualUnit& unit) { unit.flash().place(0x080E0000, factory_image(needs)); });
}

BootOutcome booted_to(Fleet& fleet) {
  BootOutcome outcome = BootOutcome::crash;
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
    if (unit.last_boot()) outcome = unit.last_boot()->outcome;
  });
  return outcome;
}

// The recipe with its user part replaced by this file.
std::shared_ptr<config::Recipe> with_user_part(Confirm confirm, const dfu::Bytes& file, std::uint16_t version = 3) {
  auto recipe = recipe_with(confirm, version);
  std::vector<dfu::Step> steps = recipe->layout.steps;
  steps.back().image = dfu::make_image("user.bin", file);
  steps.back().header_offset = 0;
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map)));
  recipe->forced = true;  // past the judge, who would refuse it
  return recipe;
}

TEST(Proof, EveryProofIsGivenByEveryGenerationAndEverySystem) {
  for (const Confirm confirm : proofs) {
    for (const int generation : dfu::virt::generation_numbers()) {
      for (const std::uint16_t version : {3, 13, 102, 105, 207, 1002, 1102, 2202}) {
        SCOPED_TRACE(std::string(to_string(confirm)) + ", bootloader " + std::to_string(generation) + ", system " +
                     std::to_string(version));
        Fleet fleet(one_unit(generation), recipe_with(confirm, version));
        ASSERT_TRUE(fleet.run());
        const AttemptFinished& end = fleet.last(port_of(0));
        EXPECT_EQ(end.outcome, Outcome::passed) << (end.fault ? end.fault->text : "");
        EXPECT_EQ(end.booted, true);
        EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
        EXPECT_TRUE(fleet.runs_application(port_of(0)));
        EXPECT_GE(end.return_seconds, 1.0) << "it has stayed";
      }
    }
  }
}

// A Core's image in the user slot of a Photon with a good factory image: the unit flashes well, starts, and runs its
// factory firmware. Nothing but a question can tell, and it is asked whatever the recipe says.
TEST(Proof, AFallBackToFactoryFirmwareIsNeverAPass) {
  const dfu::Bytes core = dfu::particle::build_module({.platform = dfu::particle::Platform::core,
                                                       .function = Function::monolithic,
                                                       .index = 0,
                                                       .start = 0x08005000,
                                                       .file_size = 30000});
  for (const Confirm confirm : confirms) {
    SCOPED_TRACE(to_string(confirm));
    Fleet fleet(one_unit(3), with_user_part(confirm, core));
    put_factory_image(fleet);
    ASSERT_TRUE(fleet.run());
    EXPECT_EQ(booted_to(fleet), BootOutcome::factory_fallback);
    const AttemptFinished& end = fleet.last(port_of(0));
    EXPECT_EQ(end.outcome, Outcome::failed);
    ASSERT_TRUE(end.fault);
    EXPECT_EQ(end.fault->code, FaultCode::factory_fallback) << end.fault->text;
    EXPECT_EQ(end.verified, true) << "it was written as it should be";
    EXPECT_EQ(end.booted, false);
    EXPECT_EQ(fleet.totals->attempts, 1) << "the same again would not help";
  }
}

// Its button, or a request, makes a unit restore its factory firmware over a good user part.
TEST(Proof, ARestoreOfFactoryFirmwareOverAGoodUserPartIsFoundByComparingAndByAsking) {
  const dfu::virt::FaultSpec restore{FaultKind::fallback, {FaultPoint::Kind::leave}, 1};
  for (const Confirm confirm : {Confirm::reread, Confirm::modules}) {
    for (const int generation : dfu::virt::generation_numbers()) {
      SCOPED_TRACE(std::string(to_string(confirm)) + " " + std::to_string(generation));
      Fleet fleet(one_unit(generation, {restore}), recipe_with(confirm));
      put_factory_image(fleet);
      ASSERT_TRUE(fleet.run());
      const AttemptFinished& end = fleet.last(port_of(0));
      ASSERT_TRUE(end.fault);
      EXPECT_EQ(end.fault->code, FaultCode::factory_fallback) << end.fault->text;
      EXPECT_EQ(end.fault->step, "user");
      EXPECT_EQ(end.booted, false);
    }
  }
}

// Steps that are not what runs: another build for the factory slot, a blank sector, a setting in the store.
TEST(Proof, EveryProofIsGivenWithStepsOfEveryKind) {
  for (const Confirm confirm : proofs) {
    for (const std::uint16_t version : {3, 1102}) {
      SCOPED_TRACE(std::string(to_string(confirm)) + ", system " + std::to_string(version));
      auto recipe = recipe_with(confirm, version);
      std::vector<dfu::Step> steps = recipe->layout.steps;
      const auto country = std::get<dfu::particle::Setting>(dfu::particle::setting("country-code", "DE"));
      using Does = dfu::Step::Does;
      steps.insert(steps.begin(),
                   {"country", dfu::make_image("country", country.bytes), country.offset, {}, Does::patch});
      steps.push_back({"factory", dfu::make_image("factory.bin", factory_image(version)), 0x080E0000, {}});
      steps.push_back({"scratch", dfu::make_image("(blank)", dfu::Bytes(0x20000, 0xFF)), 0x080C0000, {}, Does::erase});
      recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map),
                                                          *dfu::parse_memory_map(recipe->profile.store_map)));
      Fleet fleet(one_unit(7), recipe);
      ASSERT_TRUE(fleet.run());
      const AttemptFinished& end = fleet.last(port_of(0));
      EXPECT_EQ(end.outcome, Outcome::passed) << (end.fault ? end.fault->text : "");
      EXPECT_TRUE(fleet.runs_application(port_of(0)));
    }
  }
}

TEST(Proof, ARecipeThatWritesNothingProvesNothingByComparing) {
  auto recipe = recipe_with(Confirm::reread);
  std::vector<dfu::Step> steps = recipe->layout.steps;
  for (dfu::Step& step : steps) step.does = dfu::Step::Does::hold;
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map)));
  Fleet fleet(one_unit(7), recipe);
  fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) {
    for (const dfu::Step& step : recipe->layout.steps) unit.flash().place(step.address, step.image->payload());
  });
  ASSERT_TRUE(fleet.run());
  EXPECT_EQ(fleet.last(port_of(0)).outcome, Outcome::failed);
  EXPECT_EQ(fleet.last(port_of(0)).fault->code, FaultCode::image_unfit) << "it is the recipe that asks for this";
  EXPECT_EQ(fleet.last(port_of(0)).booted, false);
}

TEST(Proof, AMissingDependencyIsSafeModeAndIsNamed) {
  const dfu::Bytes user = dfu::particle::build_module(
      {.version = 3, .start = 0x080A0000, .file_size = 8000, .dependencies = {{Function::system_part, 2, 9}}});
  for (const Confirm confirm : confirms) {
    SCOPED_TRACE(to_string(confirm));
    Fleet fleet(one_unit(3), with_user_part(confirm, user));
    ASSERT_TRUE(fleet.run());
    EXPECT_EQ(booted_to(fleet), BootOutcome::safe_mode);
    const AttemptFinished& end = fleet.last(port_of(0));
    ASSERT_TRUE(end.fault);
    EXPECT_EQ(end.fault->code, FaultCode::safe_mode);
    EXPECT_NE(end.fault->text.find("system-part 2 version 9 or later"), std::string::npos) << end.fault->text;
    EXPECT_EQ(end.booted, false);
  }
}

// From 0.7.0 on the system itself needs a bootloader that is new enough.
TEST(Proof, ABootloaderThatIsTooOldIsSafeModeAndIsNamed) {
  auto recipe = recipe_with(Confirm::modules, 207);
  std::vector<dfu::Step> steps = recipe->layout.steps;
  const dfu::particle::ModuleSpec part2{
      .function = Function::system_part,
      .index = 2,
      .version = 207,
      .start = 0x08060000,
      .file_size = 12000,
      .dependencies = {{Function::system_part, 1, 207}, {Function::bootloader, 0, 101}}};
  steps[1].image = dfu::make_image("part2.bin", dfu::particle::build_module(part2));
  recipe->layout = std::get<dfu::Layout>(dfu::lay_out(std::move(steps), *dfu::parse_memory_map(recipe->profile.map)));
  recipe->forced = true;  // past the judge, who would refuse it
  Fleet old(one_unit(3), recipe);
  ASSERT_TRUE(old.run());
  EXPECT_EQ(booted_to(old), BootOutcome::safe_mode);
  EXPECT_EQ(old.last(port_of(0)).fault->code, FaultCode::safe_mode);
  EXPECT_NE(old.last(port_of(0)).fault->text.find("bootloader version 101 or later, and there is version 3"),
            std::string::npos)
      << old.last(port_of(0)).fault->text;
  Fleet fresh(one_unit(12), recipe);
  ASSERT_TRUE(fresh.run());
  EXPECT_EQ(fresh.last(port_of(0)).outcome, Outcome::passed);
}

// ---- pulled too early

TEST(Proof, AUnitPulledBeforeItHasSettledIsNotAPass) {
  // A hub tells of a departure a tenth of a second after it.
  for (int milliseconds = 0; milliseconds < 900; milliseconds += 45) {
    const FaultPoint moment{FaultPoint::Kind::returned, static_cast<std::uint32_t>(milliseconds)};
    Fleet fleet(one_unit(8, {{FaultKind::unplug, moment, 1}}), recipe_with(Confirm::application));
    ASSERT_TRUE(fleet.run());
    const AttemptFinished& end = fleet.last(port_of(0));
    EXPECT_EQ(end.outcome, Outcome::failed) << milliseconds;
    EXPECT_EQ(end.fault->code, FaultCode::pulled_before_proof);
    EXPECT_EQ(about(end.fault->code), About::cable);
    EXPECT_EQ(end.verified, true);
    EXPECT_EQ(end.booted, false);
  }
}

class PulledLine : public Fleet {
 public:
  explicit PulledLine(std::shared_ptr<config::Recipe> recipe, int generation = 3)
      : Fleet(one_unit(generation), std::move(recipe)) {
    options.stay = true;
    start();
  }
  // Until the unit is back in application mode for the first time.
  void until_back() {
    while (!back() && clock.step()) {
    }
  }
  bool back() const {
    for (const Event& event : watcher.events) {
      const auto* arrived = std::get_if<UnitArrived>(&event);
      if (arrived && arrived->unit.id.product == 0xC006) return true;
    }
    return false;
  }
  void pass_time(dfu::Duration time) { clock.run(clock.now() + time); }
};

// Out and in again within the insertion time, at any moment of the proof: it is finished, and nothing is written again.
TEST(Proof, AUnitPulledBeforeItsProofFinishesItWhenItIsPutBack) {
  for (const Confirm confirm : proofs) {
    for (dfu::Duration moment = 20ms; moment < 4s; moment += 190ms) {
      SCOPED_TRACE(std::string(to_string(confirm)) + " after " + std::to_string(moment.count() / 1000000));
      auto recipe = recipe_with(confirm);
      recipe->enter_dfu = false;
      PulledLine fleet(recipe);
      fleet.until_back();
      fleet.pass_time(moment);
      const bool ended = !fleet.watcher.verdicts[{port_of(0)}].empty();
      fleet.line.pull({port_of(0)});
      fleet.pass_time(300ms);  // and then it boots: still within the insertion time
      fleet.line.plug({port_of(0)});
      fleet.pass_time(40s);
      const auto& verdicts = fleet.watcher.verdicts[{port_of(0)}];
      ASSERT_EQ(verdicts.size(), 1u);
      const auto& fault = fleet.last(port_of(0)).fault;
      EXPECT_TRUE(verdicts[0].outcome == Outcome::passed || verdicts[0].outcome == Outcome::already)
          << (fault ? fault->text : "");
      std::uint32_t written = 0;
      for (const AttemptFinished& end : fleet.watcher.attempts[{port_of(0)}]) written += end.steps[0].written_bytes;
      EXPECT_EQ(written, 20000u) << "written once";
      const AttemptFinished& last = fleet.last(port_of(0));
      EXPECT_EQ(last.verified, true);
      EXPECT_EQ(last.booted, true);
      if (!ended && verdicts[0].attempts > 1) {
        EXPECT_TRUE(last.steps[0].readback) << "of the attempt that read it";
      }
    }
  }
}

TEST(Proof, AProofThatIsOwedIsFinishedAlsoWhenNoAttemptIsLeft) {
  auto recipe = recipe_with(Confirm::modules);
  recipe->policy.attempts = 1;
  PulledLine fleet(recipe);
  fleet.until_back();
  fleet.pass_time(995ms);  // settled when its departure is noticed, and being asked
  fleet.line.pull({port_of(0)});
  fleet.pass_time(300ms);
  fleet.line.plug({port_of(0)});
  fleet.pass_time(30s);
  const auto& attempts = fleet.watcher.attempts[{port_of(0)}];
  ASSERT_EQ(attempts.size(), 2u) << (attempts[0].fault ? attempts[0].fault->text : "");
  EXPECT_EQ(attempts[0].fault->code, FaultCode::pulled_before_proof);
  EXPECT_EQ(attempts[1].outcome, Outcome::passed);
}

// One transfer lost on the wire, wherever in the proof: the unit is well, so it is asked once more and not written
// again.
TEST(Proof, ATransferThatIsLostInTheProofCostsNothingButAnotherProof) {
  for (const Confirm confirm : {Confirm::reread, Confirm::modules}) {
    Fleet plain(one_unit(8), recipe_with(Confirm::application));
    ASSERT_TRUE(plain.run());
    Fleet whole(one_unit(8), recipe_with(confirm));
    ASSERT_TRUE(whole.run());
    for (std::uint32_t at = plain.transfers(port_of(0)) + 1; at <= whole.transfers(port_of(0)); ++at) {
      for (const FaultKind kind : {FaultKind::cable, FaultKind::stall}) {
        SCOPED_TRACE(std::string(to_string(confirm)) + " " + std::to_string(at));
        Fleet fleet(one_unit(8, {{kind, {FaultPoint::Kind::request, at}, 1}}), recipe_with(confirm));
        ASSERT_TRUE(fleet.run());
        const AttemptFinished& end = fleet.last(port_of(0));
        EXPECT_TRUE(truth::passed(end)) << end.fault->text;
        std::uint32_t written = 0;
        for (const AttemptFinished& one : fleet.watcher.attempts[{port_of(0)}]) written += one.steps[0].written_bytes;
        EXPECT_EQ(written, 20000u);
      }
    }
  }
}

// ---- everything else that can happen on the way

// Power is cut after each transfer, those of the proof included.
TEST(Proof, EveryVerdictIsTrueWhereverThePowerIsCut) {
  for (const Confirm confirm : {Confirm::reread, Confirm::modules}) {
    for (const std::uint16_t version : {3, 207, 1102}) {
      std::uint32_t all = 0, flashing = 0;
      {
        Fleet fleet(one_unit(12), recipe_with(confirm, version));
        ASSERT_TRUE(fleet.run());
        all = fleet.transfers(port_of(0));
        Fleet plain(one_unit(12), recipe_with(Confirm::application, version));
        ASSERT_TRUE(plain.run());
        flashing = plain.transfers(port_of(0));
      }
      ASSERT_GT(all, flashing);
      for (std::uint32_t n = 1; n <= all; ++n) {
        SCOPED_TRACE(std::string(to_string(confirm)) + ", system " + std::to_string(version) + ", cut after transfer " +
                     std::to_string(n) + " of " + std::to_string(all));
        Fleet fleet(one_unit(12), recipe_with(confirm, version));
        fleet.line.with_unit({port_of(0)}, [&](dfu::virt::VirtualUnit& unit) { unit.cut_after(n); });
        ASSERT_TRUE(fleet.run());
        const AttemptFinished& end = fleet.last(port_of(0));
        if (end.outcome == Outcome::passed) {
          EXPECT_EQ(n, all) << "it had said what it runs, and was only to stop listening";
          EXPECT_TRUE(confirm == Confirm::modules && fleet.holds_recipe(port_of(0)));
          continue;
        }
        EXPECT_EQ(end.outcome, Outcome::failed);
        ASSERT_TRUE(end.fault);
        if (n > flashing) {
          EXPECT_EQ(end.verified, true);
          EXPECT_EQ(end.fault->operation, dfu::OperationKind::proof);
          EXPECT_TRUE(end.fault->code == FaultCode::pulled_before_proof || end.fault->code == FaultCode::not_back)
              << to_string(end.fault->code);
          EXPECT_TRUE(fleet.holds_recipe(port_of(0)));
        }
      }
    }
  }
}

// Each kind of fault in each of the transfers that prove something.
TEST(Proof, EveryVerdictIsTrueForEveryFaultInEveryTransferOfTheProof) {
  int cases = 0;
  for (const Confirm confirm : {Confirm::reread, Confirm::modules}) {
    for (const std::uint16_t version : {3, 207, 1002, 1102}) {
      Fleet plain(one_unit(12), recipe_with(Confirm::application, version));
      ASSERT_TRUE(plain.run());
      const std::uint32_t first = plain.transfers(port_of(0)) + 1;
      Fleet whole(one_unit(12), recipe_with(confirm, version));
      ASSERT_TRUE(whole.run());
      const std::uint32_t last = whole.transfers(port_of(0));
      for (const std::string& kind : dfu::virt::fault_kind_names()) {
        for (std::uint32_t at = first; at <= last; ++at, ++cases) {
          SCOPED_TRACE(std::string(to_string(confirm)) + ", system " + std::to_string(version) + ", " + kind + " at " +
                       std::to_string(at) + " of " + std::to_string(first) + " to " + std::to_string(last));
          const FaultPoint point{FaultPoint::Kind::request, at};
          Fleet fleet(one_unit(12, {{*dfu::virt::fault_kind_from(kind), point, 1}}), recipe_with(confirm, version));
          truth::Truth at_verdict;
          fleet.watcher.on_event = [&](const Event& event) {
            if (std::holds_alternative<VerdictReached>(event)) at_verdict = truth::truth_of(fleet, port_of(0));
          };
          ASSERT_TRUE(fleet.run()) << "the line never came to an end";
          const auto lie = truth::lie_in(fleet.last(port_of(0)), at_verdict);
          EXPECT_FALSE(lie) << *lie;
        }
      }
    }
  }
  std::cout << cases << " cases\n";
}

TEST(Proof, AStopAtAnyMomentOfTheProofEndsTheAttemptWithinFifteenSeconds) {
  for (const Confirm confirm : proofs) {
    for (const StopKind kind : {StopKind::safe_point, StopKind::at_once}) {
      for (dfu::Duration at = 1s; at < 9s; at += 130ms) {
        SCOPED_TRACE(std::string(to_string(confirm)) + " " + std::to_string(at.count() / 1000000));
        Fleet fleet(one_unit(8), recipe_with(confirm));
        fleet.start();
        fleet.clock.run(at);
        fleet.engine->stop(kind);
        fleet.clock.run(at + 15s);
        ASSERT_TRUE(fleet.totals);
        EXPECT_EQ(fleet::open_attempts(fleet), 0);
        for (const AttemptFinished& end : fleet.watcher.attempts[{port_of(0)}]) {
          if (end.outcome == Outcome::passed) {
            EXPECT_EQ(end.booted, true);
          }
          if (end.verified != true || !end.fault) continue;
          EXPECT_THAT(end.fault->text, testing::Not(testing::HasSubstr("before anything was written")));
          EXPECT_NE(end.fault->code, FaultCode::leave_refused) << "what a stop cancels is no refusal";
        }
      }
    }
  }
}

// A unit in application mode is brought into DFU mode first; that task plans no proof.
TEST(Proof, AUnitThatStartsInItsApplicationIsReadOnceMoreToo) {
  dfu::virt::LineSpec spec = dfu::virt::photon_line(1, 8);
  auto recipe = fleet::photon_recipe({20000, 12000, 8000});
  recipe->policy.confirm = config::Confirm::reread;
  recipe->enter_dfu = true;
  fleet::Fleet fleet(spec, recipe);
  fleet.run_application(fleet::port_of(0), *recipe);
  const auto totals = fleet.run();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->already, 1);
  EXPECT_TRUE(fleet.runs_application(fleet::port_of(0)));
}

}  // namespace
}  // namespace scheduler
