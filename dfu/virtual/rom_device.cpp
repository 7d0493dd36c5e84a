// An STM32F405 whose BOOT0 is held so that ST's ROM starts. Its application has no USB: a unit that has left is not
// seen again until it is powered up again.
#include "dfu/virtual/device.h"
#include "dfu/virtual/rom_dfu.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// docs/devices.md, "Memory map strings", "Serial numbers and chip ids" name these strings.
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
      : id_(unit_id(spec)),
        boot0_(spec.starts != Starts::application),
        part_(spec.part),
        geometry_(geometry_of(spec)),
        transfer_size_(spec.transfer_size ? spec.transfer_size : rom_transfer_size),
        map_(std::make_shared<const std::string>(spec.map.empty() ? std::string(maps[0]) : spec.map)),
        beside_(spec.beside),
        dfu_(spec.read_protected, memories(), transfer_size_) {}

  std::unique_ptr<Device> clone() const override { return std::make_unique<RomDevice>(*this); }
  DfuSide& dfu() override { return dfu_; }
  const DfuSide& dfu() const override { return dfu_; }
  Flash flash(std::optional<Bytes> kept) const override {
    return kept ? Flash(std::move(*kept), geometry_) : Flash(geometry_);
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
  std::vector<RomDfu::Memory> memories() const;
  std::vector<std::string_view> names() const;

  const std::string id_;
  const bool boot0_;
  const std::shared_ptr<const FlashGeometry> part_;  // keeps what `geometry_` names
  const FlashGeometry& geometry_;
  const std::uint16_t transfer_size_;
  const std::shared_ptr<const std::string> map_;  // shared by copies, because faces look into it
  const std::vector<MemorySpec> beside_;
  RomDfu dfu_;
};

std::vector<RomDfu::Memory> RomDevice::memories() const {
  std::vector<RomDfu::Memory> all{{0, &geometry_}};
  for (const MemorySpec& one : beside_) all.push_back({one.alternate, one.part.get()});
  return all;
}

// Those of an STM32F405, each of them in its place unless the unit has another memory there.
std::vector<std::string_view> RomDevice::names() const {
  std::vector<std::string_view> all{*map_, maps[1], maps[2], maps[3]};
  for (const MemorySpec& one : beside_) {
    if (one.alternate >= all.size()) all.resize(one.alternate + 1u, "@Device Feature/0xFFFF0000/01*004 e");
    all[one.alternate] = one.map;
  }
  return all;
}

UsbFace RomDevice::face(const BootResult*) const {
  return {.id = {0x0483, 0xDF11},
          .release = 0x2200,
          .manufacturer = "STMicroelectronics",
          .product = "STM32  BOOTLOADER",
          .serial = short_serial(id_),
          .alternates = names(),
          .functional = FunctionalDescriptor{.can_download = true,
                                             .can_upload = true,
                                             .will_detach = true,
                                             .detach_timeout = 255ms,
                                             .transfer_size = transfer_size_,
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
