// The Prometheus exporter: counts of this run of the program, in text format. Gets events from the engine; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "scheduler/observer.h"
#include "station/live/live_line.h"
#include "station/record/commit_times.h"

namespace station::board {

class PrometheusExporter : public scheduler::Observer {
 public:
  void on(const scheduler::Event& event, scheduler::WallTime at) override;
  std::string text(const LineNow& line, const std::string& station, const CommitTimes& commits,
                   std::size_t boards) const;

 private:
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::map<std::string, std::uint64_t> attempts_;  // by outcome
  std::map<std::string, std::uint64_t> faults_;    // by code
  Histogram flash_seconds_{{1, 2, 3, 5, 8, 13, 21, 34, 55, 89}};
};

}  // namespace station::board
