// Commissioning on the board: who begins and ends it, each step on record before it is done, and the station file that
// comes of it. Called on the workers.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "station/board/changes.h"
#include "station/board/http.h"
#include "station/board/journal.h"
#include "station/commissioning/commissioning.h"
#include "station/live/live_line.h"
#include "station/live/topology_changes.h"

namespace station::board {

struct CommissioningParts {
  Commissioning* lesson = nullptr;  // null: a board without a line
  std::string station_file{};       // empty: there is none
  std::function<dfu::Topology()> topology{};
  std::function<std::vector<ChangedSlot>()> changed{};
  Controls controls{};
};

class CommissioningApi {
 public:
  CommissioningApi(CommissioningParts parts, Journal& journal) : parts_(std::move(parts)), journal_(journal) {}

  Reply tell() const;
  // Nobody begins it while units are in work. `line`: as it is at the time of asking.
  Reply begin(const Asker& asker, const Request& request, const std::function<LineNow()>& line);
  // The next label, or the one that the request names "to"; or "back": the last socket was the wrong one.
  Reply leave_out(const Asker& asker, const Request& request);
  Reply finish(const Asker& asker);
  Reply cancel(const Asker& asker);

 private:
  std::optional<Refusal> refuse_begin(const LineNow& line) const;
  std::optional<Refusal> write(const Asker& asker, const GuidedLesson& lesson);
  Reply take_back(const Asker& asker, const GuidedLesson& lesson);
  bool commission(bool on) const;
  bool reload() const;
  void end();

  const CommissioningParts parts_;
  Journal& journal_;
  std::mutex one_at_a_time_;  // held over each change
};

}  // namespace station::board
