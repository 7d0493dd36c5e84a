// The few things that the USB/IP server asks of sockets. All are non-blocking, none raises a signal. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "dfu/bytes.h"

namespace dfu::virt::usbip {

// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// Throws std::runtime_error with a sentence for a person. Port 0: any that is free.
Socket listen_on(const std::string& host, std::uint16_t port);
std::uint16_t port_of(const Socket& listener);

struct Accepted {
  Socket socket;
  std::string peer;  // "127.0.0.1:40112"
};
// `failed`: not now, and asking again at once would not help.
enum class AcceptStatus { ok, nobody, failed };
AcceptStatus accept_from(const Socket& listener, Accepted& accepted);

// Appends what has come to `received`, at most `most` bytes. False: the other side has closed, or the connection broke.
bool receive_from(const Socket& socket, Bytes& received, std::size_t most);
// Takes from the front of `to_send` what could be sent. False: the connection broke.
bool send_to(const Socket& socket, Bytes& to_send);

}  // namespace dfu::virt::usbip
