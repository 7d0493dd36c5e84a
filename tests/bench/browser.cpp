#include "tests/bench/browser.h"

#include <QJsonDocument>
#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace bench {

namespace {

constexpr timeval longest_answer{60, 0};  // then the board hangs

int connected(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &longest_answer, sizeof longest_answer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return descriptor;
  close(descriptor);
  throw std::runtime_error("the board takes no connection");
}

void say(int descriptor, const std::string& text) {
  if (send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) {
    close(descriptor);
    throw std::runtime_error("the board does not listen to a request");
  }
}

std::string host(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string::npos) return {};
  return text.substr(begin + before.size(), text.find(after, begin + before.size()) - begin - before.size());
}

}  // namespace

QJsonObject Page::json() const {
  return QJsonDocument::fromJson(QByteArray::fromStdString(body)).object();
}

Page Browser::ask(const std::string& request) const {
  const int descriptor = connected(port_);
  say(descriptor, request);
  std::string answer;
  char buffer[65536];
  ssize_t got = 0;
  while ((got = recv(descriptor, buffer, sizeof buffer, 0)) > 0) answer.append(buffer, static_cast<std::size_t>(got));
  close(descriptor);
  if (got < 0) throw std::runtime_error("the board does not answer " + request.substr(0, request.find('\r')));
  const std::size_t end = answer.find("\r\n\r\n");
  if (end == std::string::npos) return {};
  return {std::atoi(answer.c_str() + std::string("HTTP/1.1 ").size()), answer.substr(0, end), answer.substr(end + 4)};
}

Page Browser::get(const std::string& path) const {
  return ask("GET " + path + " HTTP/1.1\r\nHost: " + host(port_) + "\r\nConnection: close\r\n" + session_ + "\r\n");
}

Page Browser::post(const std::string& path, const QJsonObject& body) const {
  const std::string text = QJsonDocument(body).toJson(QJsonDocument::Compact).toStdString();
  return ask("POST " + path + " HTTP/1.1\r\nHost: " + host(port_) + "\r\nOrigin: http://" + host(port_) +
             "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
             std::to_string(text.size()) + "\r\n" + session_ + "\r\n" + text);
}

int Browser::sign_in(const std::string& name, const std::string& pin) {
  const Page page = post("/api/session", {{"operator", QString::fromStdString(name)},  //
                                          {"pin", QString::fromStdString(pin)}});
  if (page.status == 200) {
    session_ = "Cookie: " + between(page.head, "Set-Cookie: ", ";") +
               "\r\nX-Flashline-Token: " + page.json()["csrf"].toString().toStdString() + "\r\n";
  }
  return page.status;
}

Watcher::Watcher(std::uint16_t port) : descriptor_(connected(port)) {
  say(descriptor_, "GET /api/events HTTP/1.1\r\nHost: " + host(port) + "\r\n\r\n");
  fcntl(descriptor_, F_SETFL, O_NONBLOCK);
}

Watcher::~Watcher() {
  close(descriptor_);
}

bool Watcher::look() {
  char buffer[65536];
  for (ssize_t got = 0; (got = recv(descriptor_, buffer, sizeof buffer, 0)) != -1;) {
    if (got == 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = unread_.find('\n')) != std::string::npos;) {
      take_line(unread_.substr(0, end));
      unread_.erase(0, end + 1);
    }
  }
  return errno == EAGAIN;
}

void Watcher::take_line(const std::string& line) {
  if (!line.starts_with("id: ")) return;
  const long long number = std::atoll(line.c_str() + 4);
  in_order_ = in_order_ && number > newest_;
  newest_ = number;
  ++messages_;
}

}  // namespace bench
