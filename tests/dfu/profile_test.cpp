#include "dfu/profile.h"

#include <tuple>

#include <gtest/gtest.h>

#include "dfu/particle/slots.h"

namespace dfu {
namespace {

using namespace std::chrono_literals;

TEST(Profile, PhotonIsKnownByNameAndItsMapCanBeRead) {
  const auto photon = find_profile("photon");
  ASSERT_TRUE(photon);
  EXPECT_EQ(to_string(photon->dfu), "2b04:d006");
  EXPECT_EQ(to_string(photon->application.value()), "2b04:c006");
  EXPECT_EQ(photon->transfer_size, 4096);
  EXPECT_FALSE(photon->obey_poll_timeout);
  EXPECT_EQ(photon->platform, particle::Platform::photon);
  EXPECT_TRUE(parse_memory_map(photon->map));
}

TEST(Profile, IdsOfEachFamilyAreThePublishedOnes) {
  const std::tuple<const char*, const char*, const char*> ids[] = {{"photon", "2b04:d006", "2b04:c006"},
                                                                   {"p1", "2b04:d008", "2b04:c008"},
                                                                   {"electron", "2b04:d00a", "2b04:c00a"},
                                                                   {"core", "1d50:607f", "1d50:607d"},
                                                                   {"stm32-rom", "0483:df11", nullptr}};
  for (const auto& [name, dfu_id, application] : ids) {
    const auto profile = find_profile(name);
    ASSERT_TRUE(profile) << name;
    EXPECT_EQ(to_string(profile->dfu), dfu_id);
    EXPECT_EQ(profile->application ? to_string(*profile->application) : "", application ? application : "");
  }
}

TEST(Profile, EverySlotOfAPlatformLiesWhereItsMapLetsAnybodyWrite) {
  for (const std::string& name : profile_names()) {
    const auto profile = find_profile(name);
    const auto map = parse_memory_map(profile->map);
    ASSERT_TRUE(map) << name;
    if (!profile->platform) continue;
    const auto& slots = particle::slots(*profile->platform);
    EXPECT_FALSE(slots.empty()) << name;
    for (const particle::Slot& slot : slots) {
      const auto sectors = map->covering(slot.range);
      ASSERT_FALSE(sectors.empty()) << name << ' ' << slot.name;
      for (const Sector& sector : sectors) EXPECT_TRUE(sector.readable && sector.erasable && sector.writable) << name;
      EXPECT_EQ(sectors.front().range.begin, slot.range.begin);
    }
  }
}

TEST(Profile, PlainDfuIsOneSectorForAnyImage) {
  const Profile profile = plain_profile({0x1234, 0x5678}, 0);
  EXPECT_EQ(profile.dialect, Dialect::dfu11);
  EXPECT_TRUE(profile.obey_poll_timeout);
  const auto map = parse_memory_map(profile.map);
  ASSERT_EQ(map.value().sectors.size(), 1u);
  EXPECT_EQ(map->sectors[0].range.begin, 0u);
  EXPECT_GE(map->sectors[0].range.size(), 64u << 20);
}

TEST(Profile, NameThatIsNotKnownGivesNothing) {
  EXPECT_FALSE(find_profile("fotón"));
  EXPECT_FALSE(find_profile(""));
  EXPECT_FALSE(find_profile("Photon"));
}

TEST(Profile, EveryNameInTheListIsFoundAndComplete) {
  ASSERT_FALSE(profile_names().empty());
  for (const std::string& name : profile_names()) {
    const auto profile = find_profile(name);
    ASSERT_TRUE(profile) << name;
    EXPECT_EQ(profile->name, name);
    EXPECT_GT(profile->transfer_size, 0);
    EXPECT_GE(profile->control_timeout, 5s);
    EXPECT_GT(profile->busy_limit, 0s);
    EXPECT_GT(profile->depart_limit, 0s);
    EXPECT_GT(profile->return_limit, 0s);
    EXPECT_GT(profile->timing.erase_16k, 0s);
  }
}

TEST(Profile, UnitThatNoProfileDescribesIsObeyed) {
  const Profile profile = standard_profile({0x0483, 0xDF11}, 1);
  EXPECT_TRUE(profile.obey_poll_timeout);
  EXPECT_EQ(profile.alternate, 1);
  EXPECT_FALSE(profile.application);
  EXPECT_FALSE(profile.platform);
}

TEST(FlashTiming, SectorSizesFindTheirRow) {
  const FlashTiming timing = find_profile("photon")->timing;
  EXPECT_EQ(timing.erase(1024), 250ms);
  EXPECT_EQ(timing.erase(16 * 1024), 250ms);
  EXPECT_EQ(timing.erase(64 * 1024), 550ms);
  EXPECT_EQ(timing.erase(128 * 1024), 1000ms);
  EXPECT_EQ(timing.program(0), 0ns);
  EXPECT_EQ(timing.program(1), 16us);
  EXPECT_EQ(timing.program(4), 16us);
  EXPECT_EQ(timing.program(5), 32us);
}

TEST(WireTime, BlockOf4096TakesThreeAndAThirdMilliseconds) {
  EXPECT_EQ(wire_time(4096), 4962 * Duration(1ms) / 1500);
  EXPECT_EQ(wire_time(65), 500us);
  EXPECT_EQ(wire_time(1024), (34 + 16 * 77) * Duration(1ms) / 1500);
}

TEST(WireTime, ShortTransfersCostTheirLatency) {
  for (const std::uint32_t bytes : {0u, 1u, 6u, 64u}) EXPECT_EQ(wire_time(bytes), 500us);
}

TEST(WireTime, NeverFallsWhileBytesGrow) {
  for (std::uint32_t bytes = 0; bytes < 8192; ++bytes) EXPECT_LE(wire_time(bytes), wire_time(bytes + 1));
}

// The sum of docs/devices.md, "Device time of a Photon": 486,116 bytes in five sectors and 120 blocks take about 7.5 s.
TEST(WireTime, FloorOfTheWholePhotonIsThePublishedOne) {
  const FlashTiming timing = find_profile("photon")->timing;
  Duration device_time = 5 * timing.erase(128 * 1024) + 265 * wire_time(0);
  for (const std::uint32_t size : {248732u, 151192u, 86192u}) {
    device_time += timing.program(size);
    for (std::uint32_t at = 0; at < size; at += 4096) device_time += wire_time(std::min(4096u, size - at));
  }
  EXPECT_NEAR(seconds(device_time), 7.5, 0.05);
}

}  // namespace
}  // namespace dfu
