// What recipe or station did is never said about the unit: whole attempts against virtual units.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/fault_policy.h"
#include "tests/scheduler/dialects.h"
#include "tests/scheduler/fleet.h"

namespace scheduler {
namespace {

using dfu::FaultCode;
using dialects::program;
using dialects::raw_recipe;
using fleet::Fleet;
using fleet::port_of;
using testing::HasSubstr;

const AttemptFinished& flashed(Fleet& fleet) {
  EXPECT_TRUE(fleet.run());
  return fleet.last(port_of(0));
}

TEST(Blame, APlainUnitThatCannotBeReadBackIsTheRecipesMatter) {
  auto recipe = raw_recipe("dfu11", program(0, 20000), 0);
  dfu::virt::LineSpec spec = dialects::line_of({.profile = "dfu11", .can_upload = false}, 1);
  Fleet fleet(spec, recipe);
  const AttemptFinished& end = flashed(fleet);
  ASSERT_TRUE(end.fault);
  EXPECT_EQ(end.fault->code, FaultCode::image_unfit);
  EXPECT_EQ(about(end.fault->code), About::image);
  EXPECT_THAT(end.fault->text, HasSubstr("policy.verify = \"none\""));
  EXPECT_EQ(end.started.number, 1) << "a second attempt would end in the same way";
  fleet.line.with_unit({port_of(0)}, [](dfu::virt::VirtualUnit& unit) { EXPECT_EQ(unit.blocks(), 0) << "untouched"; });
}

TEST(Blame, AnImageThatIsLargerThanThePlainUnitIsTheRecipesMatter) {
  auto recipe = raw_recipe("dfu11", program(0, 0x50000), 0);
  recipe->policy.verify = config::Verify::none;
  dfu::virt::LineSpec spec = dialects::line_of({.profile = "dfu11", .can_upload = false}, 1);
  Fleet fleet(spec, recipe);
  const AttemptFinished& end = flashed(fleet);
  ASSERT_TRUE(end.fault);
  EXPECT_EQ(end.fault->code, FaultCode::image_unfit) << end.fault->text;
  EXPECT_THAT(end.fault->text, HasSubstr("errADDRESS"));
}

TEST(Blame, AUnitThatIsProtectedIsStillBlamedItself) {
  auto recipe = raw_recipe("stm32-rom", program(0x08000000, 50000), 0x08000000);
  recipe->policy.confirm = config::Confirm::none;
  dfu::virt::LineSpec spec = dialects::line_of({.profile = "stm32-rom", .read_protected = true}, 1);
  Fleet fleet(spec, recipe);
  EXPECT_EQ(flashed(fleet).fault->code, FaultCode::read_protected);
}

}  // namespace
}  // namespace scheduler
