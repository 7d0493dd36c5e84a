#include "tests/usb/mock_clients.h"

#include <chrono>
#include <cstring>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace usb_mock {

namespace {

constexpr auto patience = std::chrono::seconds(10);

int listen_at(const std::string& path, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the temporary folder's name is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int file = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(file, 128) != 0) {
    throw std::runtime_error("cannot listen at " + path);
  }
  return file;
}

}  // namespace

Clients::Clients(std::filesystem::path root, FindNode find)
    : root_(std::move(root)), find_(std::move(find)), file_listener_(listen_at(root_ / "files", SOCK_SEQPACKET)) {
  if (pipe2(wake_, O_CLOEXEC) != 0) throw std::runtime_error("the mock kernel has no more descriptors");
  thread_ = std::thread([this] { listen(); });
}

Clients::~Clients() {
  for (const auto& program : programs_) program->thread.join();
  for (const auto& [path, file] : listeners_) close(file);
  for (const auto& [token, sockets] : file_sockets_) {
    if (sockets.submits >= 0) close(sockets.submits);
    if (sockets.completions >= 0) close(sockets.completions);
  }
  for (const int file : {file_listener_, wake_[0], wake_[1]}) close(file);
}

void Clients::hang_up() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (write(wake_[1], "", 1) == 1) thread_.join();
  for (const auto& program : programs_) program->session->hang_up();
}

// umockdev's library connects to a socket of the node's name when a program opens the node.
void Clients::open_door(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (listeners_.contains(path)) return;
  const std::string at = root_.string() + "/ioctl/" + path;
  std::filesystem::create_directories(std::filesystem::path(at).parent_path());
  listeners_[path] = listen_at(at, SOCK_STREAM);
  if (write(wake_[1], "", 1) != 1) throw std::runtime_error("the mock kernel cannot wake its own thread");
}

void Clients::device_left(const std::shared_ptr<Node>& node) {
  const std::lock_guard lock(mutex_);
  for (const auto& program : programs_) {
    if (program->node == node && !program->finished) program->session->device_left();
  }
}

void Clients::listen() {
  while (true) {
    std::vector<pollfd> files{{wake_[0], POLLIN, 0}, {file_listener_, POLLIN, 0}};
    std::vector<std::string> paths(2);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      for (const auto& [path, file] : listeners_) {
        files.push_back({file, POLLIN, 0});
        paths.push_back(path);
      }
    }
    if (poll(files.data(), files.size(), -1) < 0) continue;
    char byte = 0;
    if (files[0].revents != 0 && read(wake_[0], &byte, 1) != 1) return;
    if (files[1].revents != 0) accept_file_socket();
    for (std::size_t i = 2; i < files.size(); ++i) {
      if (files[i].revents != 0) accept_program(files[i].fd, paths[i]);
    }
  }
}

void Clients::accept_program(int listener, const std::string& path) {
  const int file = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (file < 0) return;
  auto program = std::make_unique<Program>();
  program->node = find_(path);
  program->session = std::make_shared<Session>(file, program->node);
  program->thread = std::thread([this, one = program.get()] {
    one->session->serve([this](std::uint64_t token) { return file_sockets(token); });
    one->finished = true;
  });
  const std::lock_guard lock(mutex_);
  for (const auto& old : programs_) {
    if (old->finished) old->thread.join();
  }
  programs_.remove_if([](const auto& old) { return !old->thread.joinable(); });
  programs_.push_back(std::move(program));
}

void Clients::accept_file_socket() {
  const int file = accept4(file_listener_, nullptr, nullptr, SOCK_CLOEXEC);
  Hello hello;
  if (file < 0) return;
  if (recv(file, &hello, sizeof hello, 0) != sizeof hello) {
    close(file);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    FileSockets& sockets = file_sockets_[hello.token];
    (hello.submits != 0 ? sockets.submits : sockets.completions) = file;
  }
  changed_.notify_all();
}

FileSockets Clients::file_sockets(std::uint64_t token) {
  const auto complete = [&] {
    const auto found = file_sockets_.find(token);
    return found != file_sockets_.end() && found->second.submits >= 0 && found->second.completions >= 0;
  };
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [&] { return stopping_ || complete(); });
  const FileSockets sockets = file_sockets_[token];
  file_sockets_.erase(token);
  return sockets;
}

}  // namespace usb_mock
