// The DFU class of a Photon's bootloader: states, commands, flash work. Requests in, reactions out; no time of its own.
// It works as ST's device library does: a command or block is carried out inside the GETSTATUS that follows it.
// Source: facts/dfu.md 1.3, 2.1-2.3, 4.0-4.2. A value; not thread-safe.
#pragma once

#include <optional>

#include "dfu/protocol.h"
#include "dfu/virtual/faults.h"
#include "dfu/virtual/flash.h"
#include "dfu/virtual/generations.h"
#include "dfu/virtual/reaction.h"

namespace dfu::virt {

struct WorkCount {
  std::uint32_t erases = 0;
  std::uint32_t words = 0;  // programmed, 4 bytes each
};

class PhotonDfu {
 public:
  // `way_out`: what a host sees when this unit drops inside its leave request; differs between units.
  PhotonDfu(const PhotonGeneration& generation, TransferStatus way_out);

  State state() const { return state_; }
  Status status() const { return status_; }

  // What this request would be, for the faults; `request` and `block` are left to the caller.
  Moment moment(const Setup& setup) const;

  // A class request to the DFU interface. REQUIRES: `data` holds setup.length bytes if it goes out.
  Reaction handle(const Setup& setup, ByteView data, Flash& flash);
  // The request is refused and nothing is done. Refused work is gone, as after a failed write.
  Reaction refuse();
  // It goes to dfuERROR with this status instead of doing what was asked.
  Reaction fail(const Setup& setup, Status status);

  // The bootloader starts in DFU mode: everything as new but the counts.
  void start();
  // Bus reset or SET_CONFIGURATION: back to dfuIDLE; the address pointer stays.
  void reopen();
  void select(std::uint8_t alternate) { alternate_ = alternate; }
  std::uint8_t alternate() const { return alternate_; }

  const WorkCount& work() const { return work_; }
  // The last transfer is over: its work can no longer be cut short.
  void settle() { undo_.reset(); }
  // Power fails this long after the work inside the last transfer began: what was not done by then is not done.
  void cut_work(Duration into, Flash& flash);

 private:
  enum class Memory { flash, dct, none };
  struct Undo {  // of the work inside the last transfer
    std::uint32_t address = 0;
    Bytes before;
    Duration takes{};
    bool erase = false;
  };

  Reaction download(const Setup& setup, ByteView data);
  Reaction upload(const Setup& setup, const Flash& flash);
  Reaction get_status(Flash& flash);
  Reaction clear_status();
  Reaction abort();
  Reaction detach();

  bool carry_out(Flash& flash, Duration& takes);
  bool erase(std::uint32_t address, Flash& flash, Duration& takes);
  bool write(std::uint32_t address, Flash& flash, Duration& takes);
  bool write_dct(std::uint32_t offset, Flash& flash, Duration& takes);
  Memory memory(std::uint32_t address) const;
  bool dct_code(const Flash& flash) const;
  std::uint32_t block_address(std::uint16_t block) const;
  bool command_pending(std::uint8_t command) const;
  Bytes report() const;

  const PhotonGeneration* generation_;
  TransferStatus way_out_;
  State state_ = State::dfu_idle;
  Status status_ = Status::ok;
  std::chrono::milliseconds poll_{};
  std::uint8_t alternate_ = 0;
  std::uint32_t pointer_ = 0x08000000;
  std::uint16_t block_ = 0;    // of the transfer that waits to be carried out
  std::uint32_t pending_ = 0;  // its length; 0: none waits
  Bytes buffer_;               // the transfer buffer, with whatever was in it last
  WorkCount work_;
  std::optional<Undo> undo_;
};

}  // namespace dfu::virt
