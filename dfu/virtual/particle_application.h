// What the system firmware of a Particle board says over USB while an application runs: the serial port and its
// listening mode, and the vendor requests in the three forms that they had over the years. Everything is computed from
// the unit's own flash. Source: docs/devices.md, "Entering DFU mode", "Asking a running system". Shares no rule with
// dfu/particle. Not thread-safe; a value.
#pragma once

#include <optional>
#include <string>

#include "dfu/virtual/boards.h"
#include "dfu/virtual/device.h"

namespace dfu::virt {

class ParticleApplication {
 public:
  ParticleApplication(const ParticleBoard& board, std::string id) : board_(&board), id_(std::move(id)) {}

  // It has been started: everything as new.
  void start();
  Reaction control(const Setup& setup, ByteView data, const Running& running);
  Reaction bulk(std::uint8_t endpoint, ByteView data, std::size_t most, const Running& running);

  // It was asked for DFU mode; asked once.
  bool take_dfu_request();

 private:
  struct Request {  // by the control request protocol
    std::uint16_t type = 0;
    bool looked_at = false;
    std::string reply;
  };

  Reaction serial_port(const Setup& setup, ByteView data, const Running& running);
  Reaction raw_request(const Setup& setup, const Running& running);
  Reaction raw_answer(const Setup& setup, const Running& running);
  Reaction service(const Setup& setup, const Running& running);
  Reaction to_dfu();
  std::optional<std::string> reply_to(std::uint16_t type, const Running& running) const;
  void console(char command, const Running& running);
  std::string modules_json(const Running& running) const;
  std::string modules_protobuf(const Running& running) const;

  const ParticleBoard* board_;
  std::string id_;
  Bytes line_coding_{0x80, 0x25, 0, 0, 0, 0, 8};
  bool dfu_requested_ = false;
  bool listening_ = false;
  std::string output_;                // of the serial port, not read yet
  std::optional<std::string> ready_;  // the answer to a raw request for modules
  std::optional<Request> request_;
};

}  // namespace dfu::virt
