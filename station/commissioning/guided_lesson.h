// Commissioning as a screen guides it: it names a label, a unit is plugged into the socket that gets it, and so
// on; at the end the station file gets all of them at once. Pure; one thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "config/station_config.h"
#include "dfu/hubs.h"

namespace station {

struct NamedSocket {
  std::string label;
  dfu::PortPath port;
};

class GuidedLesson {
 public:
  // The labels are asked for in this order; without any, those of the station file or, if it has none, from "A1" on.
  // After the last one it goes on counting.
  GuidedLesson(const config::StationConfig& station, std::vector<std::string> labels);

  // The label whose socket is next.
  const std::string& expected() const { return next_.front(); }
  // A unit was plugged in here. A socket that has its label keeps it.
  void plugged(const dfu::PortPath& port);
  // The next label after that one.
  void leave_out();
  // The last socket was the wrong one: its label is next again. REQUIRES: one was learned.
  void take_back();
  // This one is next, and those before it are left out. Why not; empty: it is.
  std::string go_on_with(const std::string& label);

  const std::vector<NamedSocket>& learned() const { return learned_; }
  // The last unit was plugged into a socket that had its label already.
  const std::optional<NamedSocket>& twice() const { return twice_; }
  int plugs() const { return plugs_; }            // so many units were plugged in
  std::size_t wanted() const { return wanted_; }  // so many labels were there to begin with

 private:
  bool is_learned(const std::string& label) const;
  void count_on(std::string label);

  std::deque<std::string> next_;  // never empty
  std::vector<NamedSocket> learned_;
  std::optional<NamedSocket> twice_;
  int plugs_ = 0;
  std::size_t wanted_ = 0;
};

// Why it cannot be on a fixture; empty: it can.
std::string problem_with_label(const std::string& label);

}  // namespace station
