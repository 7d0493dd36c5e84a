// The flash of an STM32F205: 1 MiB at 0x08000000, twelve sectors, bits that programming can only clear, and the time
// that the chip needs (typical, 32-bit parallelism). Source: facts/dfu.md 4.6, facts/particle.md 4. A value.
#pragma once

#include <optional>

#include "dfu/bytes.h"
#include "dfu/clock.h"

namespace dfu::virt {

class Flash {
 public:
  static constexpr Range range{0x08000000, 0x08100000};
  static constexpr Duration program_word = std::chrono::microseconds(16);

  Flash();  // blank
  // REQUIRES: as many bytes as the flash has.
  explicit Flash(Bytes bytes);

  const Bytes& bytes() const { return bytes_; }
  // REQUIRES: in the flash.
  ByteView view(Range part) const;
  std::uint8_t at(std::uint32_t address) const { return view({address, address + 1})[0]; }
  std::uint32_t word(std::uint32_t address) const { return le32(view({address, address + 4}), 0); }

  static std::optional<Range> sector(std::uint32_t address);
  static Duration erase_time(Range sector);

  void erase(Range sector);
  // One 32-bit word. False, and nothing done, where the chip raises an error: not aligned, or not in the flash.
  bool program(std::uint32_t address, std::uint32_t word);
  // What no program does: bytes as a debugger, a cosmic ray or a power cut leaves them.
  void place(std::uint32_t address, ByteView bytes);

 private:
  Bytes bytes_;
};

}  // namespace dfu::virt
