#include "station/signals.h"

#include <QObject>
#include <QSocketNotifier>
#include <cerrno>
#include <system_error>

#include <sys/signalfd.h>
#include <unistd.h>

namespace station {

Signals::Signals(std::function<void()> on_stop) : on_stop_(std::move(on_stop)) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, &before_);
  descriptor_ = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "signals cannot be watched");
  notifier_ = std::make_unique<QSocketNotifier>(descriptor_, QSocketNotifier::Read);
  QObject::connect(notifier_.get(), &QSocketNotifier::activated, [this] {
    while (take()) on_stop_();
  });
}

Signals::~Signals() {
  // One that came in the last moment asked for what is happening anyway; unblocked it would kill the program.
  while (take()) {
  }
  notifier_.reset();
  close(descriptor_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Signals::take() {
  signalfd_siginfo info;
  return read(descriptor_, &info, sizeof info) == sizeof info;
}

}  // namespace station
