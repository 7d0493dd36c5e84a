// Plain DFU 1.1: one image, block after block from number 0, wherever the unit wants it, then manifestation. Source:
// docs/devices.md, "DFU requests", "DFU states", "DFU functional descriptor", "Detach and reset". Each page is erased
// with the first block that reaches it. The last page is the bootloader's own: manifestation notes there how long the
// image is and its CRC-32, and a new download erases that.
#pragma once

#include "dfu/virtual/busy_dfu.h"
#include "dfu/virtual/line_spec.h"

namespace dfu::virt {

inline constexpr std::uint16_t plain_transfer_size = 1024;
// Where an image may lie.
Range plain_room();
// The bootloader finds a complete image that is as it was when it manifested.
bool plain_image_valid(const Flash& flash);
// Puts an image there as if it had been downloaded and manifested.
void plain_install(Flash& flash, ByteView image);

class PlainDfu : public BusyDfu {
 public:
  explicit PlainDfu(const UnitSpec& spec);

  Moment moment(const Setup& setup) const override;
  // dfuERROR with errFIRMWARE: there is nothing that could run.
  void complain();

 protected:
  bool accepts(std::uint16_t block, std::uint16_t length) const override;
  bool accepts_end() const override { return state_ == State::dnload_idle; }
  Reaction upload(const Setup& setup, const Flash& flash) override;
  Outcome carry_out(Flash& flash) override;
  Reaction manifest(Flash& flash) override;
  void aborted() override;

 private:
  const bool can_upload_;
  const bool tolerant_;
  const bool will_detach_;
  std::uint16_t next_block_ = 0;  // of the download or upload under way
  std::uint32_t done_ = 0;        // bytes of it so far
  bool manifested_ = false;
};

}  // namespace dfu::virt
