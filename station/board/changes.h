// What people may make the line do, each on record before it is done. Called on the workers.
#pragma once

#include <functional>

#include "scheduler/messages.h"
#include "station/board/http.h"
#include "station/board/journal.h"

namespace station::board {

// From any thread; they come back at once, and what they ask for happens on the main thread.
struct Controls {
  std::function<void(bool paused)> pause{};
  std::function<void(scheduler::StopKind kind)> stop{};
};

class Changes {
 public:
  Changes(Controls controls, Journal& journal) : controls_(std::move(controls)), journal_(journal) {}

  Reply pause(const Asker& asker, bool paused);
  Reply stop(const Asker& asker, const Request& request);

 private:
  const Controls controls_;
  Journal& journal_;
};

}  // namespace station::board
