// The DFU class of a Particle bootloader: states, commands, flash work. It works as ST's device library does: a command
// or block is carried out inside the GETSTATUS that follows it. Source: docs/devices.md, "DFU states", "DfuSe
// commands", "DfuSe blocks and addresses", "Leaving DFU mode", "Photon bootloader generations", "Stalls".
#pragma once

#include "dfu/virtual/boards.h"
#include "dfu/virtual/dfu_side.h"
#include "dfu/virtual/generations.h"

namespace dfu::virt {

class ParticleDfu : public DfuSide {
 public:
  // `serial_flash`: of a P1 whose alternate setting 2 shows it; outlives this. `way_out`: what a host sees when this
  // unit drops inside its leave request; differs between units.
  ParticleDfu(const ParticleBoard& board, const PhotonGeneration& generation, const FlashGeometry* serial_flash,
              TransferStatus way_out);

  Moment moment(const Setup& setup) const override;
  Reaction handle(const Setup& setup, ByteView data, Flash& flash) override;
  void start() override;

 private:
  enum class Memory { flash, dct, serial_flash, none };

  Reaction download(const Setup& setup, ByteView data);
  Reaction upload(const Setup& setup, const Flash& flash);
  Reaction get_status(Flash& flash);
  Reaction leave();
  Reaction clear_status();
  Reaction abort();
  Reaction detach();
  Bytes read(std::uint32_t address, std::uint32_t size, const Flash& flash) const;

  bool carry_out(Flash& flash, Duration& takes);
  bool erase_sector(std::uint32_t address, Flash& flash, Duration& takes);
  bool write(std::uint32_t address, Flash& flash, Duration& takes);
  bool write_dct(std::uint32_t offset, Flash& flash, Duration& takes);
  Memory memory(std::uint32_t address) const;
  bool may_change(std::uint32_t address) const;
  bool dct_code(const Flash& flash) const;
  std::uint32_t block_address(std::uint16_t block) const;
  bool command_pending(std::uint8_t command) const;

  const ParticleBoard* board_;
  const PhotonGeneration* generation_;
  const FlashGeometry* serial_flash_;
  TransferStatus way_out_;
  std::uint32_t pointer_ = 0;
  Bytes buffer_;  // the transfer buffer, with whatever was in it last
};

}  // namespace dfu::virt
