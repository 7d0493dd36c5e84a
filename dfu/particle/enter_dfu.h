// The conversation that sends a Particle unit from its application into DFU mode: the line speed 14400 on its serial
// port, set through endpoint 0 and again, because the unit does not listen in its first second; then, for firmware
// whose application keeps no serial port, the vendor requests. Source: docs/devices.md, "Entering DFU mode". Pure.
//
// A unit that obeys leaves the bus, which ends the conversation from outside or fails its next transfer; either is no
// fault. Whether it came back in DFU mode is seen on its port.
#pragma once

#include <optional>

#include "dfu/conversation.h"
#include "dfu/fault.h"
#include "dfu/particle/control_request.h"
#include "dfu/particle/serial_port.h"

namespace dfu::particle {

// REQUIRES: the unit is open, with the serial port's control interface claimed if it shows one.
class EnterDfu {
 public:
  explicit EnterDfu(const UnitInfo& unit);

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Once Finished: nothing if the unit went, or is going.
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  enum class Way { line_speed, raw_request, control_request };

  Ask touch();
  Ask pause();
  Ask again_or_next(Duration now);
  Ask next_way(Duration now);
  Ask after_transfer(TransferStatus status, Duration now);
  Ask after_request(Duration now);
  Ask refused(FaultCode code, const std::string& what);

  std::optional<SerialPort> serial_;
  Way way_ = Way::line_speed;
  bool pausing_ = false;
  bool answered_ = false;  // it did answer something
  int touches_ = 0;
  ControlRequest request_{RequestType::dfu_mode};
  std::optional<Fault> fault_;
};

}  // namespace dfu::particle
