// A disk that fails at each of its writes in turn, under the engine, the recorder and the record as they are: nothing
// false is recorded, nothing is shown before it is recorded, and no further unit is touched.
#include <future>

#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <sqlite3.h>

#include "db/error.h"
#include "db/reader.h"
#include "db/verify.h"
#include "station/record/recorder.h"
#include "tests/db/failing_vfs.h"
#include "tests/scheduler/dialects.h"
#include "tests/scheduler/truth.h"
#include "tests/station/program.h"

namespace station {
namespace {

using scheduler::AttemptFinished;
using scheduler::fleet::port_of;

constexpr int units = 4;

// The recorder in virtual time: a caller waits for its thread, and the clock for no caller.
class WaitedFor : public scheduler::Recorder {
 public:
  WaitedFor(StoreRecorder& recorder, dfu::Clock& clock) : recorder_(recorder), clock_(clock) {}

  void record(scheduler::Record record, db::Time at, std::function<void(bool)> done) override {
    std::promise<bool> answer;
    recorder_.record(std::move(record), at, [&answer](bool committed) { answer.set_value(committed); });
    const bool committed = answer.get_future().get();
    clock_.after(std::chrono::milliseconds(5), [committed, done = std::move(done)] { done(committed); });
  }

 private:
  StoreRecorder& recorder_;
  dfu::Clock& clock_;
};

// What the line showed, and what was true of each unit when it was shown.
struct Shown {
  std::optional<scheduler::Totals> totals;
  std::string problem;                              // of the recorder
  std::map<std::string, scheduler::Outcome> ended;  // by attempt
  std::map<std::string, bool> well;                 // by attempt: the unit held and ran the recipe
  std::map<std::string, std::uint32_t> transfers;   // by port
};

class FailingDisk : public testing::Test {
 protected:
  std::unique_ptr<db::Store> open(const std::string& path) {
    db::Run run;
    run.at = db::now();
    run.id = uuids_.next();
    run.command = "flash";
    run.software = "test";
    return std::make_unique<db::Store>(path, "line-3", run, uuids_);
  }

  // Two units at a time, so that there are some which are still to come.
  Shown flash(db::Store& store) {
    auto station = std::make_shared<config::StationConfig>();
    station->cap = 2;
    const auto dialects = scheduler::dialects::systems();
    scheduler::fleet::Fleet fleet(scheduler::dialects::line_of(dialects[0].unit, units), dialects[0].recipe, station);
    StoreRecorder recorder(store, {"line-3", store.installation(), nullptr, ""}, logger_);
    WaitedFor waited(recorder, fleet.clock);
    Shown shown;
    fleet.watcher.on_event = [&](const scheduler::Event& event) {
      const auto* ended = std::get_if<scheduler::AttemptEnded>(&event);
      if (!ended) return;
      const AttemptFinished& finished = ended->finished;
      const auto truth = scheduler::truth::truth_of(fleet, finished.started.port.text);
      shown.ended[finished.started.attempt] = finished.outcome;
      shown.well[finished.started.attempt] = truth.holds && truth.started;
    };
    fleet.options.new_id = [this] { return db::to_string(uuids_.next()); };
    fleet.engine =
        std::make_unique<scheduler::Engine>(fleet.line, fleet.clock, fleet.pool, waited, fleet.watcher, fleet.options);
    fleet.engine->start([&](scheduler::Totals totals) { shown.totals = totals; });
    fleet.clock.run();
    recorder.close();
    shown.problem = recorder.problem();
    for (int i = 0; i < units; ++i) shown.transfers[port_of(i)] = fleet.transfers(port_of(i));
    return shown;
  }

