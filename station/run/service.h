// Messages to systemd, if it started this program: ready, alive (the watchdog), stopping. Without
// systemd ($NOTIFY_SOCKET is not set) nothing happens. Belongs to the main thread, whose event loop it proves to run.
#pragma once

#include <QTimer>
#include <string>

namespace station {

class Service {
 public:
  Service();

  // Reports that the program is ready. From then on, while the event loop runs, the watchdog message is sent if systemd
  // expects it.
  void ready(const std::string& status);
  // `how`: what becomes of the units in work.
  void stopping(const std::string& how);
  // Sends one watchdog message, for a wait in which the event loop does not run, and which may last longer than systemd
  // gives a program to stop: hooks of the last units have their own limits.
  void alive() const;

 private:
  QTimer signs_of_life_;
};

}  // namespace station
