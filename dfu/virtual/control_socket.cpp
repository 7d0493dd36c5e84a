#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dfu/virtual/control.h"

namespace dfu::virt {

namespace {

// Enough for one person and a few scripts; more clients are a mistake.
constexpr std::size_t most_clients = 16;
// No command is a tenth of this.
constexpr std::size_t longest_line = 1000;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  operator int() const { return number_; }

 private:
  int number_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::runtime_error("the control socket's path " + path + " is too long: the system takes " +
                             std::to_string(sizeof address.sun_path - 1) + " characters. Use a folder nearer the root");
  }
  path.copy(address.sun_path, path.size());
  return address;
}

int new_socket() {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// A socket at which nobody listens is removed.
void make_room(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) {
    throw std::runtime_error("the control socket cannot be made: " + path +
                             " is a file of another kind. Name another one with 'control' in [line]");
  }
  const Descriptor probe(new_socket());
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  if (connect(probe, target, sizeof address) != 0 && errno == ECONNREFUSED) {
    unlink(path.c_str());
    return;
  }
  throw std::runtime_error("another program serves the control socket " + path +
                           ". End it, or name another socket with 'control' in [line]");
}

Descriptor listen_at(const std::string& path) {
  const sockaddr_un address = address_of(path);
  make_room(path, address);
  Descriptor descriptor(new_socket());
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  if (descriptor < 0 || bind(descriptor, target, sizeof address) != 0 || listen(descriptor, most_clients) != 0) {
    throw std::runtime_error("the control socket " + path + " cannot be made: " + std::strerror(errno));
  }
  return descriptor;
}

struct Client {
  Descriptor descriptor;
  std::string said;  // the beginning of a line
};

// False: the client does not read its answers. It is not waited for.
bool answer(const Client& client, const std::string& text) {
  const std::string line = text + "\n";
  return send(client.descriptor, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
}

}  // namespace

struct ControlSocket::Impl {
  Impl(const std::string& socket_path, VirtualLine& the_line)
      : path(socket_path), line(the_line), listener(listen_at(path)), wake(eventfd(0, EFD_CLOEXEC)) {
    // The inode tells this socket from a file that another program puts at the same path later.
    lstat(path.c_str(), &bound);
    thread = std::jthread([this](std::stop_token stop) { serve(stop); });
  }

  ~Impl() {
    thread.request_stop();
    eventfd_write(wake, 1);
    thread.join();
    struct stat now {};
    if (lstat(path.c_str(), &now) == 0 && now.st_ino == bound.st_ino && now.st_dev == bound.st_dev) {
      unlink(path.c_str());
    }
  }

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> waited{{wake, POLLIN, 0}, {listener, POLLIN, 0}};
      for (const Client& client : clients) waited.push_back({client.descriptor, POLLIN, 0});
      if (poll(waited.data(), waited.size(), -1) < 0) continue;
      std::vector<Client> kept;
      for (std::size_t i = 0; i < clients.size(); ++i) {
        if (waited[i + 2].revents == 0 || hear(clients[i])) kept.push_back(std::move(clients[i]));
      }
      clients = std::move(kept);
      if (waited[1].revents != 0) welcome();
    }
  }

  void welcome() {
    Client client{Descriptor(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)), {}};
    if (client.descriptor < 0) {
      // Out of descriptors: clients keep trying to connect, and must not keep this thread spinning.
      constexpr int pause_ms = 100;
      pollfd woken{wake, POLLIN, 0};
      poll(&woken, 1, pause_ms);
      return;
    }
    if (clients.size() < most_clients) {
      clients.push_back(std::move(client));
    } else {
      answer(client, "error: too many programs are connected");
    }
  }

  // One read, so that a client that sends without end does not hold up the others. False: it has gone, or must be
  // disconnected.
  bool hear(Client& client) {
    char buffer[4096];
    const ssize_t got = recv(client.descriptor, buffer, sizeof buffer, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    client.said.append(buffer, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end; (end = client.said.find('\n', begin)) != std::string::npos; begin = end + 1) {
      if (!answer(client, obey(line, std::string_view(client.said).substr(begin, end - begin)))) return false;
    }
    client.said.erase(0, begin);
    if (client.said.size() <= longest_line) return true;
    answer(client, "error: this line is too long");
    return false;
  }

  const std::string path;
  VirtualLine& line;
  const Descriptor listener;
  const Descriptor wake;
  struct stat bound {};
  std::vector<Client> clients;  // of the thread
  std::jthread thread;
};

ControlSocket::ControlSocket(const std::string& path, VirtualLine& line) : impl_(std::make_unique<Impl>(path, line)) {}

ControlSocket::~ControlSocket() = default;

}  // namespace dfu::virt
