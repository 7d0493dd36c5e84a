#include "dfu/virtual/particle_boot.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/dfu/virtual/modules.h"

namespace dfu::virt {
namespace {

using namespace testing;

constexpr std::uint32_t user_at = 0x080A0000;
constexpr std::uint32_t factory_at = 0x080E0000;

Flash with_system(std::uint16_t version, std::uint16_t bootloader = 3) {
  Flash flash;
  flash.place(0x08000000, synthetic_bootloader(bootloader));
  flash.place(0x08020000, make(part1(version)));
  flash.place(0x08060000, make(part2(version)));
  return flash;
}

Bytes damaged(Bytes image, std::size_t at) {
  image[at] ^= 1;
  return image;
}

void place_factory(Flash& flash, std::uint8_t filling = 0x77) {
  Module factory = user(1);
  factory.filling = filling;
  flash.place(factory_at, make(factory));
}

// ---- what the bootloader sees: system part 1

TEST(PhotonBoot, ABlankUnitStaysInDfuMode) {
  Flash flash;
  const auto result = photon_boot(flash);
  EXPECT_EQ(result.outcome, BootOutcome::dfu);
  EXPECT_FALSE(result.factory_copied);
  EXPECT_FALSE(result.runs());
}

TEST(PhotonBoot, PartOneWithAForeignHeaderIsNotJumpedInto) {
  Module p1 = part1(3), elsewhere = part1(3), beyond = part1(3);
  p1.platform = 8;
  elsewhere.start = 0x08060000;
  for (const Module& bad : {p1, elsewhere}) {
    Flash flash = with_system(3);
    flash.place(0x08020000, make(bad));
    flash.place(user_at, make(user(3)));
    EXPECT_EQ(photon_boot(flash).outcome, BootOutcome::dfu);
  }
  Flash flash = with_system(3);
  Bytes reaches_out = make(beyond);
  const std::uint32_t end = 0x08100004;
  for (int i = 0; i < 4; ++i) reaches_out[0x188 + i] = static_cast<std::uint8_t>(end >> 8 * i);
  flash.place(0x08020000, reaches_out);
  EXPECT_EQ(photon_boot(flash).outcome, BootOutcome::dfu);
}

TEST(PhotonBoot, WithoutPartOneAGoodFactoryImageMeansRestoreAndResetForEver) {
  Flash flash;
  flash.place(user_at, Bytes(64, 0));
  place_factory(flash);
  const auto result = photon_boot(flash);
  EXPECT_EQ(result.outcome, BootOutcome::reset_loop);
  EXPECT_TRUE(result.factory_copied);
  EXPECT_TRUE(std::ranges::equal(flash.view({user_at, user_at + 0x20000}), flash.view({factory_at, 0x08100000})));
}

TEST(PhotonBoot, WithoutPartOneADamagedFactoryImageLeavesTheUnitInDfuMode) {
  Flash flash;
  place_factory(flash);
  flash.place(factory_at + 300, Bytes{0});
  const auto result = photon_boot(flash);
  EXPECT_EQ(result.outcome, BootOutcome::dfu);
  EXPECT_EQ(flash.at(user_at), 0xFF);
}

TEST(PhotonBoot, ADamagedPartOneBehindAGoodHeaderCrashes) {
  const Bytes good = make(part1(3));
  for (const std::size_t at : {std::size_t{0}, std::size_t{0x400}, good.size() - 5, good.size() - 1}) {
    Flash flash = with_system(3);
    flash.place(user_at, make(user(3)));
    flash.place(0x08020000, damaged(good, at));
    EXPECT_EQ(photon_boot(flash).outcome, BootOutcome::crash) << at;
  }
}

TEST(PhotonBoot, AMissingForeignOrDamagedPartTwoCrashes) {
  Module foreign = part2(3);
  foreign.platform = 8;
  const Bytes good = make(part2(3));
  for (const Bytes& bad : {Bytes(2000, 0xFF), make(foreign), damaged(good, 0x500)}) {
    Flash flash = with_system(3);
    flash.place(user_at, make(user(3)));
    flash.place(0x08060000, bad);
    EXPECT_EQ(photon_boot(flash).outcome, BootOutcome::crash);
  }
}

// ---- what system part 2 sees: docs/devices.md, "Boot of a Photon", row by row

TEST(PhotonBoot, AGoodUserModuleRuns) {
  for (const bool factory : {false, true}) {
    Flash flash = with_system(3);
    flash.place(user_at, make(user(3)));
    if (factory) place_factory(flash);
    const Bytes before = flash.bytes();
    const auto result = photon_boot(flash);
    EXPECT_EQ(result.outcome, BootOutcome::application);
    EXPECT_EQ(result.system_version, 3);
    EXPECT_FALSE(result.missing);
    EXPECT_EQ(flash.bytes(), before);
  }
}

TEST(PhotonBoot, ABadUserChecksumIsSafeModeAndRestoresNothing) {
  const Bytes good = make(user(3));
  for (const std::size_t at : {std::size_t{24}, std::size_t{100}, good.size() - 1}) {
    Flash flash = with_system(3);
    flash.place(user_at, damaged(good, at));
    place_factory(flash);
    const Bytes before = flash.bytes();
    const auto result = photon_boot(flash);
    EXPECT_EQ(result.outcome, BootOutcome::safe_mode) << at;
    EXPECT_FALSE(result.missing);
    EXPECT_EQ(flash.bytes(), before);
  }
}

TEST(PhotonBoot, AnUnmetUserDependencyIsSafeModeAndNamesTheModule) {
  Flash flash = with_system(3);
  flash.place(user_at, make(user(6)));  // tinker 0.4.5 on system 0.4.3
  place_factory(flash);
  const auto result = photon_boot(flash);
  EXPECT_EQ(result.outcome, BootOutcome::safe_mode);
  ASSERT_TRUE(result.missing);
  EXPECT_EQ(result.missing->function, 4);
  EXPECT_EQ(result.missing->index, 2);
  EXPECT_EQ(result.missing->wanted, 6);
  EXPECT_EQ(result.missing->found, 3);
}

TEST(PhotonBoot, ADependencyOnAModuleThatDoesNotExistNamesNoVersion) {
  Flash flash = with_system(3);
  Module needs = user(3);
  needs.first = {4, 3, 1};
  flash.place(user_at, make(needs));
  const auto result = photon_boot(flash);
  EXPECT_EQ(result.outcome, BootOutcome::safe_mode);
  ASSERT_TRUE(result.missing);
  EXPECT_FALSE(result.missing->found);
}

TEST(PhotonBoot, ADependencyIsMetByItsVersionAndByANewerOne) {
  for (int wanted = 1; wanted <= 7; ++wanted) {
    Flash flash = with_system(5);
    flash.place(user_at, make(user(static_cast<std::uint16_t>(wanted))));
    EXPECT_EQ(photon_boot(flash).outcome, wanted <= 5 ? BootOutcome::application : BootOutcome::safe_mode) << wanted;
  }
}

TEST(PhotonBoot, NoUserModuleAndAGoodFactoryImageRunsTheFactoryImage) {
  Module p1 = user(3);
  p1.platform = 8;
  Bytes core(6000, 0);  // a Core image: a stack pointer first, code where a Photon looks for its header
  core[1] = 0x50;
  core[3] = 0x20;
  const std::string page = "<!DOCTYPE html><html><head><title>Page not found</title></head></html>";
  for (const Bytes& bad : {Bytes(64, 0xFF), make(p1), core, Bytes(page.begin(), page.end())}) {
    Flash flash = with_system(3);
    flash.place(user_at, bad);
    place_factory(flash);
    const auto result = photon_boot(flash);
    EXPECT_EQ(result.outcome, BootOutcome::factory_fallback);
    EXPECT_TRUE(result.factory_copied);
    EXPECT_TRUE(std::ranges::equal(flash.view({user_at, user_at + 0x20000}), flash.view({factory_at, 0x08100000})));
    EXPECT_GT(result.takes, std::chrono::milliseconds(2500));  // an erase, 128 KiB, and two starts
    EXPECT_EQ(photon_boot(flash).outcome, BootOutcome::application) << "the next start finds it in its slot";
  }
}

TEST(PhotonBoot, AFactoryImageThatDoesNotFitTheSystemEndsInSafeMode) {
  Flash flash = with_system(3);
  Module factory = user(9);
  flash.place(factory_at, make(factory));
  const auto result = photon_boot(flash);
  EXPECT_EQ(result.outcome, BootOutcome::safe_mode);
  EXPECT_TRUE(result.factory_copied);
  ASSERT_TRUE(result.missing);
  EXPECT_EQ(result.missing->wanted, 9);
}

TEST(PhotonBoot, NeitherUserNorFactoryModuleIsSafeMode) {
  Flash flash = with_system(3);
  const auto result = photon_boot(flash);
  EXPECT_EQ(result.outcome, BootOutcome::safe_mode);
  EXPECT_FALSE(result.missing);
  EXPECT_FALSE(result.factory_copied);
}

TEST(PhotonBoot, ADamagedFactoryImageBehindAGoodHeaderIsAResetLoop) {
  Flash flash = with_system(3);
  place_factory(flash);
  flash.place(factory_at + 1000, Bytes{0});
  EXPECT_EQ(photon_boot(flash).outcome, BootOutcome::reset_loop);
  EXPECT_EQ(flash.at(user_at), 0xFF);
}

// ---- what differs from 0.7.0 on

TEST(PhotonBoot, SecondDependenciesCountFromSystemVersion070On) {
  for (const std::uint16_t version : {3, 102, 109, 207, 2202}) {
    Flash flash = with_system(version, 101);
    Module needs = user(version);
    needs.second = {4, 1, static_cast<std::uint16_t>(version + 1)};
    flash.place(user_at, make(needs));
    EXPECT_EQ(photon_boot(flash).outcome, version < 200 ? BootOutcome::application : BootOutcome::safe_mode) << version;
  }
}

TEST(PhotonBoot, PartTwoDemandsItsBootloaderFrom070On) {
  for (const std::uint16_t bootloader : {3, 100, 101, 501}) {
    Flash flash = with_system(207, bootloader);
    Module system = part2(207);
    system.second = {2, 0, 101};
    flash.place(0x08060000, make(system));
    flash.place(user_at, make(user(207)));
    const auto result = photon_boot(flash);
    if (bootloader >= 101) {
      EXPECT_EQ(result.outcome, BootOutcome::application);
      continue;
    }
    EXPECT_EQ(result.outcome, BootOutcome::safe_mode);
    ASSERT_TRUE(result.missing);
    EXPECT_EQ(result.missing->function, 2);
    EXPECT_EQ(result.missing->found, bootloader);
  }
}

TEST(PhotonBoot, ADamagedBootloaderIsNoticedFrom070On) {
  for (const std::uint16_t version : {109, 207}) {
    Flash flash = with_system(version, 101);
    flash.place(user_at, make(user(version)));
    flash.place(0x08000900, Bytes{static_cast<std::uint8_t>(flash.at(0x08000900) ^ 4)});
    EXPECT_EQ(photon_boot(flash).outcome, version < 200 ? BootOutcome::application : BootOutcome::safe_mode) << version;
  }
}

TEST(PhotonBoot, PartsOfDifferentVersionsAreNoticedFrom070On) {
  Flash old = with_system(3), recent = with_system(207, 101);
  old.place(0x08060000, make(part2(17)));
  old.place(user_at, make(user(3)));
  EXPECT_EQ(photon_boot(old).outcome, BootOutcome::application);  // nobody looks
  recent.place(0x08060000, make(part2(1002)));
  recent.place(user_at, make(user(207)));
  const auto result = photon_boot(recent);
  EXPECT_EQ(result.outcome, BootOutcome::safe_mode);
  ASSERT_TRUE(result.missing);
  EXPECT_EQ(result.missing->index, 1);
}

// ---- the bootloader in place

TEST(PhotonBoot, TheSyntheticBootloaderIsASoundModuleOfItsVersion) {
  for (const std::uint16_t version : {3, 8, 101}) {
    const Bytes image = synthetic_bootloader(version);
    ASSERT_LE(image.size(), 0x4000u);
    EXPECT_EQ(le32(image, 0x184), 0x08000000u);
    EXPECT_EQ(le32(image, 0x188), 0x08000000u + image.size() - 4);
    EXPECT_EQ(le16(image, 0x184 + 10), version);
    EXPECT_EQ(le16(image, 0x184 + 12), 6);
    EXPECT_EQ(image[0x184 + 14], 2);
    EXPECT_EQ(image[0x184 + 15], 0);
    Bytes body(image.begin(), image.end() - 4);
    close_with_checksum(body);
    EXPECT_EQ(body, image);
    Flash flash;
    flash.place(0x08000000, image);
    EXPECT_EQ(bootloader_version(flash), version);
  }
  EXPECT_FALSE(bootloader_version(Flash()));
}

// ---- real images, where they are at hand

Bytes read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

TEST(PhotonBoot, RealImagesBootAsTheirVersionsSay) {
  const std::filesystem::path images = std::filesystem::path(FLASHLINE_SOURCE_DIR) / ".." / "shared" / "firmware";
  if (!std::filesystem::exists(images / "photon")) GTEST_SKIP() << "no real images beside the source folder";
  const auto boot = [&](const char* one, const char* two, const char* app, std::uint16_t bootloader) {
    Flash flash;
    flash.place(0x08000000, synthetic_bootloader(bootloader));
    flash.place(0x08020000, read(images / one));
    flash.place(0x08060000, read(images / two));
    flash.place(user_at, read(images / app));
    return photon_boot(flash);
  };
  constexpr auto one = "photon/system-part1-0.4.3-photon.bin", two = "photon/system-part2-0.4.3-photon.bin";
  EXPECT_EQ(boot(one, two, "photon/tinker-0.4.1-photon.bin", 3).outcome, BootOutcome::application);
  const auto newer = boot(one, two, "photon/tinker-0.4.5-photon.bin", 3);
  EXPECT_EQ(newer.outcome, BootOutcome::safe_mode);
  ASSERT_TRUE(newer.missing);
  EXPECT_EQ(newer.missing->wanted, 6);
  EXPECT_EQ(boot("p1/system-part1-0.4.3-p1.bin", two, "photon/tinker-0.4.1-photon.bin", 3).outcome, BootOutcome::dfu);
  for (const char* core : {"core/core_tinker-headerless.bin", "core/core_tinker-1.16.0.bin"}) {
    EXPECT_EQ(boot(one, two, core, 3).reason, boot(one, two, "broken/empty.bin", 3).reason) << core;
  }
  constexpr auto one_05 = "photon/system-part1-0.5.2-photon.bin", two_05 = "photon/system-part2-0.5.2-photon.bin";
  EXPECT_EQ(boot(one_05, two_05, "photon/tinker-0.4.5-photon.bin", 7).outcome, BootOutcome::application);
}

}  // namespace
}  // namespace dfu::virt
