// Memory maps as real units show them, and as people passed them on. Each has the public place where it was seen. Where
// a string was damaged, what is clear of it must be read as dfu-util reads it, and the rest left alone and said.
#include <gtest/gtest.h>

#include "dfu/memory_map.h"

namespace dfu {
namespace {

struct Real {
  const char* text;
  std::size_t sectors;
  std::uint32_t first, end;  // of the first sector, behind the last one
  const char* source;
  std::size_t ignored = 0;  // parts that are left out
};

const Real all[] = {
    // ST's ROM
    {"@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg", 12, 0x08000000, 0x08100000, "STM32F405, dfu-util -l"},
    {"@Internal Flash  /0x08000000/04*016Kg,01*064Kg,03*128Kg", 8, 0x08000000, 0x08080000, "STM32F405, 512 KiB"},
    {"@Internal Flash  /0x08000000/04*016Kg,01*64Kg,03*128Kg", 8, 0x08000000, 0x08080000,
     "STM32F72x, betaflight-configurator usbdfu.js"},
    {"@Internal Flash  /0x08000000/04*032Kg,01*128Kg,03*256Kg", 8, 0x08000000, 0x08100000,
     "STM32F74x, betaflight-configurator usbdfu.js"},
    {"@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg,04*016Kg,01*064Kg,07*128Kg", 24, 0x08000000, 0x08200000,
     "STM32F429, 2 MiB"},
    {"@Internal Flash  /0x08000000/032*0001Kg", 32, 0x08000000, 0x08008000, "STM32F042, dfu-util -l"},
    {"@Internal Flash  /0x08000000/064*0002Kg", 64, 0x08000000, 0x08020000, "STM32F072"},
    {"@Internal Flash  /0x08000000/128*0002Kg", 128, 0x08000000, 0x08040000, "STM32F303"},
    {"@Internal Flash  /0x08000000/0256*0002Kg", 256, 0x08000000, 0x08080000, "STM32L452, InertialSense SDK"},
    {"@Internal Flash   /0x08000000/1536*128g", 1536, 0x08000000, 0x08030000, "STM32L072: no multiplier"},
    {"@Internal Flash  /0x08000000/512*0004Kg", 512, 0x08000000, 0x08200000, "STM32L4+"},
    {"@Internal Flash   /0x08000000/64*02Kg", 64, 0x08000000, 0x08020000, "STM32G431"},
    {"@Internal Flash   /0x08000000/256*02Kg", 256, 0x08000000, 0x08080000, "STM32G0B1"},
    {"@Internal Flash   /0x08000000/16*128Kg", 16, 0x08000000, 0x08200000, "STM32H743"},
    {"@Internal Flash   /0x08000000/256*08Kg", 256, 0x08000000, 0x08200000, "STM32H563"},
    {"@Option Bytes  /0x1FFFF800/01*016 e", 1, 0x1FFFF800, 0x1FFFF810, "STM32F042, dfu-util -l"},
    {"@Option Bytes   /0x1FFF7800/01*048 e/0x1FFFF800/01*048 e", 2, 0x1FFF7800, 0x1FFFF830, "STM32G474"},
    {"@Option Bytes   /0x1FFF7800/01*40Be", 1, 0x1FFF7800, 0x1FFF7828, "STM32G431"},
    {"@Option Bytes  /0x5200201C/01*128 e", 1, 0x5200201C, 0x5200209C, "STM32H743"},
    {"@OTP Memory   /0x1FFF7000/01*0001Ke", 1, 0x1FFF7000, 0x1FFF7400, "STM32L452, InertialSense SDK"},
    {"@OTP Memory /0x1FFF7800/01*512 e,01*016 e", 2, 0x1FFF7800, 0x1FFF7A10, "STM32F405, dfu-util -l"},
    {"@DATA Memory   /0x08080000/2*3Ke", 2, 0x08080000, 0x08081800, "STM32L072"},
    {"@Device Feature/0xFFFF0000/01*004 e", 1, 0xFFFF0000, 0xFFFF0004, "STM32F405, dfu-util -l"},
    // Clones of it
    {"@Internal Flash  /0x08000000/512*002Kg", 512, 0x08000000, 0x08100000, "GD32VF103, aw/fiveforths#20"},
    {"@Option Bytes  /0x1FFFF800/01*016 g", 1, 0x1FFFF800, 0x1FFFF810, "GD32VF103, aw/fiveforths#20"},
    {"@Option Bytes  /0x1FFFF800/01*016Bg", 1, 0x1FFFF800, 0x1FFFF810, "GD32"},
    {"@InternalFlash   /0x08000000/480*004Kg", 480, 0x08000000, 0x081E0000, "GD32H7: no blank in the name"},
    {"@Internal Flash  /0x08000000/ 128*1Kg", 128, 0x08000000, 0x08020000, "AT32F415, dfu-util -l: a blank"},
    {"@Internal Flash   /0x08000000/08*04Ka,1000*04Kg", 1008, 0x08000000, 0x083F0000, "AT32F437"},
    {"@Option byte   /0x1FFFC000/01*4096 g", 1, 0x1FFFC000, 0x1FFFD000, "AT32F437"},
    {"@Internal Flash   /0x8000000/06*002Kg,058*002Kg", 64, 0x08000000, 0x08020000, "APM32: seven digits"},
    // Other loaders
    {"@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg", 12, 0x08000000, 0x08100000, "Photon"},
    {"@Internal Flash  /0x08000000/20*001Ka,108*001Kg", 128, 0x08000000, 0x08020000, "Spark Core, dfu-util -l"},
    {"@SPI Flash : SST25x/0x00000000/512*04Kg", 512, 0, 0x00200000, "Spark Core, dfu-util -l"},
    {"@Serial Flash   /0x00000000/256*004Kg", 256, 0, 0x00100000, "P1, particle-iot/device-os#706"},
    {"@DCT Flash   /0x00000000/1*016Ke", 1, 0, 0x4000, "Argon"},
    {"@Internal Flash   /0x00000000/1*004Ka,47*004Kg,256*004Kg,192*004Kg,4*004Kg,8*004Kg,4*004Kg", 512, 0, 0x00200000,
     "made after Argon: groups over 99"},
    {"@External Flash   /0x80000000/1024*004Kg", 1024, 0x80000000, 0x80400000, "Argon"},
    {"@NOR Flash : M29W128F/0x64000000/0256*64Kg", 256, 0x64000000, 0x65000000, "STM3210E-EVAL loader"},
    {"@Internal Flash  /0x08000000/06*002Ka,250*002Kg", 256, 0x08000000, 0x08080000, "STM3210E-EVAL loader"},
    {"@Internal Flash   /0x08000000/8*001Ka,56*001Kg", 64, 0x08000000, 0x08010000, "libopencm3-examples#233"},
    {"@Internal Flash   /0x08000000/64*128Ba,448*128Bg", 512, 0x08000000, 0x08010000, "bus_pirate_ng#5"},
    {"@Internal Flash   /0x08000000/16*001Ka,112*01Kg", 128, 0x08000000, 0x08020000, "CherryUSB example"},
    {"@Flash/0x90000000/08*004Kg,01*032Kg,63*064Kg,64*064Kg", 136, 0x90000000, 0x90800000, "NumWorks N0110"},
    {"@Flash/0x90000000/08*004Kg,01*032Kg,63*064Kg/0x90430000/61*064Kg", 133, 0x90000000, 0x90800000,
     "NumWorks N0120: two regions"},
    {"@SRAM/0x20000000/01*128Ke", 1, 0x20000000, 0x20020000, "NumWorks N0110"},
    {"@External Flash /0x90000000/998*128Kg,1*128Kg,4*128Kg,21*128Ka", 1024, 0x90000000, 0x98000000, "SPRacing H7"},
    // Damaged
    {"@External Flash /0x90000000/111*8Kg,16*8Kg,1*8Kg,128*8Kg,0*8Ka", 256, 0x90000000, 0x90200000,
     "SPRacing H7: a group of nothing", 1},
    {"@Internal Flash  /0x08004000/00*002Ka,120*002Kg", 120, 0x08004000, 0x08040000, "Mooltipass: likewise", 1},
    {"@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg\xEC\xB1\x90\xC6\xA8\xE2\xB9\x94", 12, 0x08000000,
     0x08100000, "bigtreetech/BIGTREETECH-OCTOPUS-Pro#42: bytes that nobody set", 1},
};

TEST(RealMaps, EachIsReadToItsLastSector) {
  for (const Real& one : all) {
    std::string problem;
    const auto map = parse_memory_map(one.text, &problem);
    ASSERT_TRUE(map) << one.source << ": " << one.text << ": " << problem;
    ASSERT_FALSE(map->sectors.empty()) << one.text;
    EXPECT_EQ(map->sectors.size(), one.sectors) << one.source << ": " << one.text;
    EXPECT_EQ(hex_address(map->sectors.front().range.begin), hex_address(one.first)) << one.text;
    EXPECT_EQ(hex_address(map->sectors.back().range.end), hex_address(one.end)) << one.text;
    EXPECT_EQ(map->ignored.size(), one.ignored) << one.text << ": " << (map->ignored.empty() ? "" : map->ignored[0]);
  }
}

// What a unit may make of a string that it does not end, or a person of one that he copies.
TEST(RealMaps, DamageIsReadAroundAndSaid) {
  const auto read = [](const std::string& text) {
    const auto map = parse_memory_map(text);
    EXPECT_TRUE(map) << text;
    return map.value_or(MemoryMap{});
  };
  const std::string good = "@Internal Flash  /0x08000000/04*016Kg,01*064Kg";
  for (const std::string tail : {",", "/", ", ", " / ", "xyz", " STM32", "\x01\xFF", "/garbage", ",?"}) {
    const MemoryMap map = read(good + tail);
    EXPECT_EQ(map.sectors.size(), 5u) << tail;
    EXPECT_EQ(map.ignored.size(), 1u) << tail;
  }
  for (const std::string padding : {" ", "\n", "   ", "\x01"})
    EXPECT_TRUE(read(padding + good + padding).ignored.empty());
  EXPECT_TRUE(read(good + std::string(3, '\0')).ignored.empty());
  EXPECT_EQ(read("@X/0x08000000/04*016KG,01*064kg").sectors.size(), 5u) << "letters of either case";
  EXPECT_EQ(read("@X / 0X08000000 / 04 * 016 K g , 01 * 064 K g ").sectors.size(), 5u) << "blanks";
  for (const std::string kib : {"KB", "KiB", " KiB "}) {
    const MemoryMap map = read("@X/0x08000000/04*016" + kib + "g,01*064" + kib + "g");
    EXPECT_EQ(map.sectors.size(), 5u) << kib;
    EXPECT_TRUE(map.ignored.empty() && map.sectors.back().writable) << kib;
    EXPECT_EQ(map.sectors.back().range.end, 0x08020000u) << kib;
  }
  EXPECT_EQ(read("@X/0x08000000/04*016KB").sectors.front().writable, false) << "a type, and no byte";
  EXPECT_EQ(read("@X/0x08000000/1*1Kg,,1*1Kg").ignored.at(0), "an empty group and what follows it in its region");
  EXPECT_EQ(read("@X 1/2 /0x08000000/2*1Kg").name, "X 1/2") << "a name with a stroke";
  // A group whose rights are not clear is left out, and what follows is where it belongs.
  for (const std::string unclear : {"01*016K", "01*016Kz", "01*016Kgg", "01*016K?"}) {
    const MemoryMap map = read("@X/0x08000000/02*016Kg," + unclear + ",01*064Kg");
    ASSERT_EQ(map.sectors.size(), 3u) << unclear;
    EXPECT_EQ(map.sectors[2].range, (Range{0x0800C000, 0x0801C000})) << unclear;
    EXPECT_EQ(map.find(0x08008000), nullptr) << unclear;
  }
  // One whose size is not clear takes the rest of its region with it, and no more.
  for (const std::string unclear : {"x", "01", "01*", "*016Kg", "01*016", "01*016Q", "99999999999*1Kg"}) {
    const MemoryMap map = read("@X/0x08000000/02*016Kg," + unclear + ",01*064Kg/0x08100000/1*1Kg");
    ASSERT_EQ(map.sectors.size(), 3u) << unclear;
    EXPECT_EQ(map.sectors[2].range.begin, 0x08100000u) << unclear;
    EXPECT_EQ(map.ignored.size(), 1u) << unclear;
  }
  EXPECT_EQ(read("@X/0x08000000//0x08100000/1*1Kg").sectors.size(), 1u) << "a region of nothing";
  EXPECT_EQ(read("@X/0x123456789/1*1Kg/0x08100000/1*1Kg").sectors.size(), 1u) << "an address of no 32 bits";
  // Where two disagree, neither is believed.
  const MemoryMap twice = read("@X/0x0/4*1Kg/0x400/1*1Ka");
  ASSERT_EQ(twice.sectors.size(), 3u);
  EXPECT_EQ(twice.find(0x400), nullptr);
  EXPECT_EQ(read("@X/0x0/4*1Kg/0x400/1*1Kg").sectors.size(), 4u) << "said twice and alike";
}

}  // namespace
}  // namespace dfu