  // The database as it is found afterwards, on a disk that is well.
  void check(const std::string& path, const Shown& shown, bool failed) {
    ASSERT_TRUE(shown.totals) << "the line never came to an end";
    if (shown.totals->records_lost) {
      EXPECT_NE(shown.problem, "");
    }
    EXPECT_TRUE(shown.problem.empty() || failed) << shown.problem;
    const auto verified = db::verify_chain(path);
    ASSERT_TRUE(verified.sound());
    std::map<std::string, db::Outcome> recorded;
    std::map<std::string, bool> begun;  // by port
    for (const db::Attempt& attempt : db::Reader(path).attempts()) {
      recorded[db::to_string(attempt.started.attempt)] = attempt.finished.outcome;
      begun[attempt.visit.port] = true;
      EXPECT_NE(attempt.finished.outcome, db::Outcome::running);
    }
    int green = 0;
    for (const auto& [id, outcome] : shown.ended) {
      if (outcome != scheduler::Outcome::passed) continue;
      ++green;
      EXPECT_EQ(recorded[id], db::Outcome::passed) << "a green light before its commit";
    }
    EXPECT_EQ(shown.totals->passed, green);
    for (const auto& [id, outcome] : recorded) {
      if (outcome == db::Outcome::passed) {
        EXPECT_TRUE(shown.well.contains(id) && shown.well.at(id)) << "a pass on record that is not true";
      }
    }
    for (const auto& [port, transfers] : shown.transfers) {
      EXPECT_TRUE(transfers == 0 || begun[port]) << port << " was touched and is not on record";
    }
  }

  void run_with(std::uint64_t operation, int code, db::FailingVfs::Times times) {
    const std::string path = folder_.path("r" + std::to_string(++runs_) + ".db");
    bool failed = false;
    Shown shown;
    {
      db::FailingVfs vfs;
      vfs.fail_at(operation, code, times);
      std::unique_ptr<db::Store> store;
      try {
        store = open(path);
      } catch (const db::Error& error) {
        EXPECT_TRUE(vfs.has_failed()) << error.what();
        EXPECT_NE(std::string(error.what()), "");
        ++refused_;
        return;  // and with it the line does not start
      }
      shown = flash(*store);
      store.reset();
      failed = vfs.has_failed();
    }
    lost_ += shown.totals && shown.totals->records_lost;
    check(path, shown, failed);
    // The next start closes what was left open, and the record goes on.
    if (testing::Test::HasFailure()) return;
    const auto next = open(path);
    for (const db::Attempt& attempt : db::Reader(path).attempts()) EXPECT_FALSE(attempt.open);
  }

  // How many operations opening a new database and a whole run take.
  std::uint64_t operations_of_a_run() {
    db::FailingVfs vfs;
    vfs.fail_at(0, SQLITE_OK, db::FailingVfs::Times::once);
    auto store = open(folder_.path("whole.db"));
    const Shown shown = flash(*store);
    EXPECT_EQ(shown.totals->passed, units);
    store.reset();
    return vfs.operations();
  }

  void sweep(int code, db::FailingVfs::Times times) {
    const std::uint64_t all = operations_of_a_run();
    ASSERT_GT(all, 50u);
    for (std::uint64_t n = 1; n <= all; ++n) {
      SCOPED_TRACE("operation " + std::to_string(n) + " of " + std::to_string(all));
      run_with(n, code, times);
      if (HasFailure()) return;
    }
    std::cout << all << " places: the record could not be opened at " << refused_ << ", records were lost at " << lost_
              << "\n";
    EXPECT_GT(refused_, 0);
    EXPECT_GT(lost_, 0);
  }

  ProgramFolder folder_;
  db::UuidGenerator uuids_;
  spdlog::logger logger_{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
  int runs_ = 0, refused_ = 0, lost_ = 0;
};

TEST_F(FailingDisk, FullFromAnyWriteOnNothingFalseIsRecordedOrShown) {
  sweep(SQLITE_FULL, db::FailingVfs::Times::for_ever);
}

TEST_F(FailingDisk, OneWriteThatFailsAnywhereEndsTheRecordingForThisRun) {
  sweep(SQLITE_IOERR_WRITE, db::FailingVfs::Times::once);
}

TEST_F(FailingDisk, GoneReadOnlyAtAnyMomentIsNoted) {
  sweep(SQLITE_READONLY, db::FailingVfs::Times::for_ever);
}

}  // namespace
}  // namespace station
