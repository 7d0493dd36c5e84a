// A client that says exactly what a test wants said, byte by byte, and keeps what comes back.
#pragma once

#include <cstdint>
#include <string>

namespace station::board {

class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool say(const std::string& bytes);
  // Until `text` has come, or the other end has closed; fails the test after a minute.
  std::string until(const std::string& text);
  std::string until_closed() { return until(""); }

 private:
  int descriptor_ = -1;
  std::string heard_;
};

// One request on a connection of its own: head and body of the answer.
std::string ask(std::uint16_t port, const std::string& request_line, const std::string& headers = "",
                const std::string& body = "");
int status_of(const std::string& answer);

}  // namespace station::board
