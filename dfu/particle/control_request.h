// One request by the protocol that Device OS speaks from 0.8.0-rc.2 on: INIT with the request's type, CHECK until it is
// done, RECV of its reply. A request without payload; nothing is sent. Source: docs/devices.md, "Asking a running
// system". Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "dfu/conversation.h"

namespace dfu::particle {

// Types of requests, and of the raw vendor requests before them.
enum class RequestType : std::uint16_t {
  device_id = 20,
  system_version = 30,
  dfu_mode = 50,
  listening_mode = 70,
  module_info = 90,
};

class ControlRequest {
 public:
  explicit ControlRequest(RequestType type) : type_(type) {}

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Once Finished. Refused: this firmware does not speak the protocol, or does not know the request.
  enum class End { done, refused, gone, no_answer, cancelled };
  End end() const { return end_; }
  const Bytes& reply() const { return reply_; }

 private:
  enum class Doing { init, check, pausing, receiving };

  Ask finish(End end);
  Ask check(Doing doing);
  Ask after_reply(const Bytes& data, Duration now);

  RequestType type_;
  Doing doing_ = Doing::init;
  std::uint16_t id_ = 0;
  Duration begun_{};
  End end_ = End::refused;
  Bytes reply_;
};

}  // namespace dfu::particle
