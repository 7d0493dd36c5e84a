// The hand at a virtual line's control socket: says one command after the other to a running program.
#pragma once

#include <string>

namespace station {

class ControlClient {
 public:
  // Waits until the program has made its socket.
  explicit ControlClient(const std::string& path);
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  // The answer, without the line end.
  std::string say(const std::string& command);

 private:
  int descriptor_ = -1;
};

}  // namespace station
