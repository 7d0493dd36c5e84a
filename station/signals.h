// SIGINT and SIGTERM as calls on the main thread's event loop. Make it before any other thread starts, so that all of
// them inherit the blocked mask; when it goes, the signals work as before.
#pragma once

#include <csignal>
#include <functional>
#include <memory>

class QSocketNotifier;

namespace station {

class Signals {
 public:
  explicit Signals(std::function<void()> on_stop);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  bool take();

  std::function<void()> on_stop_;
  sigset_t before_{};
  int descriptor_ = -1;
  std::unique_ptr<QSocketNotifier> notifier_;
};

}  // namespace station
