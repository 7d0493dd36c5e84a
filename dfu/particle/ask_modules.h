// The conversation that asks a running Particle unit for its modules, in the ways that its firmware may know: the
// request protocol, the raw vendor request, and the command `s` on its serial port in listening mode, which it leaves
// again. A unit that knows none of them, or is cut short, has said nothing, which is no fault here. Source:
// docs/devices.md, "Asking a running system". Pure.
#pragma once

#include <optional>
#include <string>

#include "dfu/conversation.h"
#include "dfu/fault.h"
#include "dfu/particle/control_request.h"
#include "dfu/particle/module_report.h"
#include "dfu/particle/serial_port.h"

namespace dfu::particle {

// REQUIRES: the unit is open in application mode, with both interfaces of its serial port claimed if it shows one.
class AskModules {
 public:
  explicit AskModules(const UnitInfo& unit);

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Once Finished: a fault, or what the unit said, or nothing.
  const std::optional<Fault>& fault() const { return fault_; }
  const std::optional<ModuleReport>& report() const { return report_; }

 private:
  enum class Doing { request, raw_request, raw_wait, raw_answer, listen, ready, command, reading, leaving };

  Ask raw_request();
  Ask wait_for_raw();
  Ask listen();
  Ask read();
  Ask leave();
  Ask next_way();
  Ask after_request(Duration now);
  Ask after_transfer(const TransferResult& result);
  Ask take_text(const Bytes& data);
  Ask stop(TransferStatus status);

  std::optional<SerialPort> serial_;
  Doing doing_ = Doing::request;
  ControlRequest request_{RequestType::module_info};
  int raw_asked_ = 0;
  int commands_ = 0;
  std::string text_;
  std::optional<Fault> fault_;
  std::optional<ModuleReport> report_;
};

}  // namespace dfu::particle
