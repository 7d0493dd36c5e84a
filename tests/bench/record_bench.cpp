// How the record bears a factory's years: makes a database of N attempts through the real store, and times what people
// ask of it with the real program. Prints; asserts nothing.
//
//   record_bench [ATTEMPTS] [FOLDER]
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <random>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "db/store.h"
#include "tests/bench/factory.h"
#include "tests/bench/real_line.h"

namespace {

using bench::Factory;
using Clock = std::chrono::steady_clock;

constexpr int slots = Factory::slots;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

db::Run this_run(db::UuidGenerator& uuids) {
  db::Run run;
  run.at = db::now();
  run.id = uuids.next(run.at);
  run.command = "record_bench";
  return run;
}

struct Filled {
  std::string last_unit;
  std::size_t rows = 0;
};

Filled fill(const std::string& path, std::size_t attempts) {
  db::UuidGenerator uuids;
  Factory factory(uuids);
  db::Store store(path, "bench", this_run(uuids), uuids);
  const auto begin = Clock::now();
  while (factory.attempts() < attempts) {
    std::vector<db::Record> batch;
    for (int i = 0; i < slots; ++i) {
      for (db::Record& record : factory.unit()) batch.push_back(std::move(record));
    }
    store.append(batch);
  }
  const double took = seconds_since(begin);
  std::cout << fmt::format("written    {} attempts with {} rows in {:.1f} s: {:.0f} attempts/s, {:.0f} rows/s\n",
                           factory.attempts(), store.head().seq, took, static_cast<double>(factory.attempts()) / took,
                           static_cast<double>(store.head().seq) / took);
  std::cout << fmt::format("size       {:.0f} MiB, {:.0f} bytes an attempt\n",
                           static_cast<double>(std::filesystem::file_size(path)) / 1048576,
                           static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(attempts));
  return {factory.last_unit(), static_cast<std::size_t>(store.head().seq)};
}

// 64 units, each of which waits for its record before it goes on, as the engine's do: how long is the wait? Commits are
// gathered as the recorder gathers them: whatever is waiting goes into one transaction.
void acknowledge(const std::string& what, const std::string& path, int rounds) {
  db::UuidGenerator uuids;
  Factory factory(uuids);
  db::Store store(path, "bench", this_run(uuids), uuids);
  struct Waiting {
    db::Record record;
    Clock::time_point since;
    std::binary_semaphore* done;
  };
  std::mutex mutex;
  std::vector<Waiting> waiting;
  std::vector<double> waits;
  std::jthread recorder([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<Waiting> batch;
      {
        const std::lock_guard lock(mutex);
        batch.swap(waiting);
      }
      if (batch.empty()) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        continue;
      }
      std::vector<db::Record> records;
      for (const Waiting& one : batch) records.push_back(one.record);
      store.append(records);
      for (const Waiting& one : batch) {
        waits.push_back(seconds_since(one.since) * 1000);
        one.done->release();
      }
    }
  });
  const auto begin = Clock::now();
  std::vector<std::jthread> units;
  for (int i = 0; i < slots; ++i) {
    units.emplace_back([&] {
      std::binary_semaphore done(0);
      for (int round = 0; round < rounds; ++round) {
        std::vector<db::Record> records;
        {
          const std::lock_guard lock(mutex);
          records = factory.unit();
        }
        for (db::Record& record : records) {
          {
            const std::lock_guard lock(mutex);
            waiting.push_back({std::move(record), Clock::now(), &done});
          }
          done.acquire();
        }
      }
    });
  }
  units.clear();
  const double rate = slots * rounds / seconds_since(begin);
  recorder.request_stop();
  recorder.join();
  std::ranges::sort(waits);
  std::cout << fmt::format(
      "{:<34} {:7.0f} units/s, {} commits acknowledged: p50 {:.1f} ms, p99 {:.1f} ms, worst {:.1f} ms\n", what, rate,
      waits.size(), waits[waits.size() / 2], waits[waits.size() * 99 / 100], waits.back());
}

// The program's own line of 64 units in real time, recorded in this database: alone and while reports of everything are
// written again and again; alone once more, for the host's own moods.
void line_beside_reports(const std::string& path, const std::string& report) {
  const auto line = [&path](const char* what) {
    const bench::RealLine ran = bench::flash_in_real_time(slots, path);
    std::cout << fmt::format("{:<34} {:7.2f} s until the last of {} verdicts, {} passed\n", what, ran.verdicts,
                             ran.units, ran.passed)
              << std::flush;
    return ran.verdicts;
  };
  const double before = line("64 units flashed, no report");
  std::jthread reporter([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (std::system((report + "--format csv >/dev/null").c_str()) != 0) return;
    }
  });
  const double beside = line("64 units flashed beside reports");
  reporter.request_stop();
  reporter.join();
  const double after = line("64 units flashed, no report");
  std::cout << fmt::format("a line beside reports takes {:.3f} of its time alone\n", 2 * beside / (before + after));
}

void time_command(const std::string& what, const std::string& command, std::size_t rows = 0) {
  const auto begin = Clock::now();
  const int status = std::system((command + " >/dev/null").c_str());
  const double took = seconds_since(begin);
  std::cout << fmt::format("{:<34} {:7.2f} s", what, took);
  if (rows > 0) std::cout << fmt::format("  {:9.0f} rows/s", static_cast<double>(rows) / took);
  std::cout << (status == 0 ? "\n" : "  EXIT STATUS NOT 0\n") << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string program = FLASHLINE_PROGRAM;
  const std::size_t attempts = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::filesystem::path folder = argc > 2 ? argv[2] : std::filesystem::temp_directory_path() / "record_bench";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  acknowledge("64 units, an empty record", folder / "commits.db", 20);
  const std::string path = folder / "record.db";
  const Filled filled = fill(path, attempts);
  const std::string report = program + " report --db " + path + " ";
  time_command("audit verify", program + " audit verify --db " + path, filled.rows);
  time_command("summary (report --summary)", report + "--summary");
  time_command("one unit", report + "--unit " + filled.last_unit);
  time_command("one slot, one day", report + "--slot A7 --since 2024-12-20 --until 2024-12-21");
  time_command("by slot", report + "--by slot");
  time_command("holders of an image", report + "--holds tinker.bin --format csv");
  time_command("one job", report + "--job J-7");
  time_command("html of one job", report + "--job J-7 --format html -o " + (folder / "j.html").string());
  time_command("text of all", report, attempts);
  time_command("csv of all", report + "--format csv", attempts);
  time_command("jsonl of all", report + "--format jsonl", attempts);
  time_command("html of all", report + "--format html", attempts);
  time_command("xlsx of all", report + "--format xlsx -o " + (folder / "all.xlsx").string(), attempts);
  acknowledge("64 units, a full record", path, 20);
  time_command("backup", program + " db backup --db " + path + " " + (folder / "copy.db").string());
  line_beside_reports(path, report);
  std::filesystem::remove_all(folder);
}
