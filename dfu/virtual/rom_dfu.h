// The DFU of ST's ROM (DfuSe): commands in block 0, blocks from 2 on, errors in dfuERROR, read protection, mass erase.
// Source: docs/devices.md, "DfuSe commands", "DfuSe blocks and addresses", "Leaving DFU mode", "Read protection". Its
// leave jumps to where the address pointer stands.
#pragma once

#include <vector>

#include "dfu/virtual/busy_dfu.h"

namespace dfu::virt {

inline constexpr std::uint16_t rom_transfer_size = 2048;

class RomDfu : public BusyDfu {
 public:
  // One of its memories. REQUIRES: the flash that it is given for this alternate setting has this geometry, which
  // outlives it.
  struct Memory {
    std::uint8_t alternate = 0;
    const FlashGeometry* geometry = nullptr;
  };
  // REQUIRES: the first memory is the one that it starts from.
  RomDfu(bool read_protected, std::vector<Memory> memories, std::uint16_t transfer_size);

  Moment moment(const Setup& setup) const override;
  void start() override;

  std::uint32_t pointer() const { return pointer_; }
  bool read_protected() const { return protected_; }

 protected:
  bool accepts(std::uint16_t block, std::uint16_t length) const override;
  bool accepts_end() const override { return true; }
  Reaction upload(const Setup& setup, const Flash& flash) override;
  Outcome carry_out(Flash& flash) override;
  Reaction manifest(Flash& flash) override;

 private:
  Outcome command(Flash& flash);
  Outcome erase_all(Flash& flash);
  Outcome erase_sector(std::uint32_t address, Flash& flash);
  Outcome write(Flash& flash);
  std::uint32_t block_address(std::uint16_t block) const;
  Range data_at(std::uint16_t block, std::uint32_t size) const;
  // Of the alternate setting that is selected; null: there is nothing behind it.
  const FlashGeometry* geometry() const;
  bool in_flash(std::uint32_t address) const;

  std::vector<Memory> memories_;
  std::uint16_t transfer_size_;
  bool protected_;
  std::uint32_t pointer_ = 0;
};

}  // namespace dfu::virt
