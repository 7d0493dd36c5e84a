// The commissioning lesson that runs, for all threads: it gets from the engine what is plugged in, and the board reads
// and controls it. One at a time.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/observer.h"
#include "station/commissioning/guided_lesson.h"

namespace station {

class Commissioning : public scheduler::Observer {
 public:
  void on(const scheduler::Event& event, scheduler::WallTime at) override;

  void begin(GuidedLesson lesson);
  void end();
  // As it is now; nothing: none runs.
  std::optional<GuidedLesson> now() const;
  // As GuidedLesson says, if a lesson runs; an empty label: the next one.
  void leave_out(const std::string& next);
  void take_back();

 private:
  mutable std::mutex mutex_;
  std::optional<GuidedLesson> lesson_;  // guarded by mutex_
};

}  // namespace station
