// The fault table: every kind of unit and firmware, under every proof of boot, cut off from power after each transfer
// of a flash, and with each fault at each place where it can strike. The station's verdict is held against the unit's
// own flash and boot at that moment. It prints what became of the units and each verdict that is not true, and fails if
// there is one.
//
//   fault_table [--each] [--dialect NAME] [--proof NAME] [--only CASE] [--stride N [--offset K]] [--jobs N]
//   [--first-lie]
//
// --each adds a row for each dialect and fault. --stride N takes one place in N, from K on; K is otherwise the day, so
// that a run which cannot afford all places gets to all of them in time. --first-lie stops there.
// --only takes the one case with that name, as a line "LIE: CASE: ..." has it.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/scheduler/fault_matrix.h"

namespace scheduler {
namespace {

using dialects::Dialect;
using matrix::Case;
using matrix::Result;

struct Options {
  bool each = false;
  bool first_lie = false;
  std::string dialect, proof, only;
  std::uint32_t stride = 1;
  std::uint32_t offset = 0;
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
};

struct Tally {
  int cases = 0, passed = 0, later = 0, failed = 0, unproved = 0, beyond = 0, lies = 0;

  void add(const Result& result) {
    ++cases;
    ++(!result.passed ? failed : result.first ? passed : later);
    unproved += result.unproved;
    beyond += result.beyond.has_value();
    lies += !result.lies.empty();
  }
  void add(const Tally& other) {
    cases += other.cases;
    passed += other.passed;
    later += other.later;
    failed += other.failed;
    unproved += other.unproved;
    beyond += other.beyond;
    lies += other.lies;
  }
};

std::string name_of(const Case& job) {
  return job.dialect + ", proof " + job.proof + ", " + job.what + " at " + job.where;
}

std::vector<Case> chosen(std::vector<Case> jobs, const Options& options) {
  std::vector<Case> taken;
  std::erase_if(jobs, [&](const Case& job) {
    return (!options.dialect.empty() && job.dialect != options.dialect) ||
           (!options.proof.empty() && job.proof != options.proof) ||
           (!options.only.empty() && name_of(job) != options.only);
  });
  for (std::size_t i = options.offset % options.stride; i < jobs.size(); i += options.stride) {
    taken.push_back(std::move(jobs[i]));
  }
  return taken;
}

struct Row {
  std::string dialect, proof, what;
  Tally tally;
};

// Runs all on some threads; the results stand as the jobs do. After the first lie the rest may be left out.
std::vector<Result> run_all(const std::vector<Case>& jobs, const Options& options) {
  std::vector<Result> results(jobs.size());
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < options.jobs; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at; (at = next++) < jobs.size();) {
        results[at] = jobs[at].run();
        if (options.first_lie && !results[at].lies.empty()) next = jobs.size();
      }
    });
  }
  threads.clear();
  return results;
}

// ---- what is printed

void print_row(const std::string& name, const Tally& tally) {
  std::cout << std::left << std::setw(38) << name << std::right << std::setw(7) << tally.cases << std::setw(9)
            << tally.passed << std::setw(9) << tally.later << std::setw(9) << tally.failed << std::setw(10)
            << tally.unproved << std::setw(8) << tally.beyond << std::setw(7) << tally.lies << "\n";
}

void print_head(const std::string& title) {
  std::cout << "\n"
            << std::left << std::setw(38) << title << std::right << std::setw(7) << "cases" << std::setw(9) << "passed"
            << std::setw(9) << "later" << std::setw(9) << "failed" << std::setw(10) << "unproved" << std::setw(8)
            << "beyond" << std::setw(7) << "lies"
            << "\n";
}

// The rows summed up by `key`, in the order in which the keys come.
void print_by(const std::string& title, const std::vector<Row>& rows,
              const std::function<std::string(const Row&)>& key) {
  std::vector<std::pair<std::string, Tally>> sums;
  for (const Row& row : rows) {
    const std::string name = key(row);
    auto sum = std::find_if(sums.begin(), sums.end(), [&](const auto& one) { return one.first == name; });
    if (sum == sums.end()) sum = sums.insert(sums.end(), {name, {}});
    sum->second.add(row.tally);
  }
  print_head(title);
  for (const auto& [name, tally] : sums) print_row(name, tally);
}

