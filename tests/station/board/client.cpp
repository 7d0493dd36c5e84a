#include "tests/station/board/client.h"

#include <chrono>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace station::board {

Client::Client(std::uint16_t port) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

Client::~Client() {
  close(descriptor_);
}

bool Client::say(const std::string& bytes) {
  return send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string Client::until(const std::string& text) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (text.empty() || heard_.find(text) == std::string::npos) {
    pollfd readable{descriptor_, POLLIN, 0};
    if (std::chrono::steady_clock::now() > limit) {
      ADD_FAILURE() << "a minute, and not a word of '" << text << "' in: " << heard_;
      break;
    }
    if (poll(&readable, 1, 100) != 1) continue;
    char buffer[4096];
    const ssize_t bytes = recv(descriptor_, buffer, sizeof buffer, 0);
    if (bytes <= 0) break;
    heard_.append(buffer, static_cast<std::size_t>(bytes));
  }
  return heard_;
}

std::string ask(std::uint16_t port, const std::string& request_line, const std::string& headers,
                const std::string& body) {
  Client client(port);
  const bool own_host = headers.find("Host:") == std::string::npos;
  std::string request = request_line + " HTTP/1.1\r\nConnection: close\r\n" + headers;
  if (own_host) request += "Host: 127.0.0.1:" + std::to_string(port) + "\r\n";
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  client.say(request + "\r\n" + body);
  return client.until_closed();
}

int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

}  // namespace station::board
