// How much may be logged, decided without a disk or a clock: how many lines one cause may write, and how much room the
// log must leave. Values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace station {

// What a line is about, as far as its text says: "board", "port A2 (1-1.2)", "attempt 0193...". The part before the
// first ": ", at most 64 bytes of it.
std::string_view cause_of(std::string_view line);

// Lets each cause write `burst` lines at once and `per_second` on average. An attempt takes some 60 lines, so a working
// line stays far below; one client, one hook or one contact that chatters does not drown the rest.
class LogRate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr double burst = 200;
  static constexpr double per_second = 20;
  // Causes that are remembered; of more, the one that was quiet longest is forgotten.
  static constexpr std::size_t most_causes = 512;

  struct Verdict {
    bool write = false;
    std::uint64_t left_out = 0;  // lines of this cause since its last one that was written
  };
  Verdict ask(std::string_view line, Time now);

 private:
  struct Bucket {
    std::string cause;
    double lines = burst;  // that may be written now
    Time at;
    std::uint64_t left_out = 0;
  };
  Bucket& bucket_of(std::string_view cause, Time now);

  std::list<Bucket> buckets_;  // the one that was asked for last is the first
  std::map<std::string_view, std::list<Bucket>::iterator> by_cause_;
};

struct DiskRoom {
  std::uint64_t size = 0;  // bytes of the file system
  std::uint64_t free = 0;  // bytes that this user may still write
};

// The room that belongs to the record: 64 MiB, on a small file system a quarter of it.
std::uint64_t reserved_for_record(const DiskRoom& disk);
// `writing`: the log is being written now. Once it has stopped it begins again with twice the room, so that it does not
// stop and begin at every line.
bool may_log(const DiskRoom& disk, bool writing);

}  // namespace station
