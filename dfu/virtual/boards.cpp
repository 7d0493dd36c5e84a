#include "dfu/virtual/boards.h"

#include <algorithm>

namespace dfu::virt {

namespace {

constexpr std::string_view flash_map = "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg";
constexpr std::string_view dct_map = "@DCT Flash   /0x00000000/01*016Kg";

ParticleBoard photon() {
  return {.profile = "photon",
          .platform = 6,
          .dfu = {0x2B04, 0xD006},
          .application = {0x2B04, 0xC006},
          .dfu_product = "Photon DFU Mode",
          .product = "Photon",
          .maps = {flash_map, dct_map},
          .flash = &stm32f2_flash(),
          .protected_end = 0x08020000,
          .dct = {0, 0x4000},
          .dct_at = 0x08004000,
          .part1 = 0x08020000,
          .part2 = 0x08060000,
          .user = 0x080A0000,
          .factory = 0x080E0000};
}

// Old bootloaders of a P1 call themselves a Photon; only the product number tells (docs/devices.md, "Particle USB
// ids"). Its serial flash is an option of its bootloader: UnitSpec::beside.
ParticleBoard p1() {
  ParticleBoard board = photon();
  board.profile = "p1";
  board.platform = 8;
  board.dfu.product = 0xD008;
  board.application.product = 0xC008;
  board.product = "P1";
  return board;
}

// Its part 3 came with 0.6.0, module version 102; it has no bootloader test up to 2.x (docs/devices.md, "Flash maps of
// Gen 2", "Boot of a Photon").
ParticleBoard electron() {
  ParticleBoard board = photon();
  board.profile = "electron";
  board.platform = 10;
  board.dfu.product = 0xD00A;
  board.application.product = 0xC00A;
  board.dfu_product = "Electron DFU Mode";
  board.product = "Electron";
  board.part2 = 0x08040000;
  board.part3 = 0x08060000;
  board.user = 0x08080000;
  board.factory = 0x080A0000;
  board.part3_since = 102;
  board.tests_bootloader = false;
  return board;
}

// Its serial flash (alternate 1) is named but holds nothing here.
ParticleBoard core() {
  return {.profile = "core",
          .platform = 0,
          .dfu = {0x1D50, 0x607F},
          .application = {0x1D50, 0x607D},
          .dfu_product = "CORE DFU",
          .product = "Spark Core with WiFi",
          .transfer_size = 1024,
          .maps = {"@Internal Flash  /0x08000000/20*001Ka,108*001Kg", "@SPI Flash : SST25x/0x00000000/512*04Kg"},
          .flash = &stm32f1_flash(),
          .protected_end = 0x08005000,
          .user = 0x08005000,
          .has_generations = false};
}

const std::array<ParticleBoard, 4>& boards() {
  static const std::array<ParticleBoard, 4> all{photon(), p1(), electron(), core()};
  return all;
}

}  // namespace

const ParticleBoard* find_board(std::string_view profile) {
  const auto found =
      std::find_if(boards().begin(), boards().end(), [&](const ParticleBoard& one) { return one.profile == profile; });
  return found == boards().end() ? nullptr : &*found;
}

const ParticleBoard& photon_board() {
  return boards().front();
}

}  // namespace dfu::virt
