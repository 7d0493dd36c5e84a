// The flash of a unit: sectors, bits that programming can only clear, and the time that the chip needs for both.
// A value; the geometries are constants.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dfu/bytes.h"
#include "dfu/clock.h"

namespace dfu::virt {

struct FlashGeometry {
  struct Run {
    std::uint32_t count;
    std::uint32_t size;
    Duration erase;  // of one sector
  };
  Range range;
  std::span<const Run> runs;  // from the first address on
  Duration program_word{};    // 4 bytes
  Duration mass_erase{};
  // The chip programs so many bytes at once; where it has an error-correcting code over them, once after an erase.
  std::uint32_t granule = 4;
  bool once = false;

  std::optional<Range> sector(std::uint32_t address) const;
  Duration erase_time(Range sector) const;
};

// STM32F205 and F4 with 1 MiB, typical times at 3.3 V (docs/devices.md, "STM32 flash times", "Flash maps of Gen 2").
const FlashGeometry& stm32f2_flash();
// STM32F103 with 128 KiB in pages of 1 KiB (docs/devices.md, "Core", "STM32 flash times"); times from memory
// of its data sheet.
const FlashGeometry& stm32f1_flash();
// 256 KiB in pages of 4 KiB from address 0: the flash of the plain DFU 1.1 unit, which models no particular chip.
const FlashGeometry& plain_flash();

// A chip other than these. The caller must keep the geometry while a Flash uses it: a Flash only points to it.
std::shared_ptr<const FlashGeometry> make_geometry(std::uint32_t first, std::vector<FlashGeometry::Run> runs,
                                                   std::uint32_t granule);

class Flash {
 public:
  explicit Flash(const FlashGeometry& geometry = stm32f2_flash());  // blank
  // REQUIRES: as many bytes as the flash has.
  explicit Flash(Bytes bytes, const FlashGeometry& geometry = stm32f2_flash());

  const FlashGeometry& geometry() const { return *geometry_; }
  Range range() const { return geometry_->range; }
  const Bytes& bytes() const { return bytes_; }
  // REQUIRES: in the flash.
  ByteView view(Range part) const;
  std::uint8_t at(std::uint32_t address) const { return view({address, address + 1})[0]; }
  std::uint32_t word(std::uint32_t address) const { return le32(view({address, address + 4}), 0); }
  // Its bytes of [address, address + size); empty where there are none.
  Range part(std::uint32_t address, std::uint32_t size) const;

  void erase(Range sector);
  // One 32-bit word. False, and nothing done, where the chip raises an error: not aligned, or not in the flash.
  bool program(std::uint32_t address, std::uint32_t word);
  // The chip takes so many bytes there: see FlashGeometry::granule.
  bool may_program(std::uint32_t address, std::uint32_t size) const;
  // Sets bytes without the rules of programming, as a debugger or a power cut can.
  void place(std::uint32_t address, ByteView bytes);

 private:
  const FlashGeometry* geometry_;
  Bytes bytes_;
};

}  // namespace dfu::virt
