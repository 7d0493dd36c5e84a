#include "station/run/service.h"

#include <chrono>
#include <cstdint>

#include <systemd/sd-daemon.h>

namespace station {

namespace {

// If a message is lost, only systemd misses it.
void notify(const std::string& message) {
  sd_notify(0, message.c_str());
}

}  // namespace

Service::Service() {
  QObject::connect(&signs_of_life_, &QTimer::timeout, [] { notify("WATCHDOG=1"); });
}

void Service::ready(const std::string& status) {
  notify("READY=1\nSTATUS=" + status);
  std::uint64_t limit = 0;
  if (sd_watchdog_enabled(0, &limit) <= 0) return;
  // Twice within the limit: one may come late.
  signs_of_life_.start(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(limit)) / 2);
}

// The watchdog messages continue until units in work have finished.
void Service::stopping(const std::string& how) {
  notify("STOPPING=1\nSTATUS=" + how);
}

void Service::alive() const {
  notify("WATCHDOG=1\nEXTEND_TIMEOUT_USEC=10000000");
}

}  // namespace station
