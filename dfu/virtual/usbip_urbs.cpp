#include "dfu/virtual/usbip_urbs.h"

#include <algorithm>

namespace dfu::virt::usbip {

namespace {

using namespace std::chrono_literals;

// Linux's driver for serial ports keeps 33 under way; a client that submits more than this is broken.
constexpr std::size_t most_urbs = 128;
// A unit that has something to say answers within a frame of 1 ms; then the others have their turn.
constexpr Duration poll_timeout = 2ms;
constexpr Duration poll_interval = 20ms;

// What Linux reads first, at address 0, and reads so at no other time: after the reset that begins an enumeration, and
// after each later one.
constexpr std::uint16_t first_look = 64;
constexpr std::uint8_t request_set_configuration = 9;

bool is_polled(const Transfer& transfer) {
  return transfer.endpoint != 0 && transfer.in();
}

}  // namespace

std::optional<Refused> UrbQueue::submit(Submit submit) {
  if (urbs_.size() >= most_urbs) return Refused{"more than " + std::to_string(most_urbs) + " transfers at a time"};
  if (find(submit.seqnum) != urbs_.end()) return Refused{"a number that another transfer has"};
  urbs_.push_back({std::move(submit)});
  return {};
}

bool UrbQueue::unlink(const Unlink& unlink) {
  const auto urb = find(unlink.target);
  if (urb == urbs_.end() || urb->unlinked_by) {
    reply(unlink_reply(unlink.seqnum, false));
    return false;
  }
  if (on_its_way(*urb)) {
    urb->unlinked_by = unlink.seqnum;
    return true;
  }
  urbs_.erase(urb);
  reply(unlink_reply(unlink.seqnum, true));
  return false;
}

std::deque<UrbQueue::Urb>::iterator UrbQueue::find(std::uint32_t seqnum) {
  return std::ranges::find_if(urbs_, [&](const Urb& urb) { return urb.submit.seqnum == seqnum; });
}

// An IN endpoint that is due for its question goes first, for it is soon done; each of them in its turn.
UrbQueue::Urb* UrbQueue::choose(Duration now) {
  const auto end = urbs_.end();
  if (now >= poll_at_) {
    auto polled = std::ranges::find_if(urbs_, [&](const Urb& urb) {
      return is_polled(urb.submit.transfer) && urb.submit.transfer.endpoint > last_polled_;
    });
    if (polled == end) {
      polled = std::ranges::find_if(urbs_, [](const Urb& urb) { return is_polled(urb.submit.transfer); });
    }
    if (polled != end) return &*polled;
  }
  const auto first = std::ranges::find_if(urbs_, [](const Urb& urb) { return !is_polled(urb.submit.transfer); });
  return first == end ? nullptr : &*first;
}

std::optional<UrbQueue::Next> UrbQueue::next(Duration now) {
  if (asked_) return {};
  Urb* urb = choose(now);
  if (!urb) return {};
  asked_ = urb->submit.seqnum;
  Next next{urb->submit.transfer, tells_reset(urb->submit.transfer.setup)};
  if (is_polled(next.transfer)) {
    next.transfer.timeout = poll_timeout;
    last_polled_ = next.transfer.endpoint;
  }
  return next;
}

bool UrbQueue::tells_reset(const Setup& setup) const {
  return configured_ && setup.request_type == 0x80 && setup.request == request_get_descriptor &&
         setup.value == descriptor_type_device << 8 && setup.length == first_look;
}

void UrbQueue::answered(TransferResult result, Duration now) {
  const auto urb = find(*asked_);
  asked_.reset();
  const Transfer& asked = urb->submit.transfer;
  const bool silent = is_polled(asked) && result.status == TransferStatus::timed_out;
  if (is_polled(asked)) poll_at_ = silent ? now + poll_interval : now;
  if (urb->unlinked_by && (silent || result.status == TransferStatus::cancelled)) {
    reply(unlink_reply(*urb->unlinked_by, true));
  } else if (silent) {
    return;  // it stays where it is
  } else {
    const bool to_device = asked.endpoint == 0 && asked.setup.request_type == 0;
    if (to_device && asked.setup.request == request_set_configuration) configured_ = true;
    reply(submit_reply(urb->submit, result));
    if (urb->unlinked_by) reply(unlink_reply(*urb->unlinked_by, false));
  }
  urbs_.erase(urb);
}

void UrbQueue::give_up() {
  for (const Urb& urb : urbs_) {
    reply(urb.unlinked_by ? unlink_reply(*urb.unlinked_by, true)
                          : submit_reply(urb.submit, {TransferStatus::gone, {}}));
  }
  urbs_.clear();
  asked_.reset();
}

std::optional<Duration> UrbQueue::next_at() const {
  if (asked_ || urbs_.empty()) return {};
  return poll_at_;
}

}  // namespace dfu::virt::usbip
