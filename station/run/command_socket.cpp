#include "station/run/command_socket.h"

#include <QCoreApplication>
#include <QMetaObject>
#include <QSocketNotifier>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace station {

namespace {

constexpr std::size_t most_clients = 8;     // a person and a script or two
constexpr std::size_t longest_line = 4096;  // a place, a name and a reason
constexpr timeval longest_wait{10, 0};      // a disk that is busy holds the record up for seconds

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  path.copy(address.sun_path, path.size());
  return address;
}

bool connects(int socket, const sockaddr_un& address) {
  return connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Nobody listens there. A file that is no socket stays.
bool is_left_over(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const bool over = !connects(probe, address) && errno == ECONNREFUSED;
  close(probe);
  return over;
}

}  // namespace

std::string command_socket_of(const std::string& database) {
  return database + ".line";
}

struct CommandSocket::Impl : std::enable_shared_from_this<Impl> {
  struct Client {
    int descriptor;
    std::string said{};  // the beginning of a line
    std::unique_ptr<QSocketNotifier> notifier{};
  };

  void listen_at(const std::string& database);
  void welcome();
  void hear(int number);
  void answer(int number, const std::string& line);
  void drop(int number);

  Obey obey;
  std::string path;
  std::string problem;
  struct stat bound {};
  int listener = -1;
  std::unique_ptr<QSocketNotifier> notifier;
  std::map<int, Client> clients;  // by a number that is never used again
  int next = 0;
};

void CommandSocket::Impl::listen_at(const std::string& database) {
  path = command_socket_of(database);
  const auto address = address_of(path);
  if (!address) {
    problem = "the path " + path + " is too long for a socket";
    return;
  }
  if (is_left_over(path, *address)) unlink(path.c_str());
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct stat record {};
  const bool known = stat(database.c_str(), &record) == 0;
  const mode_t mask = umask(0177);  // nobody else, until it has the record's permissions
  const bool made = bind(listener, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  problem = made ? "" : "the socket " + path + " cannot be made: " + std::strerror(errno);
  umask(mask);
  if (!made) return;
  if (known) chmod(path.c_str(), record.st_mode & 0666);
  lstat(path.c_str(), &bound);
  if (listen(listener, most_clients) != 0) problem = "the socket " + path + " takes no commands";
}

void CommandSocket::Impl::welcome() {
  const int descriptor = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) return;
  if (clients.size() >= most_clients) {
    // A client that has sent no command is closed to make room for the new one.
    const auto silent = std::ranges::find_if(clients, [](const auto& one) { return one.second.notifier->isEnabled(); });
    if (silent == clients.end()) {
      close(descriptor);
      return;
    }
    drop(silent->first);
  }
  const int number = next++;
  Client& client = clients.emplace(number, Client{descriptor}).first->second;
  client.notifier = std::make_unique<QSocketNotifier>(descriptor, QSocketNotifier::Read);
  QObject::connect(client.notifier.get(), &QSocketNotifier::activated, [this, number] { hear(number); });
}

void CommandSocket::Impl::hear(int number) {
  const auto found = clients.find(number);
  if (found == clients.end()) return;
  Client& client = found->second;
  char buffer[longest_line];
  const ssize_t got = recv(client.descriptor, buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return drop(number);
  client.said.append(buffer, static_cast<std::size_t>(got));
  const std::size_t end = client.said.find('\n');
  if (end == std::string::npos) {
    if (client.said.size() > longest_line) drop(number);
    return;
  }
  client.notifier->setEnabled(false);  // one command a connection
  obey(std::string_view(client.said).substr(0, end), [weak = weak_from_this(), number](std::string line) {
    const auto later = [weak, number, line = std::move(line)] {
      if (const auto self = weak.lock()) self->answer(number, line);
    };
    if (QCoreApplication* application = QCoreApplication::instance()) {
      QMetaObject::invokeMethod(application, later, Qt::QueuedConnection);
    }
  });
}

void CommandSocket::Impl::answer(int number, const std::string& line) {
  const auto found = clients.find(number);
  if (found == clients.end()) return;
  const std::string text = line + "\n";
  [[maybe_unused]] const auto sent =
      send(found->second.descriptor, text.data(), text.size(), MSG_NOSIGNAL);  // or it has gone
  drop(number);
}

// Not in its own notifier's signal.
void CommandSocket::Impl::drop(int number) {
  const auto found = clients.find(number);
  found->second.notifier->setEnabled(false);
  found->second.notifier.release()->deleteLater();
  close(found->second.descriptor);
  clients.erase(found);
}

CommandSocket::CommandSocket(const std::string& database, Obey obey) : impl_(std::make_shared<Impl>()) {
  impl_->obey = std::move(obey);
  impl_->listen_at(database);
  if (!impl_->problem.empty()) return;
  impl_->notifier = std::make_unique<QSocketNotifier>(impl_->listener, QSocketNotifier::Read);
  QObject::connect(impl_->notifier.get(), &QSocketNotifier::activated, [impl = impl_.get()] { impl->welcome(); });
}

CommandSocket::~CommandSocket() {
  impl_->notifier.reset();
  while (!impl_->clients.empty()) impl_->drop(impl_->clients.begin()->first);
  if (impl_->listener >= 0) close(impl_->listener);
  // The inode tells this socket from a file that another program puts at the same path later.
  struct stat now {};
  const bool ours = impl_->bound.st_ino != 0 && lstat(impl_->path.c_str(), &now) == 0;
  if (ours && now.st_ino == impl_->bound.st_ino && now.st_dev == impl_->bound.st_dev) unlink(impl_->path.c_str());
}

const std::string& CommandSocket::problem() const {
  return impl_->problem;
}

std::variant<std::string, NoAnswer> ask_line(const std::string& database, const std::string& line) {
  const auto address = address_of(command_socket_of(database));
  if (!address) return NoAnswer::nobody;
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &longest_wait, sizeof longest_wait);
  std::variant<std::string, NoAnswer> answer = NoAnswer::none;
  const std::string text = line + "\n";
  if (!connects(descriptor, *address)) {
    answer = errno == EACCES || errno == EPERM ? NoAnswer::denied : NoAnswer::nobody;
  } else if (send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) {
    std::string said;
    char buffer[longest_line];
    for (ssize_t got; !said.ends_with('\n') && (got = recv(descriptor, buffer, sizeof buffer, 0)) > 0;) {
      said.append(buffer, static_cast<std::size_t>(got));
    }
    if (said.ends_with('\n')) answer = said.substr(0, said.size() - 1);
  }
  close(descriptor);
  return answer;
}

}  // namespace station
