// How a unit in DFU mode speaks: DFU class requests in, reactions out; no time of its own. One class per family stands
// behind this interface (ParticleDfu, RomDfu, PlainDfu); here is what they share: state, status, counts, and the work
// that a power cut can spoil. Not thread-safe.
#pragma once

#include <optional>

#include "dfu/protocol.h"
#include "dfu/virtual/faults.h"
#include "dfu/virtual/flash.h"
#include "dfu/virtual/reaction.h"

namespace dfu::virt {

struct WorkCount {
  std::uint32_t erases = 0;
  std::uint32_t words = 0;  // programmed, 4 bytes each
};

bool is_class_request(const Setup& setup, Request request);

class DfuSide {
 public:
  virtual ~DfuSide() = default;

  State state() const { return state_; }
  Status status() const { return status_; }
  std::uint8_t alternate() const { return alternate_; }
  const WorkCount& work() const { return work_; }

  // What this request would be, for the faults; `request` and `block` are left to the caller.
  virtual Moment moment(const Setup& setup) const = 0;
  // A class request to the DFU interface. REQUIRES: `data` holds setup.length bytes if it goes out.
  virtual Reaction handle(const Setup& setup, ByteView data, Flash& flash) = 0;
  // The request is refused and nothing is done. Refused work is gone, as after a failed write.
  virtual Reaction refuse();
  // It goes to dfuERROR with this status instead of doing what was asked.
  Reaction fail(const Setup& setup, Status status);

  // DFU mode begins: everything as new but the counts.
  virtual void start();
  // Bus reset or SET_CONFIGURATION: back to dfuIDLE; the address pointer stays.
  virtual void reopen();
  void select(std::uint8_t alternate) { alternate_ = alternate; }

  // The last transfer is over: its work can no longer be cut short.
  void settle() { undo_.reset(); }
  // Power fails this long after the work inside the last transfer began: what was not done by then is not done.
  void cut_work(Duration into, Flash& flash);

 protected:
  // Each remembers what was there, for cut_work. Of several erases in one transfer only the last can be cut short.
  Duration erase(Range sectors, Duration time, Flash& flash);
  // Words that the chip refuses are counted too. False if there was one.
  bool program(std::uint32_t address, ByteView words, int rounds, Flash& flash, Duration& takes);
  // The six bytes of GETSTATUS.
  Bytes report() const;

  State state_ = State::dfu_idle;
  Status status_ = Status::ok;
  std::chrono::milliseconds poll_{};
  std::uint8_t alternate_ = 0;
  std::uint16_t block_ = 0;    // of the transfer that waits to be carried out
  std::uint32_t pending_ = 0;  // its length; 0: none waits

 private:
  struct Undo {  // of the work inside the last transfer
    std::uint32_t address = 0;
    Bytes before;
    Duration takes{};
    bool erase = false;
  };

  WorkCount work_;
  std::optional<Undo> undo_;
};

}  // namespace dfu::virt
