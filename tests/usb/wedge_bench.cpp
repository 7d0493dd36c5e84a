// wedge_bench: what one wedged unit costs the others, through libusb in real time. Prints for a unit that is stuck in
// open, in a transfer and in close the time until the last of the others has its verdict, beside that of a run without
// it, run in turn. Figures are the medians of the rounds.
//
//   wedge_bench [--units 32] [--rounds 3]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "tests/usb/child.h"
#include "tests/usb/mock_kernel.h"
#include "tests/usb/numbers.h"

namespace usb_mock {
namespace {

namespace fs = std::filesystem;

struct Options {
  int units = 32;
  int rounds = 3;
};

enum class Stuck { nowhere, open, transfer, close };

const char* name_of(Stuck stuck) {
  switch (stuck) {
    case Stuck::nowhere:
      return "nowhere";
    case Stuck::open:
      return "open";
    case Stuck::transfer:
      return "a transfer";
    case Stuck::close:
      return "close";
  }
  return "";
}

// Seconds of the day, of "2026-11-22T06:00:00.000Z".
double seconds_of(const std::string& time) {
  if (time.size() < 23) return 0;
  return std::atof(time.substr(11, 2).c_str()) * 3600 + std::atof(time.substr(14, 2).c_str()) * 60 +
         std::atof(time.substr(17, 6).c_str());
}

struct Outcome {
  double makespan = 0;  // of the others
  int passed = 0;       // of the others
  std::string unit;     // what became of the wedged one
};

Outcome measure(const Options& options, Stuck stuck) {
  dfu::virt::LineSpec line = dfu::virt::photon_line(options.units, 12);
  const std::size_t wedged = line.units.size() / 2;
  const std::string port = line.units[wedged].port.text;
  if (stuck == Stuck::transfer) {
    line.units[wedged].faults = {{dfu::virt::FaultKind::wedge, {dfu::virt::FaultPoint::Kind::block, 40}, 1}};
  }
  MockKernel kernel({.line = line});
  if (stuck == Stuck::open) kernel.wedge(port, Wedge::open);
  if (stuck == Stuck::close) kernel.wedge(port, Wedge::close);
  std::string folder = fs::temp_directory_path() / "flashline-wedge-XXXXXX";
  if (!mkdtemp(folder.data())) throw std::runtime_error("cannot make a folder in " + folder);
  auto environment = kernel.environment(true);
  environment.push_back("HOME=" + folder);
  const Ran ran =
      run({FLASHLINE_PROGRAM, "flash", FLASHLINE_EXAMPLES "/photon.toml", "--json", "--db", folder + "/r.db"},
          environment, folder);
  kernel.release(port);
  fs::remove_all(folder);
  Outcome outcome;
  double begun = 0;
  std::map<std::string, std::string> faults;
  std::istringstream lines(ran.out);
  for (std::string text; std::getline(lines, text);) {
    const std::string event = value_of(text, "event"), where = value_of(text, "port");
    if (event == "attempt_started" && begun == 0) begun = seconds_of(value_of(text, "time"));
    if (event == "attempt_finished") faults[where] = value_of(text, "code");
    if (event != "verdict") continue;
    if (where == port) {
      outcome.unit = value_of(text, "outcome") + (faults[where].empty() ? "" : " " + faults[where]);
      continue;
    }
    outcome.makespan = std::max(outcome.makespan, seconds_of(value_of(text, "time")) - begun);
    outcome.passed += value_of(text, "outcome") == "passed";
  }
  return outcome;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void bench(const Options& options) {
  setpriority(PRIO_PROCESS, 0, -10);  // the devices are hardware: they do not wait for the programs
  std::printf("one wedged unit among %d: until the last of the others has its verdict\n\n%-12s %10s %10s %7s %8s  %s\n",
              options.units, "stuck in", "without s", "with s", "ratio", "passed", "the unit");
  for (const Stuck stuck : {Stuck::open, Stuck::transfer, Stuck::close}) {
    std::vector<double> without, with;
    Outcome last;
    for (int round = 0; round < options.rounds; ++round) {
      without.push_back(measure(options, Stuck::nowhere).makespan);
      last = measure(options, stuck);
      with.push_back(last.makespan);
    }
    std::printf("%-12s %10.2f %10.2f %7.3f %4d/%-3d  %s\n", name_of(stuck), median(without), median(with),
                median(with) / median(without), last.passed, options.units - 1, last.unit.c_str());
    std::fflush(stdout);
  }
}

std::optional<Options> options_from(int count, char** words) {
  Options options;
  if (!read_numbers<int>(count, words, {{"--units", &options.units}, {"--rounds", &options.rounds}})) return {};
  if (options.units < 1 || options.rounds < 1) return {};
  return options;
}

}  // namespace
}  // namespace usb_mock

int main(int count, char** words) {
  const auto options = usb_mock::options_from(count, words);
  if (!options) {
    std::fprintf(stderr, "usage: wedge_bench [--units 32] [--rounds 3]\n");
    return 64;
  }
  usb_mock::bench(*options);
  return 0;
}
