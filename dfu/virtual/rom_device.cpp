// An STM32F405 whose BOOT0 is held so that ST's ROM starts. Its application has no USB: a unit that has left is not
// seen again until its power comes anew.
#include "dfu/virtual/device.h"
#include "dfu/virtual/rom_dfu.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// facts/dfu.md 2.4, 7.2 name these strings.
constexpr std::string_view maps[] = {
    "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg",
    "@Option Bytes  /0x1FFFC000/01*016 e",
    "@OTP Memory /0x1FFF7800/01*512 e,01*016 e",
    "@Device Feature/0xFFFF0000/01*004 e",
};

// A vector table whose stack is in RAM and whose first instruction, in Thumb code, is in the flash.
bool runs_at(const Flash& flash, std::uint32_t address) {
  if (flash.part(address, 8).size() != 8 || address % 4 != 0) return false;
  const std::uint32_t stack = flash.word(address), start = flash.word(address + 4);
  constexpr Range ram{0x20000000, 0x20020000};
  return stack > ram.begin && stack <= ram.end && start % 2 == 1 && flash.range().contains(start);
}

class RomDevice : public Device {
 public:
  explicit RomDevice(const UnitSpec& spec)
      : id_(unit_id(spec)), boot0_(spec.starts != Starts::application), dfu_(spec.read_protected) {}

  std::unique_ptr<Device> clone() const override { return std::make_unique<RomDevice>(*this); }
  DfuSide& dfu() override { return dfu_; }
  const DfuSide& dfu() const override { return dfu_; }
  Flash flash(std::optional<Bytes> kept) const override {
    return kept ? Flash(std::move(*kept), stm32f2_flash()) : Flash(stm32f2_flash());
  }
  UsbFace face(const BootResult*) const override;
  BootResult boot(Flash& flash) override;
  bool application_on_bus() const override { return false; }
  Reaction application(const Setup&, ByteView, const Running&) override { return refusal(); }
  AfterReset bus_reset(bool, const Flash&) override {
    dfu_.reopen();
    return AfterReset::stays;
  }

 private:
  const std::string id_;
  const bool boot0_;
  RomDfu dfu_;
};

UsbFace RomDevice::face(const BootResult*) const {
  return {.id = {0x0483, 0xDF11},
          .release = 0x2200,
          .manufacturer = "STMicroelectronics",
          .product = "STM32  BOOTLOADER",
          .serial = short_serial(id_),
          .alternates = {std::begin(maps), std::end(maps)},
          .functional = FunctionalDescriptor{.can_download = true,
                                             .can_upload = true,
                                             .will_detach = true,
                                             .detach_timeout = 255ms,
                                             .transfer_size = rom_transfer_size,
                                             .version = 0x011A}};
}

BootResult RomDevice::boot(Flash& flash) {
  const bool leaves = dfu_.state() == State::manifest;
  const std::uint32_t at = leaves ? dfu_.pointer() : flash.range().begin;
  const bool runs = runs_at(flash, at);
  if ((leaves || !boot0_) && runs) {
    return {.outcome = BootOutcome::application, .reason = "the program at " + hex_address(at) + " runs"};
  }
  if (!boot0_) return {.outcome = BootOutcome::crash, .reason = "there is no program at " + hex_address(at)};
  return {.outcome = BootOutcome::dfu,
          .reason = leaves ? "there is no program at " + hex_address(at) + ": the chip resets into its ROM"
                           : "BOOT0 is held: the chip starts its ROM",
          .takes = dfu_start()};
}

}  // namespace

std::unique_ptr<Device> make_rom_device(const UnitSpec& spec) {
  return std::make_unique<RomDevice>(spec);
}

}  // namespace dfu::virt
