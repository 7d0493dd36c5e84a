#include "dfu/particle/control_request.h"

#include <algorithm>

namespace dfu::particle {

namespace {

using namespace std::chrono_literals;

// docs/devices.md, "Asking a running system": vendor requests to the device, the service in bRequest.
enum Service : std::uint8_t { init = 1, check_done = 2, receive = 4 };
constexpr std::uint8_t vendor_in = 0xC0;
constexpr std::uint16_t service_reply_size = 64;
enum Flag : std::uint32_t { has_status = 1, has_id = 2, has_size = 4, has_result = 8 };
enum Status : std::uint16_t { ok = 0, pending = 2 };

constexpr Duration request_timeout = 1s;
constexpr Duration pause_between_checks = 50ms;
// The system thread answers when it comes to it: within a loop of its own, or when a connection attempt gives way.
constexpr Duration longest_pending = 5s;
// Far more than a list of modules has; what the unit names beyond is not asked for (usbfs takes 4096 at once).
constexpr std::uint32_t most_reply = 4096;

struct ServiceReply {
  std::uint16_t status = 0;
  std::optional<std::uint16_t> id;
  std::uint32_t size = 0;
  std::int32_t result = 0;
};

std::optional<ServiceReply> parse(ByteView data) {
  if (data.size() < 6) return {};
  const std::uint32_t flags = le32(data, 0);
  const std::size_t needs = 6 + (flags & has_id ? 2 : 0) + (flags & has_size ? 4 : 0) + (flags & has_result ? 4 : 0);
  if (!(flags & has_status) || data.size() < needs) return {};
  ServiceReply reply{le16(data, 4), {}, 0, 0};
  std::size_t at = 6;
  if (flags & has_id) {
    reply.id = le16(data, at);
    at += 2;
  }
  if (flags & has_size) {
    reply.size = le32(data, at);
    at += 4;
  }
  if (flags & has_result) reply.result = static_cast<std::int32_t>(le32(data, at));
  return reply;
}

Ask service(Service service, std::uint16_t index, std::uint16_t length) {
  return Submit{{{vendor_in, service, 0, index, length}, {}, request_timeout}};
}

}  // namespace

Ask ControlRequest::begin(Duration now) {
  begun_ = now;
  return service(init, static_cast<std::uint16_t>(type_), service_reply_size);
}

Ask ControlRequest::finish(End end) {
  end_ = end;
  return Finished{};
}

Ask ControlRequest::check(Doing doing) {
  doing_ = doing;
  if (doing == Doing::pausing) return Pause{pause_between_checks};
  return service(check_done, id_, service_reply_size);
}

Ask ControlRequest::answer(const Answer& answer, Duration now) {
  if (doing_ == Doing::pausing) return check(Doing::check);
  const TransferResult& result = std::get<TransferResult>(answer);
  switch (result.status) {
    case TransferStatus::ok:
      break;
    case TransferStatus::stall:
      return finish(End::refused);
    case TransferStatus::timed_out:
      return finish(End::no_answer);
    case TransferStatus::gone:
    case TransferStatus::io_error:
      return finish(End::gone);
    case TransferStatus::cancelled:
      return finish(End::cancelled);
  }
  if (doing_ == Doing::receiving) {
    reply_ = result.data;
    return finish(End::done);
  }
  return after_reply(result.data, now);
}

Ask ControlRequest::after_reply(const Bytes& data, Duration now) {
  const auto reply = parse(data);
  if (!reply) return finish(End::refused);
  if (doing_ == Doing::init) {
    if (reply->status != ok || !reply->id) return finish(End::refused);
    id_ = *reply->id;
    return check(Doing::check);
  }
  if (reply->status == pending) {
    return now - begun_ < longest_pending ? check(Doing::pausing) : finish(End::no_answer);
  }
  if (reply->status != ok || reply->result != 0) return finish(End::refused);
  if (reply->size == 0) return finish(End::done);
  doing_ = Doing::receiving;
  return service(receive, id_, static_cast<std::uint16_t>(std::min(reply->size, most_reply)));
}

}  // namespace dfu::particle
