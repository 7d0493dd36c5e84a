// A set of attempts as figures to draw: yield over time, faults, slots, cycle
// times, a timeline. Values for the writers that draw. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "db/reader.h"
#include "reports/last_of_visits.h"
#include "reports/slot_test.h"
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
  SlotKey place;
  Share good;        // units whose last attempt was there
  Share first_pass;  // units whose first attempt was there, by that one: shows a bad socket
  bool suspect;      // worse than the other slots of its station, by more than chance explains
};

struct CycleTimes {
  double begin = 0;  // of the first bin: what is shorter than the device time and every attempt is not shown
  double bin_seconds = 0;
  std::vector<std::uint64_t> bins;  // passed attempts; the last bin holds all that are longer
  double median = 0;
  std::optional<double> device_time;  // median of the units' own time
};

struct Segment {
  std::uint32_t place = 0;  // index into Statistics::places
  db::Time begin, end;
  db::Outcome outcome = db::Outcome::error;
};

struct Statistics {
  Summary summary;
  db::milliseconds period{};       // length of each
  std::vector<Period> periods;     // without gaps
  std::vector<FaultCount> faults;  // most frequent first
  std::vector<PlaceYield> places;  // by station and port, numbers by value: as they hang on their hubs
  CycleTimes cycles;
  std::vector<std::uint64_t> tries;                    // units that had 1, 2, 3... attempts
  std::uint64_t recovered = 0;                         // units that ended well after more than one
  std::array<std::uint64_t, 7> attempts_by_outcome{};  // index: db::Outcome
  std::vector<Segment> timeline;                       // of the attempts that have ended
};

class Statistician {
 public:
  // Without a test no slot is suspect.
  explicit Statistician(MakeSlotTest make_test = {}) : make_test_(std::move(make_test)) {}

  void add(const db::Attempt& attempt);
  // Once, after the last attempt.
  Statistics statistics();

 private:
  Summarizer summarizer_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> faults_;
  std::vector<float> cycles_, device_times_;
  std::array<std::uint64_t, 7> by_outcome_{};
  std::vector<Segment> timeline_;  // its places are those of summarizer_

  // Slots are compared by the last attempt of each visit, with those of their own station, as its board does.
  struct Judged {
    db::Uuid station;
    std::string port;
    db::Outcome outcome;
    std::uint32_t place;
  };
  void judge(const Judged& last);
  std::vector<bool> suspects();  // by place

  MakeSlotTest make_test_;
  LastOfVisits<Judged> visits_;
  std::map<db::Uuid, std::unique_ptr<SlotTest>> tests_;  // by station
  std::vector<Judged> first_at_;                         // by place: which port it is
};

// "A2" before "A10".
bool by_number(const std::string& a, const std::string& b);

}  // namespace reports
