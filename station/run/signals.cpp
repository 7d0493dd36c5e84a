#include "station/run/signals.h"

#include <QObject>
#include <QSocketNotifier>
#include <cerrno>
#include <system_error>

#include <sys/signalfd.h>
#include <unistd.h>

namespace station {

Signals::Signals(std::initializer_list<int> signals, std::function<void(int signal)> on_signal)
    : on_signal_(std::move(on_signal)) {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : signals) sigaddset(&wanted, signal);
  pthread_sigmask(SIG_BLOCK, &wanted, &before_);
  descriptor_ = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "signals cannot be watched");
  notifier_ = std::make_unique<QSocketNotifier>(descriptor_, QSocketNotifier::Read);
  QObject::connect(notifier_.get(), &QSocketNotifier::activated, [this] {
    while (const int signal = take()) on_signal_(signal);
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

int Signals::take() {
  signalfd_siginfo info;
  return read(descriptor_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace station
