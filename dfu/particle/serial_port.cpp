#include "dfu/particle/serial_port.h"

#include <algorithm>

#include "dfu/protocol.h"

namespace dfu::particle {

namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t communications_class = 2, abstract_control = 2, data_class = 0x0A;
constexpr std::uint8_t set_line_coding = 0x20, set_control_lines = 0x22;
constexpr std::uint16_t ready_and_request_to_send = 3;
constexpr Duration request_timeout = 1s;

}  // namespace

std::optional<SerialPort> serial_port(const UnitInfo& unit) {
  std::optional<SerialPort> port;
  for (const AltSetting& one : unit.configuration.alternates) {
    if (port || one.interface_class != communications_class || one.interface_subclass != abstract_control) continue;
    port.emplace();
    port->control = one.interface_number;
  }
  if (!port) return {};
  for (const AltSetting& one : unit.configuration.alternates) {
    if (one.interface_class != data_class || one.alternate != 0) continue;
    for (const Endpoint& end : unit.configuration.endpoints) {
      if (end.interface_number != one.interface_number || end.alternate != 0 || !end.bulk()) continue;
      port->data = one.interface_number;
      (end.in() ? port->in : port->out) = end.address;
    }
  }
  return port;
}

Transfer line_speed(const SerialPort& port, std::uint32_t speed) {
  Bytes coding;
  append_le32(coding, speed);
  for (const std::uint8_t byte : {0, 0, 8}) coding.push_back(byte);
  const Setup setup{request_type_out, set_line_coding, 0, port.control, static_cast<std::uint16_t>(coding.size())};
  return {setup, std::move(coding), request_timeout};
}

Transfer terminal_ready(const SerialPort& port) {
  return {{request_type_out, set_control_lines, ready_and_request_to_send, port.control, 0}, {}, request_timeout};
}

Transfer send_text(const SerialPort& port, std::string_view text) {
  Setup setup;
  setup.length = static_cast<std::uint16_t>(text.size());
  return {setup, Bytes(text.begin(), text.end()), request_timeout, port.out};
}

Transfer read_text(const SerialPort& port, std::uint16_t most) {
  Setup setup;
  setup.length = most;
  return {setup, {}, request_timeout, port.in};
}

}  // namespace dfu::particle
