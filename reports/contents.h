// What a unit holds as far as its attempts prove, by its last word: a later attempt outdates an earlier one, whatever
// came of it. Pure; any thread.
#pragma once

#include <functional>
#include <vector>

#include "db/reader.h"

namespace reports {

// What stands at one address.
struct Held {
  std::int64_t address = 0, bytes = 0;
  std::string step;
  std::shared_ptr<const db::Image> image;
  db::Sha256 readback{};  // of the bytes that were read back there
  db::Time at;            // the end of the attempt that proved it
  db::Uuid attempt;
};

// What an attempt came to, as far as it matters to what the unit holds now.
struct Proof {
  db::Uuid attempt;
  db::Time at;  // its end
  db::Outcome outcome = db::Outcome::error;
  const std::vector<db::Step>& steps;
};

class Contents {
 public:
  // In the order in which they were started. A step that was read back is proven to be there, also where the attempt
  // failed later. One that was not, and what an attempt that broke off may have changed, is no longer known.
  void add(const db::Attempt& attempt) {
    const db::AttemptFinished& finished = attempt.finished;
    add({attempt.started.attempt, finished.at, finished.outcome, finished.steps}, [](const auto&) { return true; });
  }
  // Keeps nothing of images that nobody asks for.
  void add(const Proof& proof, const std::function<bool(const db::Image&)>& wanted);

  // By address.
  const std::vector<Held>& now() const { return held_; }
  // An attempt after the last proof that may have changed anything: nothing is known since.
  bool lost() const { return lost_; }

 private:
  void forget(std::int64_t address, std::int64_t bytes);

  std::vector<Held> held_;  // by address
  bool lost_ = false;
};

}  // namespace reports
