// Is one slot (or hub) worse than its peers, by more than chance explains? Pure. The one test of that: the line uses
// it, the board and the report.
//
// The test: a group's units fail at a rate of their own, against: they fail at the rate of all. Its evidence is the
// likelihood of what was seen under the first, averaged over rates as lines have them, by the greatest likelihood that
// it can have under the second. That ratio may be looked at after every unit: if a group is as good as its peers, it
// reaches G / error_rate at any time with a probability of at most error_rate / G (universal inference, and Ville's
// inequality). With G groups, a line of equal ones names any of them, however long it runs, with a probability of at
// most error_rate.
//
// Among 16 slots of which one loses 1 unit in 10 and the others 1 in 200, that one is named after 55 of its units in
// half of all lines, and after 200 in all but 1 of 200 (tests/scheduler/suspicion_test.cpp).
#pragma once

#include <map>
#include <optional>
#include <string>

namespace scheduler {

class Suspicion {
 public:
  explicit Suspicion(double error_rate = 0.01) : error_rate_(error_rate) {}

  struct Finding {
    int failed = 0, units = 0;                // in the group
    int others_failed = 0, others_units = 0;  // in all the others
    bool first = false;                       // it was no suspect before this unit
  };
  // One more unit was judged in this group. A finding if the group is a suspect and this unit failed.
  std::optional<Finding> judged(const std::string& group, bool failed);

  bool is_suspect(const std::string& group) const;
  // It was checked or repaired: counting starts again.
  void forget(const std::string& group) { groups_.erase(group); }

 private:
  struct Count {
    int units = 0, failed = 0;
    bool suspect = false;
  };
  static bool speaks_against(const Count& group, const Count& others, double threshold);

  double error_rate_;
  std::map<std::string, Count> groups_;
};

}  // namespace scheduler
