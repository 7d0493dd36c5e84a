// What scheduler and store cost with 64, 500 and 1,000 units, and how that grows. Prints; judges nothing.
//
//   scale_bench [FOLDER]        where the database is made: on the disk that is asked about. Default: /tmp
//
// Scheduler: the engine and the virtual line in virtual time, one thread, small images; so the CPU is that of all
// decisions, of the units' work and of nothing else. Store: the same attempts through the recording thread into a real
// database, each unit waiting for its commit before its next record, as fast as they can.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <latch>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include <spdlog/sinks/null_sink.h>

#include "db/reader.h"
#include "db/store.h"
#include "station/record/recorder.h"
#include "tests/bench/child.h"
#include "tests/scheduler/fleet.h"

namespace {

using Wall = std::chrono::steady_clock;
using scheduler::fleet::Fleet;

// So many attempts are made with each count of units, in as many rounds as that takes.
constexpr int attempts_wanted = 4000;

double since(Wall::time_point begin) {
  return std::chrono::duration<double>(Wall::now() - begin).count();
}

double cpu() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

// The records of one unit, in order.
using Story = std::vector<scheduler::Record>;

struct Scheduled {
  int attempts = 0;
  std::uint64_t transfers = 0;
  std::uint64_t events = 0;
  double cpu_seconds = 0;
  std::vector<Story> timelines;  // by unit, with all its rounds
};

// Empty for what nobody waits for.
dfu::PortPath port_of(const scheduler::Record& record) {
  if (const auto* visit = std::get_if<scheduler::VisitStarted>(&record)) return visit->port;
  if (const auto* started = std::get_if<scheduler::AttemptStarted>(&record)) return started->port;
  if (const auto* finished = std::get_if<scheduler::AttemptFinished>(&record)) return finished->started.port;
  return {};
}

void one_round(int units, db::UuidGenerator& uuids, std::map<dfu::PortPath, Story>& timelines, Scheduled& out) {
  auto station = std::make_shared<config::StationConfig>();
  station->cap = units;
  static const auto recipe = scheduler::fleet::photon_recipe({20000, 12000, 8000});
  // One bus for each 60 units, so that they come back in time.
  dfu::virt::LineSpec spec = dfu::virt::photon_line(units, 12);
  for (auto& hub : spec.hubs) {
    const int number = std::atoi(hub.port.text.c_str() + 2) - 1;
    hub.port.text = std::to_string(1 + number / 8) + "-" + std::to_string(1 + number % 8);
  }
  for (int i = 0; i < units; ++i) {
    spec.units[static_cast<std::size_t>(i)].port.text =
        spec.hubs[static_cast<std::size_t>(i / 7)].port.text + "." + std::to_string(1 + i % 7);
  }
  Fleet fleet(spec, recipe, station);
  fleet.options.new_id = [&] { return db::to_string(uuids.next()); };
  const double begun = cpu();
  const auto totals = fleet.run();
  out.cpu_seconds += cpu() - begun;
  out.attempts += totals ? totals->attempts : 0;
  out.events += fleet.watcher.events.size();
  for (const auto& unit : spec.units) out.transfers += fleet.transfers(unit.port.text);
  for (const scheduler::Record& record : fleet.recorder.records) {
    const dfu::PortPath port = port_of(record);
    if (!port.text.empty()) timelines[port].push_back(record);
  }
}

Scheduled schedule(int units, db::UuidGenerator& uuids) {
  Scheduled out;
  std::map<dfu::PortPath, Story> timelines;
  while (out.attempts < attempts_wanted) one_round(units, uuids, timelines, out);
  for (auto& [port, timeline] : timelines) out.timelines.push_back(std::move(timeline));
  return out;
}

struct Stored {
  double seconds = 0;
  double cpu_seconds = 0;
  std::vector<double> milliseconds;  // from the record to its acknowledgement, ascending

  double percentile(double share) const {
    return milliseconds[static_cast<std::size_t>(share * static_cast<double>(milliseconds.size() - 1))];
  }
};

// Each unit gives its next record when the last one was acknowledged.
class Replay {
 public:
  Replay(station::StoreRecorder& recorder, const std::vector<Story>& timelines)
      : recorder_(recorder),
        timelines_(timelines),
        at_(timelines.size()),
        left_(static_cast<std::ptrdiff_t>(timelines.size())) {}

