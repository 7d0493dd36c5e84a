// Visitors of a station's board, as far as a benchmark needs them: one who asks and answers, with a session or without,
// and one who only watches. One thread each; errors are std::runtime_error.
#pragma once

#include <QJsonObject>
#include <cstdint>
#include <string>

namespace bench {

struct Page {
  int status = 0;  // 0: there was no answer
  std::string head{};
  std::string body{};

  QJsonObject json() const;
};

// Each request has a connection of its own.
class Browser {
 public:
  explicit Browser(std::uint16_t port) : port_(port) {}

  Page get(const std::string& path) const;
  Page post(const std::string& path, const QJsonObject& body = {}) const;
  // The status; from 200 on every request is of this operator.
  int sign_in(const std::string& name, const std::string& pin);

 private:
  Page ask(const std::string& request) const;

  const std::uint16_t port_;
  std::string session_{};  // headers
};

// The events of the line. `look` takes what has come; a watcher that is not asked to look is a slow client.
class Watcher {
 public:
  explicit Watcher(std::uint16_t port);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // False: the board has ended it.
  bool look();
  int messages() const { return messages_; }
  // Each message must be newer than the one before.
  bool in_order() const { return in_order_; }

 private:
  void take_line(const std::string& line);

  int descriptor_ = -1;
  std::string unread_{};
  int messages_ = 0;
  long long newest_ = -1;
  bool in_order_ = true;
};

}  // namespace bench
