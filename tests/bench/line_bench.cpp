// What a whole line costs, printed and not judged, for it depends on how busy the machine is.
//
//   line_bench            500 units in virtual time, then 1, 8 and 64 units in real time by the program itself
//   line_bench virtual    only the first
//   line_bench real [N]   only the others, or only 1 and N
//
// Flashing ends when the last unit has been told to leave. Then the units come back, which a bus lets them do one after
// the other, 0.15 s each (docs/devices.md, "Enumeration and host limits"), whatever the station does: so the two are
// told apart.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "tests/bench/child.h"
#include "tests/bench/real_line.h"
#include "tests/scheduler/fleet.h"

namespace {

using namespace std::chrono_literals;

// ---- in virtual time

// As many units as a bus takes at once behind each of the controllers.
dfu::virt::LineSpec wide_line(int units) {
  constexpr int per_bus = 63, per_hub = 7;
  dfu::virt::LineSpec line = dfu::virt::photon_line(units, 3);
  line.hubs.clear();
  for (int i = 0; i < units; ++i) {
    const int in_bus = i % per_bus;
    const dfu::PortPath hub{std::to_string(1 + i / per_bus) + "-" + std::to_string(1 + in_bus / per_hub)};
    if (in_bus % per_hub == 0) line.hubs.push_back({.port = hub});
    line.units[static_cast<std::size_t>(i)].port = {hub.text + "." + std::to_string(1 + in_bus % per_hub)};
  }
  return line;
}

void in_virtual_time(int units) {
  const auto begun = std::chrono::steady_clock::now();
  const std::clock_t cpu = std::clock();
  auto station = std::make_shared<config::StationConfig>();
  station->cap = units;
  scheduler::fleet::Fleet fleet(wide_line(units), scheduler::fleet::photon_recipe(), station);
  const auto totals = fleet.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const double cpu_seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf(
      "%d units in virtual time: %.2f s (CPU %.2f s, peak %.0f MiB, %zu bytes of firmware each),\n"
      "  %d passed, %d attempts, %.1f s on the line's clock\n\n",
      units, took.count(), cpu_seconds, static_cast<double>(used.ru_maxrss) / 1024,
      std::size_t{248732 + 151192 + 86192}, totals ? totals->passed : 0, totals ? totals->attempts : 0,
      dfu::seconds(fleet.clock.now()));
}

// ---- in real time, by the program

void compare(const std::vector<int>& counts) {
  std::printf("The program in real time, multi-TT hubs, one bus, stagger 0; load average %s\n",
              bench::load_average().c_str());
  std::printf("%6s %7s %10s %8s %11s %11s %8s %9s %9s %9s\n", "units", "passed", "flash s", "to one", "verdicts s",
              "by the bus", "CPU s", "CPU/unit", "peak MiB", "MiB/unit");
  std::optional<bench::RealLine> one;
  for (const int units : counts) {
    const bench::Folder folder;
    const bench::RealLine line = bench::flash_in_real_time(units, folder.file("bench.db"));
    if (!one) one = line;
    std::printf("%6d %7d %10.2f %8.3f %11.2f %11.2f %8.2f %9.3f %9.0f %9.2f\n", units, line.passed, line.flashed,
                line.flashed / one->flashed, line.verdicts, line.verdicts - 0.15 * (units - 1), line.ran.cpu_seconds,
                line.ran.cpu_seconds / units, line.ran.peak_mib, line.ran.peak_mib / units);
    std::fflush(stdout);
  }
  std::printf(
      "by the bus: the time of the verdicts without the 0.15 s that each further unit's enumeration takes.\n"
      "load average after it: %s\n",
      bench::load_average().c_str());
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> said(words + 1, words + count);
  const std::string what = said.empty() ? "" : said[0];
  if (!what.empty() && what != "virtual" && what != "real") {
    std::fprintf(stderr, "usage: line_bench [virtual | real [UNITS]]\n");
    return 2;
  }
  if (what != "real") in_virtual_time(500);
  if (what == "virtual") return 0;
  if (said.size() > 1) {
    compare({1, std::max(1, std::atoi(said[1].c_str()))});
  } else {
    compare({1, 8, 64});
  }
  return 0;
}
