// What ST's ROM and plain DFU 1.1 units have in common: they answer the first GETSTATUS with dfuDNBUSY and a poll time
// that is true, work for that long, and tell the result with the next one. Who asks early waits: a chip that programs
// its flash fetches no code (docs/devices.md, "STM32 flash times"). An unexpected request is stalled and leads to
// dfuERROR (docs/devices.md, "DFU states").
#pragma once

#include "dfu/virtual/dfu_side.h"

namespace dfu::virt {

class BusyDfu : public DfuSide {
 public:
  Reaction handle(const Setup& setup, ByteView data, Flash& flash) final;
  Reaction refuse() override { return unexpected(); }
  void reopen() override;

 protected:
  struct Outcome {
    Status status = Status::ok;
    Duration takes{};
    std::optional<Departure> departure{};
  };

  explicit BusyDfu(std::uint16_t transfer_size) : transfer_size_(transfer_size) {}

  // DNLOAD of data in dfuIDLE or dfuDNLOAD-IDLE. False: it is unexpected.
  virtual bool accepts(std::uint16_t block, std::uint16_t length) const = 0;
  // Zero-length DNLOAD. False: it is unexpected.
  virtual bool accepts_end() const = 0;
  // UPLOAD in dfuIDLE or dfuUPLOAD-IDLE.
  virtual Reaction upload(const Setup& setup, const Flash& flash) = 0;
  // The work of `buffer()`, which came as block_.
  virtual Outcome carry_out(Flash& flash) = 0;
  // GETSTATUS in dfuMANIFEST-SYNC.
  virtual Reaction manifest(Flash& flash) = 0;
  // Back to dfuIDLE by ABORT.
  virtual void aborted() {}

  Reaction unexpected();
  Reaction error(Status status);
  // The data that waits, filled up with ones to whole words.
  Bytes words() const;
  const Bytes& buffer() const { return buffer_; }
  Reaction report_busy(State state, Duration takes);

 private:
  Reaction download(const Setup& setup, ByteView data);
  Reaction get_status(Flash& flash);
  Reaction clear_status();
  Reaction abort();

  const std::uint16_t transfer_size_;
  Bytes buffer_;
  Status result_ = Status::ok;
};

}  // namespace dfu::virt