  std::vector<double> run() {
    for (std::size_t unit = 0; unit < timelines_.size(); ++unit) next(unit);
    left_.wait();
    std::sort(milliseconds_.begin(), milliseconds_.end());
    return std::move(milliseconds_);
  }

 private:
  void next(std::size_t unit) {
    if (at_[unit] == timelines_[unit].size()) return left_.count_down();
    const Wall::time_point given = Wall::now();
    recorder_.record(timelines_[unit][at_[unit]++], db::now(), [this, unit, given](bool) {
      {
        const std::lock_guard lock(mutex_);
        milliseconds_.push_back(since(given) * 1000);
      }
      next(unit);
    });
  }

  station::StoreRecorder& recorder_;
  const std::vector<Story>& timelines_;
  std::vector<std::size_t> at_;  // of a unit: its next record; used by the thread that acknowledged its last one
  std::latch left_;
  std::mutex mutex_;
  std::vector<double> milliseconds_;
};

Stored store(const std::vector<Story>& timelines, const std::string& file, db::UuidGenerator& uuids) {
  db::Run run;
  run.id = uuids.next();
  run.at = db::now();
  run.command = "bench";
  db::Store store(file, "bench", run, uuids);
  spdlog::logger logger("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
  station::StoreRecorder recorder(store, {"bench", store.installation(), nullptr, "bench"}, logger);
  Stored out;
  const auto begun = Wall::now();
  const double used = cpu();
  out.milliseconds = Replay(recorder, timelines).run();
  out.seconds = since(begun);
  out.cpu_seconds = cpu() - used;
  recorder.close();
  // Refusals would be fast.
  const std::size_t kept = db::Reader(file).attempts({.steps = false}).size();
  if (!recorder.problem().empty() || kept * 3 != out.milliseconds.size()) {
    throw std::runtime_error("records were refused: " + recorder.problem());
  }
  return out;
}

struct Row {
  int units = 0;
  Scheduled scheduled;
  Stored stored;

  double cpu_per_attempt() const { return scheduled.cpu_seconds / scheduled.attempts; }
  double commits() const { return static_cast<double>(stored.milliseconds.size()) / stored.seconds; }
};

void print_scheduler(const std::vector<Row>& rows) {
  std::printf("%-10s %6s %9s %14s %9s %13s %13s\n", "scheduler", "units", "attempts", "CPU ms/attempt", "to 64",
              "events/s", "transfers/s");
  for (const Row& row : rows) {
    const Scheduled& one = row.scheduled;
    std::printf("%-10s %6d %9d %14.3f %9.2f %13.0f %13.0f\n", "", row.units, one.attempts, row.cpu_per_attempt() * 1000,
                row.cpu_per_attempt() / rows.front().cpu_per_attempt(),
                static_cast<double>(one.events) / one.cpu_seconds,
                static_cast<double>(one.transfers) / one.cpu_seconds);
  }
}

void print_store(const std::vector<Row>& rows) {
  std::printf("\n%-10s %6s %9s %14s %9s %9s %8s %8s %8s\n", "store", "units", "records", "CPU ms/attempt", "acks/s",
              "to 64", "p50 ms", "p99 ms", "max ms");
  for (const Row& row : rows) {
    std::printf("%-10s %6d %9zu %14.3f %9.0f %9.2f %8.1f %8.1f %8.1f\n", "", row.units, row.stored.milliseconds.size(),
                row.stored.cpu_seconds / row.scheduled.attempts * 1000, row.commits(),
                row.commits() / rows.front().commits(), row.stored.percentile(0.5), row.stored.percentile(0.99),
                row.stored.milliseconds.back());
  }
}

}  // namespace

int main(int count, char** words) {
  if (count > 2) {
    std::fprintf(stderr, "usage: scale_bench [FOLDER]\n");
    return 2;
  }
  if (count == 2) setenv("TMPDIR", words[1], 1);
  const bench::Folder folder;
  db::UuidGenerator uuids;
  std::printf("load average %s\n\n", bench::load_average().c_str());
  std::vector<Row> rows;
  for (const int units : {64, 500, 1000}) {
    Row row{units, schedule(units, uuids), {}};
    row.stored = store(row.scheduled.timelines, folder.file(std::to_string(units) + ".db"), uuids);
    row.scheduled.timelines.clear();
    rows.push_back(std::move(row));
  }
  print_scheduler(rows);
  print_store(rows);
  std::printf("\nload average %s\n", bench::load_average().c_str());
  return 0;
}
