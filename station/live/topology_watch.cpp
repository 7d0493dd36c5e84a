#include "station/live/topology_watch.h"

#include <chrono>

namespace station {

namespace {

// A person who moves a cable looks at the screen within some seconds; some dozen small files are read each time.
constexpr std::chrono::seconds between_looks(2);

}  // namespace

TopologyWatch::TopologyWatch(dfu::Hubs& hubs, dfu::Topology first, std::function<void(const dfu::Topology&)> changed)
    : hubs_(hubs), changed_(std::move(changed)), latest_(std::move(first)) {
  if (!changed_) return;
  thread_ = std::jthread([this](const std::stop_token& stop) {
    std::mutex waiting;
    std::unique_lock lock(waiting);
    while (!over_.wait_for(lock, stop, between_looks, [&stop] { return stop.stop_requested(); })) look();
  });
}

void TopologyWatch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

dfu::Topology TopologyWatch::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

void TopologyWatch::look() {
  dfu::Topology now = hubs_.topology();
  {
    const std::lock_guard lock(mutex_);
    if (now == latest_) return;
    latest_ = now;
  }
  changed_(now);
}

}  // namespace station
