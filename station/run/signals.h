// Signals as calls on the main thread's event loop. Make it before any other thread starts, so that all of
// them inherit the blocked mask; when it goes, the signals work as before.
#pragma once

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>

class QSocketNotifier;

namespace station {

class Signals {
 public:
  Signals(std::initializer_list<int> signals, std::function<void(int signal)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  // The number of a signal that has come in; 0: none.
  int take();

  std::function<void(int)> on_signal_;
  sigset_t before_{};
  int descriptor_ = -1;
  std::unique_ptr<QSocketNotifier> notifier_;
};

}  // namespace station