std::vector<Row> rows_of(const std::vector<Case>& jobs, const std::vector<Result>& results) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Case& job = jobs[i];
    const bool same = !rows.empty() && rows.back().dialect == job.dialect && rows.back().proof == job.proof &&
                      rows.back().what == job.what;
    if (!same) rows.push_back({job.dialect, job.proof, job.what, {}});
    rows.back().tally.add(results[i]);
  }
  return rows;
}

// Why those that passed and do not run what was written could not be told by the proof that was asked for.
void print_beyond(const std::vector<Result>& results) {
  std::map<std::string, int> reasons;
  for (const Result& result : results) {
    if (result.beyond) ++reasons[*result.beyond];
  }
  std::cout << "\nnot provable with the proof asked for\n";
  for (const auto& [reason, count] : reasons) std::cout << std::setw(7) << count << "  " << reason << "\n";
}

int report(const std::vector<Case>& jobs, const std::vector<Result>& results, const Options& options) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (const std::string& lie : results[i].lies) {
      std::cout << "LIE: " << name_of(jobs[i]) << ": " << lie << "\n";
    }
  }
  const std::vector<Row> rows = rows_of(jobs, results);
  Tally all;
  for (const Row& row : rows) all.add(row.tally);
  print_by("by unit", rows, [](const Row& row) { return row.dialect; });
  print_by("by fault", rows, [](const Row& row) { return row.what; });
  print_by("by proof of boot", rows, [](const Row& row) { return row.proof; });
  if (options.each)
    print_by("by both", rows, [](const Row& row) { return row.dialect + ", " + row.proof + ", " + row.what; });
  print_beyond(results);
  std::cout << "\n";
  print_row("all", all);
  std::cout
      << "\npassed: with the first attempt; later: with a further one; failed: no pass, and rightly so.\n"
         "unproved: passed with a wrong byte where the recipe waives the reading back of a unit that cannot be\n"
         "read: the record says so. beyond: passed, does not run what was written, and the proof that the recipe asks\n"
         "for cannot show it, for the reasons above. lies: verdicts that are not true, neighbours harmed, attempts "
         "without an end.\n"
         "cut: power cut after a transfer; each of these units was flashed again and finished.\n\n";
  return all.lies == 0 ? 0 : 1;
}

// ---- the command

std::optional<std::uint32_t> number_from(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::uint32_t today() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::days>(since).count());
}

std::optional<Options> options_from(const std::vector<std::string>& words) {
  Options options;
  options.offset = today();
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--each" || words[i] == "--first-lie") {
      (words[i] == "--each" ? options.each : options.first_lie) = true;
      continue;
    }
    if (i + 1 == words.size()) return {};
    const std::string& value = words[i + 1];
    const auto number = number_from(value);
    if (words[i] == "--dialect") {
      options.dialect = value;
    } else if (words[i] == "--proof") {
      options.proof = value;
    } else if (words[i] == "--only") {
      options.only = value;
    } else if (words[i] == "--stride" && number.value_or(0) > 0) {
      options.stride = *number;
    } else if (words[i] == "--offset" && number) {
      options.offset = *number;
    } else if (words[i] == "--jobs" && number.value_or(0) > 0) {
      options.jobs = *number;
    } else {
      return {};
    }
    ++i;
  }
  return options;
}

int run(const Options& options) {
  const auto begun = std::chrono::steady_clock::now();
  const std::vector<Dialect> subjects = matrix::subjects();
  const std::vector<Case> jobs = chosen(matrix::jobs_for(subjects), options);
  if (jobs.empty()) {
    std::cerr << "fault_table: there is no case" << (options.only.empty() ? "" : " '" + options.only + "'")
              << " of dialect '" << options.dialect << "' with a proof '" << options.proof << "'\n";
    return 2;
  }
  const int status = report(jobs, run_all(jobs, options), options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::cout << jobs.size() << " cases";
  if (options.stride > 1) std::cout << " (--stride " << options.stride << " --offset " << options.offset << ")";
  std::cout << " in " << std::fixed << std::setprecision(1) << took.count() << " s\n";
  return status;
}

}  // namespace
}  // namespace scheduler

int main(int count, char** words) {
  const auto options = scheduler::options_from({words + 1, words + count});
  if (!options) {
    std::cerr << "usage: fault_table [--each] [--first-lie] [--dialect NAME] [--proof NAME] [--only CASE]\n"
                 "                   [--stride N [--offset K]] [--jobs N]\n";
    return 2;
  }
  return scheduler::run(*options);
}
