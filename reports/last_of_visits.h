// The last attempt of each visit, one after the other: what slots are compared by, on the board and in the report,
// which therefore name the same ones (reports/slot_test.h). On one port visits follow one another, so
// that one is kept for each port, and not the ten thousands of a busy line. Owned by one thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "db/outcome.h"
#include "db/reader.h"

namespace reports {

// Says something about the slot: the unit was finished. Else the station was stopped, or the attempt is running.
inline bool counts_for_slot(db::Outcome outcome) {
  return is_good(outcome) || outcome == db::Outcome::failed || outcome == db::Outcome::error;
}

// `Kept`: what the caller needs of an attempt.
template <typename Kept>
class LastOfVisits {
 public:
  // The next attempt, in the order in which they began. Returns the last one of the port's visit before, if this
  // attempt begins another visit.
  std::optional<Kept> add(const db::Attempt& attempt, Kept kept) {
    const auto [found, first] =
        last_.try_emplace({attempt.installation, attempt.visit.port}, Last{attempt.visit.visit, kept});
    if (first) return std::nullopt;
    Last before = std::exchange(found->second, Last{attempt.visit.visit, std::move(kept)});
    if (before.visit == attempt.visit.visit) return std::nullopt;
    return std::move(before.kept);
  }
  // Those of visits that no other has followed.
  std::vector<Kept> rest() const {
    std::vector<Kept> all;
    for (const auto& [port, last] : last_) all.push_back(last.kept);
    return all;
  }

 private:
  struct Last {
    db::Uuid visit;
    Kept kept;
  };
  std::map<std::pair<db::Uuid, std::string>, Last> last_;  // by station and port
};

}  // namespace reports
