// Writes a record as a factory would have left it after a few days, for tests that read reports and for people who
// want to look at one. The rows are those of factory.h, written by the real store.
//
//   make_record DATABASE ATTEMPTS [SECONDS-BETWEEN-UNITS]
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "db/store.h"
#include "tests/bench/factory.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "make_record DATABASE ATTEMPTS [SECONDS-BETWEEN-UNITS]\n";
    return 64;
  }
  const std::size_t attempts = std::strtoull(argv[2], nullptr, 10);
  bench::FactoryPlan plan;
  const double seconds = argc > 3 ? std::strtod(argv[3], nullptr) : 90;
  plan.interval = db::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  plan.units_per_job = std::max<std::size_t>(200, attempts / 200);
  plan.units_per_lot = plan.units_per_job * 5;
  db::UuidGenerator uuids;
  db::Run run;
  run.at = plan.begin;
  run.id = uuids.next(run.at);
  run.command = "run";
  run.software = "0.1.0";
  run.host = "bench";
  bench::Factory factory(uuids, plan);
  db::Store store(argv[1], "line-3", run, uuids);
  while (factory.attempts() < attempts) {
    std::vector<db::Record> batch;
    for (int i = 0; i < bench::Factory::slots && factory.attempts() < attempts; ++i) {
      for (db::Record& record : factory.unit()) batch.push_back(std::move(record));
    }
    store.append(batch);
  }
}
