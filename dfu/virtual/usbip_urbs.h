// The URBs of one imported unit that have no answer yet: which goes to the unit next, and the reply to the client.
//
// The unit takes one transfer at a time, in the order of submission. Only IN transfers of other endpoints than 0 may
// have no answer for hours: the unit is asked now and then, one transfer per endpoint at a time, and in between
// everything else goes on. A port reset never comes over the wire; it is recognised by the requests that Linux sends
// next. A value without threads, sockets and clocks. Not thread-safe.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "dfu/virtual/usbip.h"

namespace dfu::virt::usbip {

class UrbQueue {
 public:
  // Refused when there are too many already.
  std::optional<Refused> submit(Submit submit);
  // True: the transfer on its way to the unit has to be cancelled. Its result is awaited all the same.
  bool unlink(const Unlink& unlink);

  struct Next {
    Transfer transfer;
    bool after_reset = false;  // the unit's port is to be reset first
  };
  // What the unit is to be asked now, if anything; `answered` must follow before the next one is given out.
  std::optional<Next> next(Duration now);
  void answered(TransferResult result, Duration now);
  // The unit has gone. Every URB is answered so, also the one on its way, for which no `answered` may follow. Linux
  // would wait for its answers as long as its drivers' timeouts say, connection or not.
  void give_up();
  // When `next` is worth asking again although nothing happens; nothing if never.
  std::optional<Duration> next_at() const;

  // The answers since the last call, as bytes for the client.
  Bytes take_replies() { return std::exchange(replies_, {}); }

 private:
  struct Urb {
    Submit submit;
    std::optional<std::uint32_t> unlinked_by{};
  };

  bool on_its_way(const Urb& urb) const { return asked_ && urb.submit.seqnum == *asked_; }
  std::deque<Urb>::iterator find(std::uint32_t seqnum);
  Urb* choose(Duration now);
  bool tells_reset(const Setup& setup) const;
  void reply(Bytes bytes) { replies_.insert(replies_.end(), bytes.begin(), bytes.end()); }

  std::deque<Urb> urbs_;                // in order of submission
  std::optional<std::uint32_t> asked_;  // the seqnum of the one that is on its way
  std::uint8_t last_polled_ = 0;        // endpoint
  Duration poll_at_{};
  bool configured_ = false;
  Bytes replies_;
};

}  // namespace dfu::virt::usbip
