// There is no event when a hub comes or goes. So the line's topology is read every few
// seconds, on a thread of its own, because a look may wait for a hub that hangs.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "dfu/hubs.h"

namespace station {

class TopologyWatch {
 public:
  // `changed` is called on the watch's thread, each time that it is another one than before; without it nobody looks.
  // The hubs must outlive this.
  TopologyWatch(dfu::Hubs& hubs, dfu::Topology first, std::function<void(const dfu::Topology&)> changed);
  ~TopologyWatch() { stop(); }

  // No look and no call from then on.
  void stop();

  // Any thread.
  dfu::Topology latest() const;

 private:
  void look();

  dfu::Hubs& hubs_;
  const std::function<void(const dfu::Topology&)> changed_;
  mutable std::mutex mutex_;
  std::condition_variable_any over_;
  dfu::Topology latest_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace station
