// kill_sweep: `flashline flash` is killed (SIGKILL) at random moments, again and again, on units that live on behind
// the mock kernel and are what they are. After each kill the record is held against what was shown and against the
// units' own flash. Units that a kill leaves in DFU mode, half-written or not, are there for the next run; the others
// are exchanged for new ones. Prints a summary, and what is not true; fails if there is anything.
//
//   kill_sweep [--kills N] [--seed S] [--units N]
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "db/reader.h"
#include "db/verify.h"
#include "tests/usb/child.h"
#include "tests/usb/mock_kernel.h"
#include "tests/usb/numbers.h"

namespace usb_mock {
namespace {

namespace fs = std::filesystem;
using dfu::virt::BootOutcome;
using dfu::virt::VirtualUnit;

// The units', not the program's: its limits stay what they are.
constexpr double speed = 8;
// A run takes about as long at that speed: the start of the program, four flashes, the proofs of boot.
constexpr int longest_life_ms = 2400;

struct Options {
  unsigned kills = 1000;
  unsigned seed = 1;
  unsigned units = 4;
};

struct Image {
  const char* file;
  std::uint32_t address;
};
constexpr Image images[] = {
    {"system-part1.bin", 0x08020000}, {"system-part2.bin", 0x08060000}, {"user.bin", 0x080A0000}};

dfu::Bytes read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return {text.begin(), text.end()};
}

// What the program had said when it was killed; a line without its end was not said.
struct Shown {
  std::set<std::string> started;
  std::map<std::string, std::string> ended;  // by attempt: the outcome
};

Shown shown_by(const std::string& out) {
  Shown shown;
  std::istringstream lines(out.substr(0, out.rfind('\n') + 1));
  for (std::string line; std::getline(lines, line);) {
    const std::string event = value_of(line, "event"), attempt = value_of(line, "attempt");
    if (event == "attempt_started") shown.started.insert(attempt);
    if (event == "attempt_finished") shown.ended[attempt] = value_of(line, "outcome");
  }
  return shown;
}

struct Tally {
  unsigned kills = 0, ended_before = 0, before_any = 0, attempts = 0, interrupted = 0, passed = 0, finished = 0;
  unsigned partial_flashes = 0;
  std::vector<std::string> wrong;
};

class Sweep {
 public:
  explicit Sweep(const Options& options)
      : options_(options), random_(options.seed), kernel_({.line = line_of(options.units)}) {
    std::string name = fs::temp_directory_path() / "flashline-kill-XXXXXX";
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder in " + name);
    folder_ = name;
    for (const Image& image : images) bytes_.push_back(read_file(fs::path(FLASHLINE_EXAMPLES) / image.file));
    for (unsigned i = 0; i < options.units; ++i) ports_.push_back("1-1." + std::to_string(i + 1));
  }
  ~Sweep() { fs::remove_all(folder_); }

  Tally run() {
    for (unsigned n = 1; n <= options_.kills; ++n) {
      kill_once(n);
      if (n % 50 == 0) std::cerr << n << " kills, " << tally_.wrong.size() << " things that are not true\n";
      if (tally_.wrong.size() > 20) break;
    }
    last_start();
    return tally_;
  }

 private:
  static dfu::virt::LineSpec line_of(unsigned units) {
    dfu::virt::LineSpec line = dfu::virt::photon_line(static_cast<int>(units), 3);
    constexpr int generations[] = {3, 8, 12, 7};
    for (std::size_t i = 0; i < line.units.size(); ++i) line.units[i].generation = generations[i % 4];
    line.speed = speed;
    return line;
  }

  std::string database() const { return folder_ / "r.db"; }
  void wrong(unsigned kill, const std::string& what) {
    tally_.wrong.push_back("kill " + std::to_string(kill) + ": " + what);
  }

  void kill_once(unsigned n) {
    ++tally_.kills;
    std::vector<std::string> words{FLASHLINE_PROGRAM, "flash", FLASHLINE_EXAMPLES "/photon.toml",
                                   "--json",          "--db",  database()};
    auto environment = kernel_.environment(true);
    environment.push_back("HOME=" + folder_.string());
    const auto life = std::chrono::milliseconds(std::uniform_int_distribution<int>(0, longest_life_ms)(random_));
    Child child(words, environment, folder_);
    std::this_thread::sleep_for(life);
    child.signal(SIGKILL);
    const Ran ran = child.wait();
    wait_for_kernel();
    const bool by_itself = ran.status != 128 + SIGKILL;
    tally_.ended_before += by_itself;
    const Shown shown = shown_by(ran.out);
    tally_.before_any += shown.started.empty();
    check(n, shown, by_itself ? std::optional(ran.status) : std::nullopt);
    exchange_units();
  }

