#include "station/diagnostics/log_limits.h"

#include <algorithm>
#include <utility>

namespace station {

std::string_view cause_of(std::string_view line) {
  constexpr std::size_t longest = 64;
  return line.substr(0, std::min(line.find(": "), longest));
}

LogRate::Bucket& LogRate::bucket_of(std::string_view cause, Time now) {
  if (const auto known = by_cause_.find(cause); known != by_cause_.end()) {
    buckets_.splice(buckets_.begin(), buckets_, known->second);
    return buckets_.front();
  }
  if (buckets_.size() == most_causes) {
    by_cause_.erase(buckets_.back().cause);
    buckets_.pop_back();
  }
  buckets_.push_front({std::string(cause), burst, now, 0});
  by_cause_.emplace(buckets_.front().cause, buckets_.begin());
  return buckets_.front();
}

LogRate::Verdict LogRate::ask(std::string_view line, Time now) {
  Bucket& bucket = bucket_of(cause_of(line), now);
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.lines = std::min(burst, bucket.lines + std::max(passed.count(), 0.0) * per_second);
  bucket.at = now;
  if (bucket.lines < 1) {
    ++bucket.left_out;
    return {};
  }
  bucket.lines -= 1;
  return {true, std::exchange(bucket.left_out, 0)};
}

std::uint64_t reserved_for_record(const DiskRoom& disk) {
  constexpr std::uint64_t enough = std::uint64_t{64} << 20;  // a day of a busy line
  return std::min(enough, disk.size / 4);
}

bool may_log(const DiskRoom& disk, bool writing) {
  const std::uint64_t reserved = reserved_for_record(disk);
  // On a small file system twice the room may be more than it ever has.
  return disk.free >= (writing ? reserved : std::min(2 * reserved, reserved + disk.size / 8));
}

}  // namespace station
