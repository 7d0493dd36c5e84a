// What a set of attempts looks like to somebody who would rather see than read: yield over time, faults, slots, cycle
// times, a timeline. Values for the writers that draw. Pure; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "db/reader.h"
#include "reports/summary.h"

namespace reports {

// So many of so many, with the 95 % bounds of Wilson's score interval: honest also for few units and for 100 %.
struct Share {
  std::uint64_t part = 0;
  std::uint64_t whole = 0;

  double value() const { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }
  std::pair<double, double> bounds() const;
};

struct Period {
  db::Time begin;
  Share good;        // units whose first attempt was in it, by their last attempt
  Share first_pass;  // the same by their first attempt
};

struct FaultCount {
  std::string code, about;
  std::uint64_t attempts = 0;
};

struct PlaceYield {
  std::string place;  // slot label, or port where there is none
  Share good;         // units
};

struct CycleTimes {
  double bin_seconds = 0;
  std::vector<std::uint64_t> bins;  // passed attempts; the last bin holds all that are longer
  double median = 0;
  std::optional<double> floor;  // median of the units' own time
};

struct Segment {
  std::string place;
  db::Time begin, end;
  db::Outcome outcome = db::Outcome::error;
};

struct Statistics {
  Summary summary;
  db::milliseconds period{};       // length of each
  std::vector<Period> periods;     // without gaps
  std::vector<FaultCount> faults;  // most frequent first
  std::vector<PlaceYield> places;  // by name, numbers by value
  CycleTimes cycles;
  std::vector<std::uint64_t> tries;  // units that had 1, 2, 3... attempts
  std::vector<Segment> timeline;     // of the last attempts
  bool timeline_cut = false;         // there were more
};

class Statistician {
 public:
  void add(const db::Attempt& attempt);
  Statistics statistics() const;

 private:
  Summarizer summarizer_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> faults_;
  std::vector<float> cycles_, floors_;
  std::deque<Segment> timeline_;
  bool timeline_cut_ = false;
};

// "A2" before "A10".
bool by_number(const std::string& a, const std::string& b);

}  // namespace reports
