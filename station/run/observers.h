// One event, several watchers, in the order in which they are listed.
#pragma once

#include <utility>
#include <vector>

#include "scheduler/observer.h"

namespace station {

class Observers : public scheduler::Observer {
 public:
  explicit Observers(std::vector<scheduler::Observer*> watchers) : watchers_(std::move(watchers)) {}
  void on(const scheduler::Event& event, scheduler::WallTime at) override {
    for (scheduler::Observer* watcher : watchers_) watcher->on(event, at);
  }

 private:
  std::vector<scheduler::Observer*> watchers_;
};

}  // namespace station
