#include "station/diagnostics/host_width.h"

#include <algorithm>
#include <thread>

#include <sys/resource.h>

#include "station/diagnostics/gather_host.h"

namespace station {

namespace {

// A unit's node and what libusb keeps beside it (an event, a timer), and as much for its predecessor that is still
// being closed.
constexpr std::uint64_t files_per_unit = 6;
// The record, the log, the board with the pages that watch it, and hooks.
constexpr std::uint64_t own_files = 64;
constexpr std::uint64_t units_per_core = 256;
constexpr std::uint64_t most_units = 10'000;  // as the station file takes it
constexpr rlim_t most_files = 65'536;         // more than the widest line needs

rlimit found{RLIM_INFINITY, RLIM_INFINITY};

}  // namespace

std::uint64_t files_for(int units) {
  return static_cast<std::uint64_t>(units) * files_per_unit + own_files;
}

int units_at_once(std::uint64_t files, unsigned cores) {
  const std::uint64_t by_files = (std::max(files, own_files) - own_files) / files_per_unit;
  const std::uint64_t by_cores = std::max(1U, cores) * units_per_core;
  return static_cast<int>(std::clamp<std::uint64_t>(std::min(by_files, by_cores), 1, most_units));
}

int units_at_once() {
  return units_at_once(open_files_limit(), std::thread::hardware_concurrency());
}

void raise_open_files() {
  if (getrlimit(RLIMIT_NOFILE, &found) != 0) return;
  rlimit wanted = found;
  wanted.rlim_cur = std::max(found.rlim_cur, std::min(found.rlim_max, most_files));
  setrlimit(RLIMIT_NOFILE, &wanted);
}

void restore_open_files(int process) {
  if (found.rlim_cur != RLIM_INFINITY) prlimit(process, RLIMIT_NOFILE, &found, nullptr);
}

}  // namespace station
