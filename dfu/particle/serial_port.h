// The serial port (CDC) that a Particle unit shows while its application runs: where it is, and what may be asked of it
// without a tty, which would keep its line speed for the next unit. Source: docs/devices.md, "Entering DFU mode". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dfu/bus.h"

namespace dfu::particle {

struct SerialPort {
  std::uint8_t control = 0;  // interface that takes the line speed
  std::uint8_t data = 0;     // interface of the two endpoints; 0 for the address of either: the unit shows none
  std::uint8_t out = 0;
  std::uint8_t in = 0;
};

// Nothing if the unit shows none.
std::optional<SerialPort> serial_port(const UnitInfo& unit);

// Through endpoint 0: this speed, 8 data bits, no parity, one stop bit.
Transfer line_speed(const SerialPort& port, std::uint32_t speed);
// Through endpoint 0: a terminal is there. Without it nothing is sent.
Transfer terminal_ready(const SerialPort& port);
Transfer send_text(const SerialPort& port, std::string_view text);
// What has come, at most `most` bytes; times out when nothing does.
Transfer read_text(const SerialPort& port, std::uint16_t most);

}  // namespace dfu::particle
