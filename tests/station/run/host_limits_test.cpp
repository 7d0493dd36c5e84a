// A host that has run out of something, for the program as it is: it says so, ends with a status of its list, and has
// recorded and shown nothing that is not so.
#include <QJsonDocument>
#include <QJsonObject>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "db/reader.h"
#include "db/verify.h"
#include "station/record/recorder.h"
#include "tests/station/program.h"
#include "tests/station/sample_values.h"

namespace station {
namespace {

using testing::AnyOf;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;

// For this process and those that it starts, while it lives.
class Limit {
 public:
  Limit(__rlimit_resource what, rlim_t most) : what_(what) {
    getrlimit(what, &before_);
    rlimit less = before_;
    less.rlim_cur = most;
    EXPECT_EQ(setrlimit(what, &less), 0);
  }
  ~Limit() { setrlimit(what_, &before_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  const __rlimit_resource what_;
  rlimit before_{};
};

std::map<std::string, std::string> outcomes_in(const std::string& out) {
  std::map<std::string, std::string> outcomes;
  std::istringstream lines(out.substr(0, out.rfind('\n') + 1));
  for (std::string line; std::getline(lines, line);) {
    const QJsonObject event = QJsonDocument::fromJson(QByteArray::fromStdString(line)).object();
    if (event["event"].toString() != "attempt_finished") continue;
    outcomes[event["attempt"].toString().toStdString()] = event["outcome"].toString().toStdString();
  }
  return outcomes;
}

class HostLimits : public testing::Test {
 protected:
  Ran flash(const std::string& database) const {
    return folder_.run(
        {"flash", example_recipe(), "--db", database, "--line", "virtual", "--units", "3", "--speed", "20", "--json"});
  }

  // With so many files open at most. The limit is a hard one, for the program raises the other; this process could not
  // take it back.
  Ran flash_with(int files, const std::string& database) const {
    const std::string command = "cd '" + folder_.path("") + "'; { ulimit -n " + std::to_string(files) +
                                "; HOME=. exec '" FLASHLINE_PROGRAM "' flash '" + example_recipe() + "' --db '" +
                                database + "' --line virtual --units 3 --speed 20 --json; } >out 2>err";
    const int ended = std::system(command.c_str());
    return {WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended), folder_.read("out"), folder_.read("err")};
  }

  // What was shown is on record, or nothing was.
  void check_record(const std::string& database, const Ran& ran) const {
    const auto shown = outcomes_in(ran.out);
    if (!std::filesystem::exists(database)) {
      EXPECT_TRUE(shown.empty());
      return;
    }
    std::map<std::string, std::string> recorded;
    try {
      const auto verified = db::verify_chain(database);
      // A database in which there was no more room for the station's own name holds no record.
      EXPECT_TRUE(verified.sound() || verified.chains.empty());
      for (const db::Attempt& attempt : db::Reader(database).attempts()) {
        recorded[db::to_string(attempt.started.attempt)] = std::string(db::to_string(attempt.finished.outcome));
      }
    } catch (const std::exception& error) {
      EXPECT_TRUE(shown.empty()) << error.what();
      return;
    }
    for (const auto& [attempt, outcome] : shown) {
      if (outcome == "passed") {
        EXPECT_EQ(recorded[attempt], "passed") << "shown, and not on record";
      }
    }
    if (ran.status == 0) {
      EXPECT_EQ(recorded.size(), 3u);
    }
  }

  ProgramFolder folder_;
};

TEST_F(HostLimits, AFileThatMayNotGrowIsADiskThatIsFullWhereverThatBegins) {
  int lost = 0, passed = 0;
  for (rlim_t kilobytes = 4; kilobytes <= 1024; kilobytes += kilobytes < 160 ? 12 : 144) {
    SCOPED_TRACE(std::to_string(kilobytes) + " KB");
    const std::string database = folder_.path("r" + std::to_string(kilobytes) + ".db");
    Ran ran;
    {
      const Limit limit(RLIMIT_FSIZE, kilobytes * 1024);
      ran = flash(database);
    }
    EXPECT_THAT(ran.status, AnyOf(Eq(0), Eq(73), Eq(74))) << ran.err;
    EXPECT_TRUE(ran.status == 0 || !ran.err.empty());
    check_record(database, ran);
    lost += ran.status == 74;
    passed += ran.status == 0;
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(database + end);
  }
  EXPECT_GT(lost, 0);
  EXPECT_GT(passed, 0);
}

TEST_F(HostLimits, AFileSystemThatIsFullEndsWith74AndTheNextRunGoesOn) {
  const std::string small = folder_.path("small");
  std::filesystem::create_directories(small);
  int lost = 0;
  for (int kilobytes = 64; kilobytes <= 640; kilobytes += 64) {
    SCOPED_TRACE(std::to_string(kilobytes) + " KB");
    if (mount("tmpfs", small.c_str(), "tmpfs", 0, ("size=" + std::to_string(kilobytes) + "k").c_str()) != 0) {
      GTEST_SKIP() << "no file system may be mounted here";
    }
    const std::string database = small + "/r.db";
    const Ran ran = flash(database);
    EXPECT_THAT(ran.status, AnyOf(Eq(0), Eq(73), Eq(74))) << ran.err;
    check_record(database, ran);
    lost += ran.status == 74;
    EXPECT_EQ(umount2(small.c_str(), MNT_DETACH), 0);
  }
  EXPECT_GT(lost, 0);
}

TEST_F(HostLimits, WithoutDescriptorsItSaysSoAndDoesNotDie) {
  int refused = 0;
  // With less, the loader of programs is the one who cannot go on, and it does not always say so.
  for (int most = 9; most <= 48; most += 3) {
    SCOPED_TRACE(std::to_string(most) + " descriptors");
    const std::string database = folder_.path("d" + std::to_string(most) + ".db");
    const Ran ran = flash_with(most, database);
    EXPECT_LT(ran.status, 128) << "killed by a signal: " << ran.err;
    EXPECT_TRUE(ran.status == 0 || !ran.err.empty());
    check_record(database, ran);
    refused += ran.status != 0;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(HostLimits, ADatabaseThatAnotherProgramHoldsLockedEndsWith74BeforeAUnitIsTouched) {
  const std::string database = folder_.path("r.db");
  ASSERT_EQ(flash(database).status, 0);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(database.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const Ran ran = flash(database);
  sqlite3_close(other);
  EXPECT_EQ(ran.status, 74);
  EXPECT_THAT(ran.err, HasSubstr("Another program holds"));
  EXPECT_THAT(ran.out, Not(HasSubstr("attempt_started")));
  EXPECT_EQ(flash(database).status, 0);
}

TEST_F(HostLimits, ADatabaseThatIsLockedWhileTheLineRunsLosesItsRecordsAndSaysSo) {
  db::UuidGenerator uuids;
  db::Run run;
  run.at = db::now();
  run.id = uuids.next();
  run.command = "flash";
  const std::string database = folder_.path("r.db");
  db::Store store(database, "line-3", run, uuids);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(database.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  StoreRecorder recorder(store, {}, logger);
  const scheduler::AttemptStarted started = sample_start("1-1.2", uuids);
  std::optional<bool> committed;
  recorder.record(scheduler::VisitStarted{started.visit, started.port, started.slot}, db::now(),
                  [&](bool good) { committed = good; });
  recorder.close();
  sqlite3_close(other);
  EXPECT_EQ(committed, false);
  EXPECT_THAT(recorder.problem(), HasSubstr("Another program holds"));
}

TEST_F(HostLimits, ASecondProgramOnTheSameKeptUnitsIsRefusedWith69) {
  const auto words = [&](const std::string& database) {
    return std::vector<std::string>{
        "flash",  example_recipe(),     "--db", folder_.path(database), "--line", "virtual", "--units", "1",
        "--keep", folder_.path("units")};
  };
  const int first = folder_.start(words("a.db"));
  // It holds the line before it has a record.
  for (int i = 0; i < 3000 && !std::filesystem::exists(folder_.path("a.db")); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const ProgramFolder other;
  const Ran second = other.run(words("b.db"));
  EXPECT_EQ(second.status, 69) << second.err;
  EXPECT_THAT(second.err, HasSubstr("another program works on this line"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("b.db")));
  EXPECT_EQ(folder_.finish(first).status, 0);
  EXPECT_EQ(other.run(words("b.db")).status, 0) << "the first one has gone";
}

// The wall clock is set back by an hour, within a run and between two: the record keeps the order of what happened, and
// what was measured is not measured by that clock.
TEST_F(HostLimits, AClockThatStepsBackChangesNoOrderAndNoDuration) {
  const std::string database = folder_.path("r.db");
  db::UuidGenerator names;
  std::vector<std::string> order;
  db::Time at = db::now();
  for (int i = 0; i < 3; ++i) {
    db::UuidGenerator uuids;  // each run of the program has its own
    db::Run run;
    run.at = at;
    run.id = uuids.next(at);
    run.command = "flash";
    db::Store store(database, "line-3", run, uuids);
    RecordRows rows({"line-3", store.installation(), std::make_shared<const db::Run>(run), ""});
    for (int unit = 0; unit < 2; ++unit) {
      scheduler::AttemptStarted started = sample_start("1-1.2", names);
      started.visit = db::to_string(uuids.next(at));
      started.attempt = db::to_string(uuids.next(at));
      order.push_back(started.attempt);
      store.append(rows.row(scheduler::VisitStarted{started.visit, started.port, started.slot}, at));
      store.append(rows.row(started, at));
      at -= std::chrono::hours(1);
      store.append(rows.row(sample_pass(started), at));
    }
  }
  std::vector<std::string> found;
  for (const db::Attempt& attempt : db::Reader(database).attempts()) {
    found.push_back(db::to_string(attempt.started.attempt));
    EXPECT_EQ(attempt.finished.flash, db::milliseconds(7611));
  }
  EXPECT_EQ(found, order);
  EXPECT_TRUE(db::verify_chain(database).sound());
}

}  // namespace
}  // namespace station
