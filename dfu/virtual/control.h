// Commands to a virtual line from outside the program, for training, demonstrations and tests of the whole
// station: a Unix socket that takes a command a line and answers each, in order, with a line: "ok" or "error: ...".
//
//   plug PORT                      the unit that lives at PORT comes back to it, as it was when it went
//   pull PORT                      its cable is pulled
//   fresh PORT                     a new unit from the tray is plugged in at PORT: blank, with another id and the
//                                  faults of the line file again. The one before is gone for good; what stays is a file
//   plug HUB, pull HUB             a hub's own cable, with all that is behind it; starts = "absent" for one that is not
//                                  there at first
//   fault PORT KIND AT [TIMES]     a fault to come, as in the line file: fault 1-1.2 hang block:40
//
// PORT is one that the line file has a [[unit]] for, with starts = "absent" for a place that is empty at first.
// Try it: socat - UNIX-CONNECT:line.ctl
//
// One thread of its own, which never waits for a client: one that does not read its answers, or sends no line end, is
// disconnected. The line must outlive the socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dfu/virtual/line.h"

namespace dfu::virt {

// Carries out one command and says what is to be answered, without the line end.
std::string obey(VirtualLine& line, std::string_view command);

class ControlSocket {
 public:
  // A socket that a program left behind is replaced. Throws std::runtime_error with a sentence for a person: a program
  // still listens there, a file that is no socket, a folder that is not there, a name that is too long.
  ControlSocket(const std::string& path, VirtualLine& line);
  ~ControlSocket();  // no command is carried out from then on; removes the socket

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dfu::virt
