// What P1, Electron and Core do that a Photon does not.
#include <gtest/gtest.h>

#include "dfu/memory_map.h"
#include "tests/dfu/virtual/diary.h"

namespace dfu::virt {
namespace {

using namespace testing;

UnitSpec spec_of(const char* profile, int generation = 12) {
  UnitSpec spec;
  spec.port = first;
  spec.profile = profile;
  spec.generation = generation;
  spec.id = "3b002c001847353236343033";
  return spec;
}

std::string string_of(VirtualUnit& unit, std::uint8_t index) {
  const auto reaction = unit.control({0x80, 6, static_cast<std::uint16_t>(0x0300 | index), 0x0409, 255});
  return parse_string_descriptor(reaction.data);
}

// The text of an alternate setting, by its own descriptor.
std::string map_of(VirtualUnit& unit, std::size_t alternate) {
  return string_of(unit, unit.describe().configuration.alternates.at(alternate).name_index);
}

TEST(Boards, EachShowsItsOwnIdsAndMapsInBothModes) {
  struct Row {
    const char* profile;
    UsbId dfu, application;
    const char* map;
    std::uint16_t size;
  };
  const char* stm32f2 = "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg";
  for (const Row& row :
       {Row{"photon", {0x2B04, 0xD006}, {0x2B04, 0xC006}, stm32f2, 4096},
        Row{"p1", {0x2B04, 0xD008}, {0x2B04, 0xC008}, stm32f2, 4096},
        Row{"electron", {0x2B04, 0xD00A}, {0x2B04, 0xC00A}, stm32f2, 4096},
        Row{"core", {0x1D50, 0x607F}, {0x1D50, 0x607D}, "@Internal Flash  /0x08000000/20*001Ka,108*001Kg", 1024}}) {
    VirtualUnit unit(spec_of(row.profile));
    const UnitInfo info = unit.describe();
    EXPECT_EQ(info.id, row.dfu) << row.profile;
    ASSERT_EQ(info.configuration.alternates.size(), 2u);
    EXPECT_EQ(info.configuration.functional->transfer_size, row.size);
    EXPECT_EQ(map_of(unit, 0), row.map);
    EXPECT_TRUE(parse_memory_map(map_of(unit, 0)));
    EXPECT_TRUE(parse_memory_map(map_of(unit, 1)));
  }
}

// ---- P1

TEST(P1, BootsModulesOfItsOwnPlatformOnly) {
  for (const std::uint16_t platform : {6, 8}) {
    VirtualUnit unit(spec_of("p1"));
    Module one = part1(3), two = part2(3), app = user(3);
    one.platform = two.platform = app.platform = platform;
    unit.flash().place(one.start, make(one));
    unit.flash().place(two.start, make(two));
    unit.flash().place(app.start, make(app));
    unit.restart();
    EXPECT_EQ(unit.last_boot()->outcome, platform == 8 ? BootOutcome::application : BootOutcome::dfu);
    EXPECT_EQ(unit.mode() == VirtualUnit::Mode::application, platform == 8);
  }
}

TEST(P1, ASystemPartOfAP1KeepsAPhotonInDfuMode) {
  VirtualUnit unit(spec_of("photon"));
  Module wrong = part1(3);
  wrong.platform = 8;
  install(unit.flash(), 3);
  unit.flash().place(wrong.start, make(wrong));
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::dfu);
}

// ---- Electron

struct ElectronModules {
  explicit ElectronModules(std::uint16_t version)
      : one{.start = 0x08020000, .size = 120000, .function = 4, .index = 1, .version = version, .vectors = true},
        two{.start = 0x08040000, .size = 110000, .function = 4, .index = 2, .version = version, .vectors = true},
        three{.start = 0x08060000, .size = 90000, .function = 4, .index = 3, .version = version},
        app{.start = 0x08080000, .size = 5000, .version = 6, .first = {4, 2, version}} {
    one.first = {4, 3, version};
    two.first = {4, 1, version};
    two.second = {2, 0, 1003};  // a bootloader that is not there; an Electron does not test that
    for (Module* module : {&one, &two, &three, &app}) module->platform = 10;
  }
  void install(Flash& flash) const {
    for (const Module* module : {&one, &two, &three, &app}) flash.place(module->start, make(*module));
  }
  Module one, two, three, app;
};

TEST(Electron, BootsFromItsThreePartsAndShowsItsId) {
  VirtualUnit unit(spec_of("electron", 3));
  ElectronModules(2202).install(unit.flash());
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::application) << unit.last_boot()->reason;
  EXPECT_EQ(unit.describe().serial, "3b002c001847353236343033");
}

TEST(Electron, NeedsPartThreeFromZeroPointSixOn) {
  for (const std::uint16_t version : {21, 102, 2202}) {
    VirtualUnit unit(spec_of("electron"));
    ElectronModules modules(version);
    modules.one.first = {};
    modules.install(unit.flash());
    unit.flash().erase({0x08060000, 0x08080000});
    unit.restart();
    EXPECT_EQ(unit.last_boot()->outcome, version < 102 ? BootOutcome::application : BootOutcome::crash) << version;
  }
}

TEST(Electron, APartThatIsTooOldIsSafeModeAndIsNamed) {
  VirtualUnit unit(spec_of("electron"));
  ElectronModules modules(2202);
  modules.three.version = 2201;
  modules.install(unit.flash());
  unit.restart();
  ASSERT_EQ(unit.last_boot()->outcome, BootOutcome::safe_mode);
  EXPECT_EQ(unit.last_boot()->missing->index, 3);
  EXPECT_EQ(unit.last_boot()->missing->found, 2201);
}

