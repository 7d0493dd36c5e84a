// What systemd is told, if it started this program: that it is ready, that it is alive, that it is stopping. Nothing
// where nobody asked (no $NOTIFY_SOCKET). Belongs to the main thread, whose event loop it proves to run.
#pragma once

#include <QTimer>
#include <chrono>
#include <string>

namespace station {

class Service {
 public:
  Service();

  // From now on the watchdog is fed, if there is one, for as long as the event loop turns.
  void ready(const std::string& status);
  void stopping();
  // One sign of life, for a wait in which the event loop does not turn, and which may last longer than systemd gives a
  // program to stop: hooks of the last units have their own limits.
  void alive() const { tell("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=10000000"); }

 private:
  void tell(const std::string& message) const;

  const std::string socket_;  // empty: nobody asked
  QTimer feeding_;
};

// $WATCHDOG_USEC, if it is meant for this process: how often to say that all is well. Zero: never. Pure but for what it
// is given.
std::chrono::milliseconds feeding_interval(const char* watchdog_usec, const char* watchdog_pid, int process);

}  // namespace station
