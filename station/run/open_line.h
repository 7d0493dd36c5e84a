// The line that a command line names, opened: what is behind --line is known here and nowhere else.
// Belongs to the main thread. An opened line makes threads of its own but announces nothing before its bus is started.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "dfu/bus.h"
#include "dfu/hubs.h"
#include "dfu/virtual/control.h"
#include "scheduler/clocks.h"
#include "station/exit_status.h"
#include "station/run/line_lock.h"
#include "station/run/line_options.h"

namespace station {

enum class LineUse {
  look,  // what is there now
  work,  // units may come and go: a virtual line takes commands from outside, if its file says where
  part,  // likewise, on chosen ports only: others may work on other ones
};

struct OpenedLine {
  LineLock lock;                     // of who works on it; none for who looks
  std::string description;           // "virtual, 8 units behind 2 hubs, speed 1"
  double speed = 1.0;                // the clock's
  std::vector<dfu::PortPath> ports;  // where the units of a virtual line have their places
  std::unique_ptr<scheduler::RealClock> clock;
  std::unique_ptr<dfu::Bus> bus;                      // goes before the clock, whose time it asks for
  dfu::Hubs* hubs = nullptr;                          // the bus by its other name
  std::unique_ptr<dfu::virt::ControlSocket> control;  // goes before the bus it acts on; null: no commands from outside
  // Writes the flash of virtual units to their files. Returns a sentence for each file that could not be written.
  // REQUIRES: the bus is there.
  std::function<std::vector<std::string>()> save;
};

// What is wrong has been said on stderr.
std::variant<OpenedLine, ExitStatus> open_line(const LineOptions& options, LineUse use);

}  // namespace station
