// What systemd hears, if it started this program: that it is ready, that it is alive, that it is stopping. Without
// systemd ($NOTIFY_SOCKET is not set) nothing happens. Belongs to the main thread, whose event loop it proves to run.
#pragma once

#include <QTimer>
#include <string>

namespace station {

class Service {
 public:
  Service();

  // From now on a sign of life is sent for as long as the event loop turns, if systemd waits for one.
  void ready(const std::string& status);
  // `how`: what becomes of the units in work.
  void stopping(const std::string& how);
  // One sign of life, for a wait in which the event loop does not turn, and which may last longer than systemd gives a
  // program to stop: hooks of the last units have their own limits.
  void alive() const;

 private:
  QTimer signs_of_life_;
};

}  // namespace station