TEST(Electron, TheFactoryImageLiesAtItsOwnPlaceAndReplacesABadUserModule) {
  VirtualUnit unit(spec_of("electron"));
  ElectronModules modules(2202);
  modules.install(unit.flash());
  const Bytes factory = make(modules.app);
  unit.flash().place(0x080A0000, factory);
  unit.flash().erase({0x08080000, 0x080A0000});
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::factory_fallback);
  EXPECT_TRUE(std::ranges::equal(unit.flash().view({0x08080000, 0x08080000 + 5000}), factory));
}

TEST(Electron, APhotonsModulesKeepItInDfuMode) {
  VirtualUnit unit(spec_of("electron"));
  install(unit.flash(), 3);
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::dfu);
}

// ---- Core

Bytes core_image(std::uint32_t size, bool header) {
  Bytes image;
  append_le32(image, 0x20005000);
  append_le32(image, 0x08005201);
  if (header) {
    image.resize(0x10C, 0x11);
    append_le32(image, 0x08005000);
    append_le32(image, 0x08005000 + size - 4);
    append_le32(image, 207u << 16);
    append_le16(image, 0);
    image.push_back(3);
    image.push_back(0);
    image.resize(image.size() + 8, 0);
  }
  image.resize(size - 4, 0x5A);
  close_with_checksum(image);
  return image;
}

// By the requests of a host: pages of 1 KiB, blocks of 1 KiB.
void flash_core(VirtualUnit& unit, const Bytes& image) {
  for (std::uint32_t at = 0; at < image.size(); at += 1024) work(unit, 0, dfuse_erase(0x08005000 + at));
  work(unit, 0, dfuse_set_address(0x08005000));
  for (std::uint32_t at = 0; at < image.size(); at += 1024) {
    const auto end = std::min<std::size_t>(at + 1024, image.size());
    work(unit, static_cast<std::uint16_t>(2 + at / 1024), {image.begin() + at, image.begin() + static_cast<long>(end)});
  }
}

TEST(Core, IsFlashedInPagesOfAKilobyteAndBoots) {
  for (const bool header : {false, true}) {
    VirtualUnit unit(spec_of("core"));
    const Bytes image = core_image(79996, header);
    flash_core(unit, image);
    EXPECT_TRUE(std::ranges::equal(unit.flash().view({0x08005000, 0x08005000 + 79996}), image));
    EXPECT_EQ(unit.work().erases, 79u);
    download(unit, 2, {});
    const auto left = get_status(unit);
    EXPECT_NE(left.status, TransferStatus::ok);
    ASSERT_TRUE(left.departure);
    unit.restart();
    EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::application);
    EXPECT_EQ(unit.describe().id, (UsbId{0x1D50, 0x607D}));
  }
}

TEST(Core, BlocksAreAKilobyteAtMost) {
  VirtualUnit unit(spec_of("core"));
  EXPECT_EQ(download(unit, 2, Bytes(1025, 0)).status, TransferStatus::stall);
  EXPECT_EQ(download(unit, 2, Bytes(1024, 0)).status, TransferStatus::ok);
}

TEST(Core, LooksOnlyAtTheFirstWordBeforeItJumps) {
  VirtualUnit unit(spec_of("core"));
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::dfu);
  unit.flash().place(0x08005000, Bytes{0x00, 0x50, 0x00, 0x20});
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::crash) << "the reset vector is blank";
  Bytes image = core_image(20000, true);
  image[9000] ^= 1;
  unit.flash().erase(unit.flash().range());
  unit.flash().place(0x08005000, image);
  unit.restart();
  EXPECT_EQ(unit.last_boot()->outcome, BootOutcome::crash) << "nobody tests the checksum";
}

TEST(Core, ItsBootloaderIsNotWritten) {
  VirtualUnit unit(spec_of("core"));
  work(unit, 0, dfuse_set_address(0x08004C00));
  work(unit, 2, Bytes(1024, 0));
  EXPECT_EQ(unit.flash().at(0x08004FFF), 0xFF);
}

TEST(Core, ShowsTwelveDigitsMadeFromItsId) {
  VirtualUnit unit(spec_of("core"));
  // Words 0x002c003b, 0x36353347, 0x33303433 wait for nobody: the id's bytes are little-endian.
  EXPECT_EQ(short_serial("010000000000aabb02000000"), "00000003BBAA");
  EXPECT_EQ(unit.describe().serial, short_serial(unit.id()));
  EXPECT_EQ(unit.describe().serial.size(), 12u);
}

// ---- on a line

TEST(Boards, EveryBoardHasItsPlaceOnALine) {
  LineSpec spec = photon_line(6, 12);
  const auto profiles = virtual_profile_names();
  for (std::size_t i = 0; i < profiles.size(); ++i) spec.units[i].profile = profiles[i];
  Line line(spec);
  ASSERT_EQ(line.diary.size(), 7u);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const UnitInfo& unit = line.here.at(spec.units[i].port);
    EXPECT_EQ(line.open_unit(unit.handle).status, OpenStatus::ok) << profiles[i];
    const auto status = line.submit(unit.handle, setup(Request::getstatus, 0, 6));
    EXPECT_EQ(parse_status(status.data)->state, State::dfu_idle) << profiles[i];
  }
}

}  // namespace
}  // namespace dfu::virt
