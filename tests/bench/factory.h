// A factory that is made up: what a line of 64 slots puts on record, as rows for a real Store. Two shifts a day, from
// 06:00 to 22:00; some units fail at first, one slot more than the others, one hub a little; units that failed come
// back for rework the next day. The same numbers give the same rows but for their random keys. Not for sharing between
// threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "db/values.h"

namespace bench {

struct FactoryPlan {
  db::milliseconds interval{900};  // between two units
  db::Time begin{std::chrono::hours(24 * 365 * 55) + std::chrono::hours(6)};
  std::size_t units_per_job = 5000;
  std::size_t units_per_lot = 50000;
};

class Factory {
 public:
  static constexpr int slots = 64;

  explicit Factory(db::UuidGenerator& uuids, const FactoryPlan& plan = {});

  // One visit with its one or two attempts, and what is said about it.
  std::vector<db::Record> unit();

  std::size_t attempts() const { return attempts_; }
  std::string last_unit() const { return last_unit_; }
  std::string job() const;

 private:
  struct Rework {
    db::Time due;
    std::string unit;
  };

  void step_time();
  std::string next_unit();
  bool fails_in(int slot);
  db::Uuid attempt(const db::VisitStarted& visit, int number, bool good, std::vector<db::Record>& out);
  db::AttemptStarted started(const db::VisitStarted& visit, int number);
  void put_fault(db::AttemptFinished& finished);
  static void break_off(db::AttemptFinished& finished, const std::string& at);
  void put_steps(db::AttemptFinished& finished) const;

  db::UuidGenerator& uuids_;
  FactoryPlan plan_;
  std::vector<std::shared_ptr<const db::Image>> images_;
  std::shared_ptr<const db::Recipe> recipe_;
  std::mt19937 random_{20261124};
  db::Time now_;
  std::deque<Rework> rework_;
  std::size_t made_ = 0, attempts_ = 0;
  std::string last_unit_;
};

}  // namespace bench