  // What the program had asked for reaches the units after its death, too: until the kernel takes its claims away.
  void wait_for_kernel() {
    constexpr int most_looks = 2000;
    for (const std::string& port : ports_) {
      for (int i = 0; i < most_looks && is_in_dfu(port) && !kernel_.hold(port, 0); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      kernel_.let_go(port, 0);
    }
  }

  bool is_in_dfu(const std::string& port) {
    bool in_dfu = false;
    kernel_.line().with_unit({port}, [&](VirtualUnit& unit) { in_dfu = unit.mode() == VirtualUnit::Mode::dfu; });
    return in_dfu;
  }

  // The record against what was shown and what the units hold. Nobody works on them now.
  void check(unsigned n, const Shown& shown, std::optional<int> status) {
    if (!fs::exists(database())) {
      if (!shown.started.empty()) wrong(n, "an attempt was shown, and there is no record");
      return;
    }
    std::vector<db::Attempt> attempts;
    try {
      // Killed before the station's own name was recorded there is none yet.
      const auto verified = db::verify_chain(database());
      if (!verified.sound() && !verified.chains.empty()) wrong(n, "the hash chain is broken");
      attempts = db::Reader(database()).attempts();
    } catch (const std::exception& error) {
      // Killed before the first row was committed.
      if (!shown.started.empty()) wrong(n, std::string("the record cannot be read: ") + error.what());
      return;
    }
    check_older(n, attempts);
    std::map<std::string, std::string> recorded;
    for (std::size_t i = known_; i < attempts.size(); ++i) check_new(n, attempts[i], recorded);
    known_ = attempts.size();
    for (const std::string& attempt : shown.started) {
      if (!recorded.contains(attempt)) wrong(n, "attempt " + attempt + " was shown as begun and is not on record");
    }
    for (const auto& [attempt, outcome] : shown.ended) {
      if (recorded[attempt] != outcome) {
        wrong(n, "attempt " + attempt + " was shown as " + outcome + " and is on record as " + recorded[attempt]);
      }
    }
    if (status == 0 && std::ranges::any_of(recorded, [](const auto& one) {
          return one.second != "passed" && one.second != "already";
        })) {
      wrong(n, "the program ended with 0 and not all passed");
    }
    check_neighbours_of(n, recorded.size());
  }

  // The start of this run has closed whatever the one before left open; unless it was killed before that.
  void check_older(unsigned n, const std::vector<db::Attempt>& attempts) {
    for (std::size_t i = 0; i < known_ && i < attempts.size(); ++i) {
      const bool closed = !attempts[i].open;
      const bool left_open = open_.contains(db::to_string(attempts[i].started.attempt));
      if (!closed && attempts.size() > known_) wrong(n, "an attempt was left open by a start that began others");
      if (closed && left_open && attempts[i].finished.outcome != db::Outcome::interrupted) {
        wrong(n, "an attempt that a kill cut off has become something else than interrupted");
      }
    }
    if (attempts.size() < known_) wrong(n, "attempts are gone from the record");
  }

  void check_new(unsigned n, const db::Attempt& attempt, std::map<std::string, std::string>& recorded) {
    const std::string id = db::to_string(attempt.started.attempt);
    const db::Outcome outcome = attempt.finished.outcome;
    recorded[id] = std::string(db::to_string(outcome));
    ++tally_.attempts;
    tally_.interrupted += outcome == db::Outcome::interrupted;
    tally_.finished += !attempt.open;
    if (attempt.open) open_.insert(id);
    if (outcome == db::Outcome::running) wrong(n, "an attempt is called running, and nobody runs");
    if (outcome != db::Outcome::passed && outcome != db::Outcome::already) return;
    ++tally_.passed;
    if (!runs_images(attempt.visit.port)) wrong(n, "a pass on record for " + attempt.visit.port + ", which is not so");
  }

  // A unit that was written to is on record.
  void check_neighbours_of(unsigned n, std::size_t begun) {
    std::size_t written = 0;
    for (const std::string& port : ports_) {
      kernel_.line().with_unit({port}, [&](VirtualUnit& unit) { written += unit.work().words != words_[port]; });
    }
    if (written > begun) wrong(n, "a unit was written to, and its attempt is not on record");
  }

  bool runs_images(const std::string& port) {
    bool well = false;
    kernel_.line().with_unit({port}, [&](VirtualUnit& unit) {
      well = unit.last_boot() && unit.last_boot()->outcome == BootOutcome::application;
      for (std::size_t i = 0; i < std::size(images); ++i) {
        const auto end = images[i].address + static_cast<std::uint32_t>(bytes_[i].size());
        well = well && std::ranges::equal(unit.flash().view({images[i].address, end}), bytes_[i]);
      }
    });
    return well;
  }

  // For the next run every port has a unit in DFU mode: the one that the kill left there, or a new one.
  void exchange_units() {
    for (const std::string& port : ports_) {
      kernel_.line().with_unit({port}, [&](VirtualUnit& unit) { words_[port] = unit.work().words; });
      if (is_in_dfu(port)) {
        tally_.partial_flashes += words_[port] != 0;
        continue;
      }
      kernel_.line().pull({port});
      kernel_.wait_for(port, false);
      kernel_.line().fresh({port});
      kernel_.line().plug({port});
      words_[port] = 0;
    }
    for (const std::string& port : ports_) {
      if (!kernel_.wait_for(port, true)) throw std::runtime_error("the unit at " + port + " did not come back");
    }
  }

  // One that is left alone passes, and nothing is open afterwards.
  void last_start() {
    auto environment = kernel_.environment(true);
    environment.push_back("HOME=" + folder_.string());
    const Ran ran =
        usb_mock::run({FLASHLINE_PROGRAM, "flash", FLASHLINE_EXAMPLES "/photon.toml", "--json", "--db", database()},
                      environment, folder_);
    if (ran.status != 0) {
      wrong(0, "the last run, which nobody killed, ended with " + std::to_string(ran.status) + ": " + ran.err);
    }
    if (!fs::exists(database())) return;
    check(0, shown_by(ran.out), ran.status);
    for (const db::Attempt& attempt : db::Reader(database()).attempts()) {
      if (attempt.open) wrong(0, "an attempt is still open at the end");
    }
  }

  const Options options_;
  std::mt19937 random_;
  MockKernel kernel_;
  fs::path folder_;
  std::vector<std::string> ports_;
  std::vector<dfu::Bytes> bytes_;
  std::map<std::string, std::uint32_t> words_;  // by port: programmed before this run
  std::set<std::string> open_;                  // attempts that a kill has cut off
  std::size_t known_ = 0;                       // attempts on record that were looked at
  Tally tally_;
};

int report(const Options& options, const Tally& tally, double seconds) {
  for (const std::string& what : tally.wrong) std::cout << "WRONG: " << what << "\n";
  std::cout << tally.kills << " kills at random moments (--seed " << options.seed << ") in " << seconds
            << " s: " << tally.before_any << " before any attempt, " << tally.ended_before
            << " after the program had ended by itself\n"
            << tally.attempts << " attempts on record: " << tally.passed << " passed, " << tally.interrupted
            << " interrupted, " << tally.finished << " with an end of their own\n"
            << tally.partial_flashes << " units went into their next run as a kill had left them\n"
            << tally.wrong.size() << " things that are not true\n";
  return tally.wrong.empty() ? 0 : 1;
}

std::optional<Options> options_from(int count, char** words) {
  Options options;
  const bool good = read_numbers<unsigned>(
      count, words, {{"--kills", &options.kills}, {"--seed", &options.seed}, {"--units", &options.units}});
  if (!good || options.units < 1 || options.units > 7) return {};
  return options;
}

}  // namespace
}  // namespace usb_mock

int main(int count, char** words) {
  const auto options = usb_mock::options_from(count, words);
  if (!options) {
    std::cerr << "usage: kill_sweep [--kills N] [--seed S] [--units 1..7]\n";
    return 2;
  }
  const auto begun = std::chrono::steady_clock::now();
  const usb_mock::Tally tally = usb_mock::Sweep(*options).run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  return usb_mock::report(*options, tally, took.count());
}
