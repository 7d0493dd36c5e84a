// Which unit is one of the recipe's, by its descriptors alone, and what is said of one that is not.
#include "dfu/fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dfu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr UsbId rom{0x0483, 0xDF11};

AltSetting setting(std::uint8_t interface_number, std::uint8_t alternate, std::uint8_t protocol = 2) {
  return {interface_number, alternate, 0xFE, 1, protocol, 0};
}

UnitInfo unit(UsbId id, std::vector<AltSetting> settings, std::optional<std::uint16_t> transfer_size = 2048) {
  UnitInfo info;
  info.id = id;
  info.configuration.alternates = std::move(settings);
  if (transfer_size) {
    info.configuration.functional = FunctionalDescriptor{.can_download = true, .transfer_size = *transfer_size};
  }
  return info;
}

struct Asked {
  std::optional<std::uint8_t> interface_number{};
  std::uint8_t alternate = 0;
  std::uint16_t transfer_size = 0;
};

Profile profile(UsbId id, const Asked& asked = {}) {
  Profile out = standard_profile(id, asked.alternate);
  out.only_interface = asked.interface_number;
  out.assumed_transfer_size = asked.transfer_size;
  return out;
}

struct Case {
  const char* what;
  UnitInfo unit;
  Profile profile;
  Fit fit;
};

std::vector<Case> cases() {
  const AltSetting hid{.interface_number = 0, .interface_class = 3};
  return {
      {"the usual ROM", unit(rom, {setting(0, 0), setting(0, 1)}), profile(rom), Fit::ready},
      {"DFU on interface 2", unit(rom, {hid, setting(2, 0)}), profile(rom), Fit::ready},
      {"on interface 255", unit(rom, {setting(255, 0)}), profile(rom), Fit::ready},
      {"the interface that is named", unit(rom, {setting(1, 0), setting(3, 0)}), profile(rom, {3}), Fit::ready},
      {"another one is named", unit(rom, {setting(2, 0)}), profile(rom, {1}), Fit::no_interface},
      {"two, and none is named", unit(rom, {setting(1, 0), setting(3, 0)}), profile(rom), Fit::which_interface},
      {"two, one with that setting", unit(rom, {setting(1, 0), setting(3, 0), setting(3, 1)}),
       profile(rom, {.alternate = 1}), Fit::ready},
      {"no such setting", unit(rom, {setting(0, 0), setting(0, 1)}), profile(rom, {.alternate = 2}), Fit::no_alternate},
      {"it is on the other interface", unit(rom, {setting(0, 0), setting(1, 1)}), profile(rom, {0, 1}),
       Fit::no_alternate},
      {"transfer size 0", unit(rom, {setting(0, 0)}, 0), profile(rom), Fit::no_transfer_size},
      {"no functional descriptor", unit(rom, {setting(0, 0)}, {}), profile(rom), Fit::no_transfer_size},
      {"the recipe names it", unit(rom, {setting(0, 0)}, 0), profile(rom, {.transfer_size = 1024}), Fit::ready},
      {"transfer size 65535", unit(rom, {setting(0, 0)}, 65535), profile(rom), Fit::ready},
      {"protocol 1", unit(rom, {setting(0, 0, 1)}), profile(rom), Fit::can_enter},
      {"protocol 1 and 2", unit(rom, {setting(0, 0, 1), setting(1, 0)}), profile(rom), Fit::ready},
      {"protocol 1, and it cannot be asked", unit(rom, {setting(0, 0, 1)}), *find_profile("stm32-rom"), Fit::by_hand},
      {"GigaDevice's ROM shows protocol 1", unit({0x28E9, 0x0189}, {setting(0, 0, 1)}), profile({0x28E9, 0x0189}),
       Fit::ready},
      {"NXP's ROM shows protocol 1", unit({0x1FC9, 0x000C}, {setting(0, 0, 1)}), profile({0x1FC9, 0x000C}), Fit::ready},
      {"protocol 0, as the DSO Nano", unit(rom, {setting(0, 0, 0)}), profile(rom), Fit::ready},
      {"its firmware without DFU", unit(rom, {hid}), profile(rom), Fit::by_hand},
      {"another kind", unit({0x1234, 0x5678}, {setting(0, 0)}), profile(rom), Fit::other},
      {"a Photon that runs", unit({0x2B04, 0xC006}, {hid}), *find_profile("photon"), Fit::can_enter},
  };
}

TEST(UnitFit, IsJudgedByTheDescriptors) {
  for (const Case& one : cases()) {
    EXPECT_EQ(fit(one.unit, one.profile), one.fit) << one.what << ": " << to_string(fit(one.unit, one.profile));
  }
}

TEST(UnitFit, WhatDoesNotFitIsSaidWithItsRemedy) {
  for (const Case& one : cases()) {
    const bool silent = one.fit == Fit::ready || one.fit == Fit::other;
    EXPECT_EQ(unfit_because(one.unit, one.profile).empty(), silent) << one.what;
    EXPECT_EQ(unfit_remedy(one.unit, one.profile).empty(), silent) << one.what;
  }
}

TEST(UnitFit, NobodyIsToldToPutAUnitIntoDfuModeThatIsInIt) {
  for (const Case& one : cases()) {
    if (!in_dfu_mode(one.unit, one.profile) || one.fit == Fit::ready) continue;
    EXPECT_THAT(unfit_because(one.unit, one.profile), HasSubstr("is in DFU mode")) << one.what;
    EXPECT_THAT(unfit_remedy(one.unit, one.profile), Not(HasSubstr("into DFU mode"))) << one.what;
  }
}

TEST(UnitFit, TheConversationGoesToTheInterfaceThatTheUnitHas) {
  EXPECT_EQ(for_unit(profile(rom), unit(rom, {setting(2, 0)})).interface_number, 2);
  EXPECT_EQ(for_unit(profile(rom, {3}), unit(rom, {setting(1, 0), setting(3, 0)})).interface_number, 3);
  EXPECT_EQ(for_unit(profile(rom, {.alternate = 1}), unit(rom, {setting(1, 0), setting(3, 1)})).interface_number, 3);
  EXPECT_EQ(for_unit(profile(rom), unit(rom, {})).interface_number, 0);
}

TEST(UnitFit, APlainUnitHasNoMapsToDescribe) {
  Profile plain = plain_profile(rom, 2);
  const UnitInfo two = unit(rom, {setting(0, 0), setting(0, 1)});
  EXPECT_EQ(unfit_remedy(two, plain), "Name one that it has: alt in the step");
  plain.dialect = Dialect::dfuse;
  EXPECT_THAT(unfit_remedy(two, plain), HasSubstr("[[device.memory]]"));
}

TEST(UnitFit, TheUnitsOwnTransferSizeCounts) {
  EXPECT_EQ(transfer_size_of(unit(rom, {setting(0, 0)}, 64), profile(rom, {.transfer_size = 1024})), 64);
  EXPECT_EQ(transfer_size_of(unit(rom, {setting(0, 0)}, 0), profile(rom, {.transfer_size = 1024})), 1024);
}

}  // namespace
}  // namespace dfu
