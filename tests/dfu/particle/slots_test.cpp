#include "dfu/particle/slots.h"

#include <gtest/gtest.h>

#include "dfu/memory_map.h"
#include "dfu/profile.h"

namespace dfu::particle {
namespace {

Module module_of(Platform platform, Function function, std::uint8_t index) {
  Module module;
  module.platform = platform;
  module.function = function;
  module.index = index;
  return module;
}

TEST(Slots, PhotonHasThreeAndTheyAreThoseOfItsFlashMap) {
  EXPECT_EQ(slot_for(module_of(Platform::photon, Function::system_part, 1))->range, (Range{0x08020000, 0x08060000}));
  EXPECT_EQ(slot_for(module_of(Platform::photon, Function::system_part, 2))->range, (Range{0x08060000, 0x080A0000}));
  EXPECT_EQ(slot_for(module_of(Platform::photon, Function::user_part, 1))->range, (Range{0x080A0000, 0x080C0000}));
  EXPECT_EQ(slot_for(module_of(Platform::photon, Function::system_part, 1))->name, "system-part 1");
}

TEST(Slots, BootloaderAndForeignModulesHaveNone) {
  EXPECT_FALSE(slot_for(module_of(Platform::photon, Function::bootloader, 0)));
  EXPECT_FALSE(slot_for(module_of(Platform::photon, Function::monolithic, 0)));
  EXPECT_FALSE(slot_for(module_of(Platform::photon, Function::system_part, 3)));
  EXPECT_FALSE(slot_for(module_of(Platform::photon, Function::user_part, 2)));
  EXPECT_FALSE(slot_for(module_of(Platform::p2, Function::user_part, 1)));
}

TEST(Slots, ElectronGoesByIndexAndNotByFileName) {
  EXPECT_EQ(slot_for(module_of(Platform::electron, Function::system_part, 3))->range.begin, 0x08060000u);
  EXPECT_EQ(slot_for(module_of(Platform::electron, Function::user_part, 1))->range.begin, 0x08080000u);
}

TEST(Slots, EverySlotOfAPlatformStandsAlone) {
  for (int id = 0; id < 256; ++id) {
    const auto platform = platform_from(static_cast<std::uint16_t>(id));
    if (!platform) continue;
    const std::vector<Slot>& all = slots(*platform);
    for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1].range.end, all[i].range.begin);
  }
}

TEST(Slots, PhotonsSlotsAreMadeOfWholeWritableSectors) {
  const auto map = parse_memory_map(find_profile("photon")->map);
  ASSERT_TRUE(map);
  for (const Slot& slot : slots(Platform::photon)) {
    const std::vector<Sector> sectors = map->covering(slot.range);
    ASSERT_FALSE(sectors.empty()) << slot.name;
    EXPECT_EQ(sectors.front().range.begin, slot.range.begin);
    EXPECT_EQ(sectors.back().range.end, slot.range.end);
    for (const Sector& sector : sectors) EXPECT_TRUE(sector.writable && sector.erasable && sector.readable);
  }
}

}  // namespace
}  // namespace dfu::particle
