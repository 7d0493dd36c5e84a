#include "station/run/service.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace station {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

template <typename Number>
Number number(const char* text) {
  Number value{};
  if (text) std::from_chars(text, text + std::strlen(text), value);
  return value;
}

}  // namespace

std::chrono::milliseconds feeding_interval(const char* watchdog_usec, const char* watchdog_pid, int process) {
  if (watchdog_pid && number<int>(watchdog_pid) != process) return {};
  // Twice in the time that is given: one may come late.
  return std::chrono::milliseconds(number<std::int64_t>(watchdog_usec) / 2000);
}

Service::Service() : socket_(environment("NOTIFY_SOCKET")) {
  QObject::connect(&feeding_, &QTimer::timeout, [this] { tell("WATCHDOG=1"); });
}

void Service::ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status);
  const auto interval = feeding_interval(std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID"), getpid());
  if (!socket_.empty() && interval.count() > 0) feeding_.start(interval);
}

// The watchdog is fed on: what is in work still takes its time.
void Service::stopping() {
  tell("STOPPING=1\nSTATUS=units in work stop at a safe point");
}

void Service::tell(const std::string& message) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // a name that no file has
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
         reinterpret_cast<const sockaddr*>(&address), size);
  close(descriptor);
}

}  // namespace station
