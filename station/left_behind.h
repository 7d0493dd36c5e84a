// Which units the record says were left half-written, and have not been made whole since. Pure; db::Error from the
// record itself.
//
// Half-written may be what an attempt left that was interrupted, or failed at or after its first write without having
// verified every byte. It is over when the same unit, by its id, is verified later; where no id is known, when anything
// was begun on the same port in another visit, for then people were told.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "db/reader.h"
#include "scheduler/half_written.h"

namespace station {

class LeftBehind {
 public:
  // In the order in which they were started.
  void add(const db::Attempt& attempt);
  // In that order; marked if they are of the last run that was added.
  std::vector<scheduler::HalfWritten> units() const;

 private:
  struct Left {
    scheduler::HalfWritten unit;
    db::Uuid run;
    std::size_t order = 0;
  };
  std::map<std::string, Left> by_unit_;
  std::map<std::string, Left> by_port_;  // whose id is not known
  db::Uuid last_run_{};
  std::size_t count_ = 0;
};

// Of this database's own station.
std::vector<scheduler::HalfWritten> left_behind(const std::string& database);

}  // namespace station
