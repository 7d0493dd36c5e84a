#include "tests/station/control_client.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace station {

ControlClient::ControlClient(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < limit) {
    descriptor_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
    close(descriptor_);
    descriptor_ = -1;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ADD_FAILURE() << "nobody listens at " << path;
}

ControlClient::~ControlClient() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::string ControlClient::say(const std::string& command) {
  const std::string line = command + "\n";
  EXPECT_EQ(send(descriptor_, line.data(), line.size(), MSG_NOSIGNAL), static_cast<ssize_t>(line.size()));
  std::string answer;
  for (char c; read(descriptor_, &c, 1) == 1 && c != '\n';) answer += c;
  return answer;
}

}  // namespace station
