// The hand at a virtual line's control socket: says one command after the other to a running program.
#pragma once

#include <string>

namespace station {

class Hand {
 public:
  // Waits until the program has made its socket.
  explicit Hand(const std::string& path);
  ~Hand();
  Hand(const Hand&) = delete;
  Hand& operator=(const Hand&) = delete;

  // The answer, without the line end.
  std::string say(const std::string& command);

 private:
  int descriptor_ = -1;
};

}  // namespace station
