#include "station/board/sockets.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace station::board {

namespace {

// Others wait in the kernel while every place is taken.
constexpr int backlog = 512;

struct Raw {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Raw raw_of(const Address& address) {
  Raw raw;
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&raw.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&raw.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    raw.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    raw.size = sizeof *v6;
  }
  return raw;
}

std::string text_of(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace

int listen_on(const Address& address) {
  const Raw raw = raw_of(address);
  if (raw.size == 0) {
    throw std::runtime_error("the board cannot listen on '" + address.host +
                             "': write an IP address of this machine, 127.0.0.1, or 0.0.0.0 for all of them");
  }
  const int descriptor = socket(raw.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1, off = 0;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (raw.storage.ss_family == AF_INET6) setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (descriptor >= 0 && bind(descriptor, reinterpret_cast<const sockaddr*>(&raw.storage), raw.size) == 0 &&
      listen(descriptor, backlog) == 0) {
    return descriptor;
  }
  const std::string reason = std::strerror(errno);
  if (descriptor >= 0) close(descriptor);
  throw std::runtime_error("the board cannot listen on " + to_string(address) + ": " + reason);
}

Address address_of(int listening) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(listening, address, &size) != 0) return {};
  const in_port_t port = address->sa_family == AF_INET ? reinterpret_cast<sockaddr_in*>(address)->sin_port
                                                       : reinterpret_cast<sockaddr_in6*>(address)->sin6_port;
  return {text_of(address), ntohs(port)};
}

std::string peer_name(const sockaddr* peer) {
  const std::string text = text_of(peer);
  constexpr std::string_view mapped = "::ffff:";
  return text.starts_with(mapped) ? text.substr(mapped.size()) : text;
}

}  // namespace station::board
