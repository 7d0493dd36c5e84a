// Serves the units of a bus over USB/IP, so that a Linux host with vhci-hcd has them as its own. A unit is listed and
// can be imported while it is on the bus and nobody else has it; when it leaves, the connection of the client that
// imported it is closed, and once it is back it is listed again, as what it has become.
//
// Owns one thread, which speaks to the sockets and to the bus. The bus must outlive `stop`; it may still call back
// afterwards, which has no effect. Clients are not trusted: what one of them sends, or does not read, affects its own
// connection only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dfu/bus.h"

namespace dfu::virt::usbip {

class Server {
 public:
  struct Settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any that is free
    // Within which a client must send its request and read the answer.
    Duration opening_time = std::chrono::seconds(5);
    std::function<void(const std::string& line)> note{};  // what happens, for a person; from the server's thread
  };

  // Starts the bus and listens. Throws std::runtime_error with a sentence for a person when it cannot.
  Server(Bus& bus, Settings settings);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  // Closes every connection; from then on nobody asks anything of the bus.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dfu::virt::usbip
