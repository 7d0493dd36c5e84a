#include "dfu/virtual/usbip_socket.h"

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dfu::virt::usbip {

namespace {

constexpr int waiting_connections = 128;
// A client's machine that was switched off says nothing; its unit is free again after about 25 s.
constexpr int silence_before_probe = 10, probe_interval = 5, probes = 3;

void set_option(const Socket& socket, int level, int name, int value) {
  setsockopt(socket.descriptor(), level, name, &value, sizeof value);
}

std::string text_of(const sockaddr_storage& address, socklen_t length) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  const int error = getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host, sizeof host, port,
                                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
  return error != 0 ? "somebody" : std::string(host) + ":" + port;
}

std::string why_not(const std::string& host, std::uint16_t port, int error) {
  const std::string place = "port " + std::to_string(port) + " of " + host;
  if (error == EADDRINUSE) {
    return place +
           " is taken by another program, perhaps by usbipd or by another 'flashline virtual'. Stop that one, "
           "or name another port with --listen " +
           host + ":" + std::to_string(port + 1) + ".";
  }
  if (error == EACCES) return place + " needs rights that this user does not have. Name one above 1023 with --listen.";
  if (error == EADDRNOTAVAIL) return host + " is not an address of this machine. Name one that is with --listen.";
  return place + " cannot be listened on: " + std::generic_category().message(error) + ".";
}

// Listening, or the error that it failed with.
Socket try_listen(const addrinfo& address, int& error) {
  Socket socket(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  if (socket.descriptor() < 0) {
    error = errno;
    return socket;
  }
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);  // connections of a server that has ended do not hold its port
  const bool listens = bind(socket.descriptor(), address.ai_addr, address.ai_addrlen) == 0 &&
                       listen(socket.descriptor(), waiting_connections) == 0;
  error = listens ? 0 : errno;
  return socket;
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) close(descriptor_);
}

Socket listen_on(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found)) {
    throw std::runtime_error("'" + host + "' is not an address to listen on: " + gai_strerror(error) +
                             ". Write --listen 127.0.0.1:3240.");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  int error = 0;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    Socket socket = try_listen(*each, error);
    if (error == 0) return socket;
  }
  throw std::runtime_error(why_not(host, port, error));
}

std::uint16_t port_of(const Socket& listener) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(listener.descriptor(), reinterpret_cast<sockaddr*>(&address), &length);
  // The port stands at the same place for both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

AcceptStatus accept_from(const Socket& listener, Accepted& accepted) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  Socket socket(
      accept4(listener.descriptor(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.descriptor() < 0) {
    const bool again = errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR;
    return again ? AcceptStatus::nobody : AcceptStatus::failed;
  }
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);  // each answer is waited for
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, silence_before_probe);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, probe_interval);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, probes);
  accepted = {std::move(socket), text_of(address, length)};
  return AcceptStatus::ok;
}

bool receive_from(const Socket& socket, Bytes& received, std::size_t most) {
  const std::size_t before = received.size();
  received.resize(before + most);
  const ssize_t count = recv(socket.descriptor(), received.data() + before, most, 0);
  const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
  received.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return count > 0 || later;
}

bool send_to(const Socket& socket, Bytes& to_send) {
  const ssize_t count = send(socket.descriptor(), to_send.data(), to_send.size(), MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  to_send.erase(to_send.begin(), to_send.begin() + count);
  return true;
}

}  // namespace dfu::virt::usbip
