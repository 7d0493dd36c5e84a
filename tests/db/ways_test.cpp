// Two ways to one answer: what is read by an index, from front to back, or out of a derived table, against what follows
// from reading every attempt by itself and deciding in memory.
#include <map>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/care.h"
#include "db/connection.h"
#include "db/error.h"
#include "db/restore.h"
#include "db/schema.h"
#include "db/unsettled.h"
#include "db/verify.h"
#include "tests/db/outline.h"
#include "tests/db/random_record.h"

namespace db {
namespace {

// Everything that is on record about an attempt.
std::string told(const Attempt& attempt) {
  const AttemptStarted& started = attempt.started;
  const AttemptFinished& end = attempt.finished;
  std::string text = attempt.station + "|" + to_string(attempt.installation) + "|" + to_string(attempt.run->id) + "|" +
                     attempt.run->command + "|" + to_string(attempt.visit.visit) + "|" + attempt.visit.port + "|" +
                     attempt.visit.slot + "|" + std::to_string(attempt.visit.at.time_since_epoch().count()) + "|" +
                     to_string(started.attempt) + "|" + to_string(started.visit) + "|" +
                     std::to_string(started.number) + "|" + std::to_string(started.at.time_since_epoch().count()) +
                     "|" + started.recipe->name + "|" + started.recipe->text + "|" + started.job + "|" + started.lot +
                     "|" + started.operator_name + "|" + std::to_string(started.vendor.value_or(-1)) + "|" +
                     std::to_string(started.product.value_or(-1)) + "|" + std::to_string(started.release.value_or(-1)) +
                     "|" + started.serial + "|" + started.product_name + "|" + (attempt.open ? "open" : "ended") + "|" +
                     attempt.label + "\n ";
  text += to_string(end.attempt) + "|" + std::to_string(end.at.time_since_epoch().count()) + "|" +
          std::string(to_string(end.outcome)) + "|" + (end.fault ? end.fault->code + end.fault->operation : "-") +
          (end.fault ? std::to_string(end.fault->address.value_or(-1)) + end.fault->text : "") + "|" +
          (end.verified ? std::to_string(*end.verified) : "-") + (end.booted ? std::to_string(*end.booted) : "-") +
          "|" + end.unit + "|" + end.identity + "|" + std::to_string(end.flash.value_or(milliseconds(-1)).count()) +
          "|" + std::to_string(end.back.value_or(milliseconds(-1)).count()) + "|" +
          std::to_string(end.device_time.value_or(milliseconds(-1)).count());
  for (const std::string& serial : end.serials) text += "|" + serial;
  for (const Step& step : end.steps) {
    text += "\n  " + step.name + "|" + step.image->name + "|" + std::to_string(step.address) + "|" +
            std::to_string(step.bytes) + "|" + std::to_string(step.written_bytes) + "|" +
            std::to_string(step.unchanged_bytes) + "|" + std::to_string(step.erased_sectors) + "|" +
            std::to_string(step.duration.count()) + "|" + (step.readback ? hex(*step.readback) : "-");
  }
  return text + "\n";
}

std::string told(const Outline& outline) {
  return to_string(outline.attempt) + "|" + to_string(outline.visit) + "|" +
         std::to_string(outline.started.time_since_epoch().count()) + "|" +
         std::to_string(outline.ended.time_since_epoch().count()) + "|" + std::string(to_string(outline.outcome)) +
         "|" + outline.unit + "\n";
}

std::string groups_of(const Outline& outline) {
  return outline.station + "|" + outline.port + "|" + outline.slot + "|" + outline.job + "|" + outline.lot + "|" +
         outline.operator_name + "|" + outline.recipe->name;
}

// As a start decided it before there was a table of what is not settled: over all attempts, in the order of verdicts.
class DecidedInMemory {
 public:
  void add(const Attempt& attempt) {
    const std::string& port = attempt.visit.port;
    if (const auto here = by_port_.find(port);
        here != by_port_.end() && here->second.visit.visit != attempt.visit.visit)
      by_port_.erase(here);
    const AttemptFinished& end = attempt.finished;
    const std::string id = end.unit.empty() ? id_in_serial(attempt.started.serial) : end.unit;
    if (is_partial(end)) {
      (id.empty() ? by_port_[port] : by_unit_[id]) = attempt;
    } else if (is_whole(end)) {
      by_port_.erase(port);
      if (!id.empty()) by_unit_.erase(id);
    }
  }
  std::vector<Uuid> attempts() const {
    std::vector<Uuid> all;
    for (const auto& [id, attempt] : by_unit_) all.push_back(attempt.started.attempt);
    for (const auto& [port, attempt] : by_port_) all.push_back(attempt.started.attempt);
    std::ranges::sort(all);
    return all;
  }

 private:
  static bool is_partial(const AttemptFinished& end) {
    if (end.outcome == Outcome::interrupted) return true;
    if (end.outcome == Outcome::running || end.verified == true || !end.fault) return false;
    const std::string& doing = end.fault->operation;
    return doing == "erase" || doing == "write" || doing == "read" || doing == "leave";
  }
  static bool is_whole(const AttemptFinished& end) {
    const bool passed = end.outcome == Outcome::passed || end.outcome == Outcome::already;
    return end.verified == true || (!end.verified && passed);
  }

  std::map<std::string, Attempt> by_unit_, by_port_;
};

std::vector<Uuid> partial_flashes(const std::string& path) {
  std::vector<Uuid> all;
  for (const Attempt& attempt : Reader(path).partial_flashes().attempts) all.push_back(attempt.started.attempt);
  return all;
}

std::vector<Uuid> decided_in_memory(const std::string& path) {
  Reader reader(path);
  const Uuid here = reader.stations().front().installation;
  DecidedInMemory all;
  std::vector<Attempt> attempts = reader.attempts({.steps = false});
  std::ranges::stable_sort(attempts, {}, [](const Attempt& one) { return one.open ? Time::max() : one.finished.at; });
  for (const Attempt& attempt : attempts) {
    if (attempt.installation == here) all.add(attempt);
  }
  return all.attempts();
}

class WaysTest : public testing::TestWithParam<int> {
 protected:
  std::uint32_t seed() const { return static_cast<std::uint32_t>(20261130 + GetParam()); }

  // Of two stations; this one's last program crashed.
  void make() {
    sample::RandomRecord other(folder_.file("other.db"), "line-4", seed() + 1000);
    other.run(120, true);
    other.run(60, false);
    sample::RandomRecord own(path_, "line-3", seed());
    for (const int steps : {80, 5, 120, 40}) own.run(steps, steps != 40);
    UuidGenerator uuids;
    merge(path_, {folder_.file("other.db")}, uuids);
    own.run(70, true);
  }

  // Each by itself, by its id.
  std::vector<Attempt> one_by_one() {
    std::vector<Uuid> ids;
    SQLite::Database file(path_);
    SQLite::Statement query(file, "SELECT id FROM attempt_started ORDER BY id");
    Reader reader(path_);
    std::vector<Attempt> all;
    while (query.executeStep()) {
      Uuid id;
      std::copy_n(static_cast<const std::uint8_t*>(query.getColumn(0).getBlob()), 16, id.bytes.begin());
      for (Attempt& attempt : reader.attempts({.attempt = id})) all.push_back(std::move(attempt));
    }
    return all;
  }

  sample::Folder folder_;
  std::string path_ = folder_.file();
};

std::string contents_of(const Outline& one, const std::string& label, const std::vector<Step>& steps) {
  std::string all = one.station + "|" + one.port + "|" + one.slot + "|" + one.recipe->name + "|" + label;
  for (const Step& step : steps) {
    all += "|" + step.name + " " + step.image->name + " " + std::to_string(step.address) + " " +
           std::to_string(step.bytes) + " " + std::to_string(step.written_bytes) + " " +
           std::to_string(step.erased_sectors) + " " + (step.readback ? hex(*step.readback) : "-");
  }
  return all + "\n";
}

struct Question {
  Filter filter;
  std::function<bool(const Attempt&)> wants;
};

std::vector<Question> questions(const std::vector<Attempt>& all) {
  const Time early = all[all.size() / 8].started.at, late = all[all.size() * 7 / 8].started.at;
  const Time middle = all[all.size() / 2].started.at, soon = all[all.size() / 2 + 3].started.at;
  std::vector<Question> questions{
      {{}, [](const Attempt&) { return true; }},
      {{.since = early}, [early](const Attempt& one) { return one.started.at >= early; }},
      {{.until = late}, [late](const Attempt& one) { return one.started.at < late; }},
      {{.since = middle, .until = soon},
       [=](const Attempt& one) { return one.started.at >= middle && one.started.at < soon; }},
      {{.recipe = "photon-0.4.3"}, [](const Attempt& one) { return one.started.recipe->name == "photon-0.4.3"; }},
      {{.recipe = "photon-0.6"}, [](const Attempt& one) { return one.started.recipe->name == "photon-0.6"; }},
      {{.image = "part2.bin"}, [](const Attempt& one) { return one.started.recipe->name == "photon-0.4.3"; }},
      {{.image = "none"}, [](const Attempt&) { return false; }},
      {{.job = "J-8"}, [](const Attempt& one) { return one.started.job == "J-8"; }},
      {{.slot = "A2"}, [](const Attempt& one) { return one.visit.slot == "A2"; }},
      {{.slot = "1-1.6"}, [](const Attempt& one) { return one.visit.port == "1-1.6"; }},
      {{.operator_name = "Ada"}, [](const Attempt& one) { return one.started.operator_name == "Ada"; }},
      {{.operator_name = "Grace"}, [](const Attempt& one) { return one.started.operator_name == "Grace"; }}};
  for (const Outcome outcome : {Outcome::passed, Outcome::failed, Outcome::error, Outcome::cancelled,
                                Outcome::interrupted, Outcome::already, Outcome::running}) {
    questions.push_back({{.outcome = outcome}, [=](const Attempt& one) { return one.finished.outcome == outcome; }});
    questions.push_back({{.operator_name = "Ada", .outcome = outcome}, [=](const Attempt& one) {
                           return one.started.operator_name == "Ada" && one.finished.outcome == outcome;
                         }});
  }
  return questions;
}

// On one thread, and with one for each table.
constexpr std::int64_t kOneThread = std::numeric_limits<std::int64_t>::max(), kManyThreads = 0;

void expect_answers(Reader& reader, const Question& question, const std::vector<Attempt>& all) {
  std::string wanted, outlines_wanted, groups_wanted, got, outlines_got, groups_got;
  std::uint64_t count = 0;
  for (const Attempt& one : all) {
    if (!question.wants(one)) continue;
    ++count;
    wanted += told(one);
    outlines_wanted += told(sample::outline_of(one));
    groups_wanted += groups_of(sample::outline_of(one)) + "\n";
  }
  reader.attempts(question.filter, [&](const Attempt& one) {
    got += told(one);
    return true;
  });
  reader.outlines(question.filter, Outlined::sums, [&](const Outline& one) {
    outlines_got += told(one);
    return true;
  });
  EXPECT_EQ(outlines_got, outlines_wanted);
  outlines_got.clear();
  reader.outlines(question.filter, Outlined::groups, [&](const Outline& one) {
    outlines_got += told(one);
    groups_got += groups_of(one) + "\n";
    return true;
  });
  ASSERT_EQ(got, wanted);
  ASSERT_EQ(outlines_got, outlines_wanted);
  ASSERT_EQ(groups_got, groups_wanted);
  EXPECT_EQ(reader.counts(question.filter).attempts, count);
}

TEST_P(WaysTest, EveryFilterGivesTheAttemptsThatItAllowsOutOfAllOfThem) {
  make();
  const std::vector<Attempt> all = one_by_one();
  ASSERT_GT(all.size(), 100U);
  for (const Question& question : questions(all)) {
    // Per question: what a process has grown by counts against the memory that a reading may take.
    Reader one_thread(path_, kOneThread), many_threads(path_, kManyThreads);
    ASSERT_NO_FATAL_FAILURE(expect_answers(one_thread, question, all));
    ASSERT_NO_FATAL_FAILURE(expect_answers(many_threads, question, all));
  }
}

TEST_P(WaysTest, ContentsAreTheStepsAndTheLabelOfEachAttempt) {
  make();
  std::string wanted;
  std::size_t steps = 0;
  for (const Attempt& one : one_by_one()) {
    wanted += contents_of(sample::outline_of(one), one.label, one.finished.steps);
    steps += one.finished.steps.size();
  }
  ASSERT_GT(steps, 100U);
  for (const std::int64_t threads : {kOneThread, kManyThreads}) {
    std::string got;
    Reader(path_, threads).outlines({}, Outlined::contents, [&](const Outline& one) {
      got += contents_of(one, one.label, one.steps);
      return true;
    });
    EXPECT_EQ(got, wanted);
  }
}

TEST_P(WaysTest, WhoHasSeenEnoughStopsTheThreads) {
  make();
  Reader reader(path_, kManyThreads);
  for (std::size_t enough = 1; enough < 40; enough += 7) {
    std::size_t seen = 0;
    reader.attempts({}, [&](const Attempt&) { return ++seen < enough; });
    EXPECT_EQ(seen, enough);
  }
}

TEST_P(WaysTest, WhatIsNotSettledIsWhatFollowsFromAllAttempts) {
  sample::RandomRecord own(path_, "line-3", seed());
  std::size_t found = 0;
  for (int round = 0; round < 12; ++round) {
    own.run(10 + round * 5, round % 3 != 2);
    SQLite::Database file(path_);
    EXPECT_EQ(read_unsettled(file), derive_unsettled(file)) << round;
    EXPECT_EQ(partial_flashes(path_), decided_in_memory(path_)) << round;
    found += partial_flashes(path_).size();
    EXPECT_TRUE(verify_chain(path_).sound()) << testing::PrintToString(verify_chain(path_).file_problems);
  }
  EXPECT_GT(found, 10U);
  own.run_on(30);
  EXPECT_EQ(partial_flashes(path_), decided_in_memory(path_)) << "while a program works";
}

TEST_P(WaysTest, AMergeAndARestoredBackupLeaveNothingUnsettledThatIsNot) {
  make();
  {
    SQLite::Database merged(path_);
    EXPECT_EQ(read_unsettled(merged), derive_unsettled(merged));
  }
  EXPECT_EQ(partial_flashes(path_), decided_in_memory(path_));
  const std::string backup = folder_.file("backup.db");
  back_up(path_, backup);
  {
    sample::RandomRecord later(path_, "line-3", seed() + 7);
    later.run(40, true);
  }
  UuidGenerator uuids;
  db::Run run = sample::run();
  run.at = now();
  run.id = uuids.next(run.at);
  RestoreRequest request;
  request.from = backup;
  request.unproven = request.replace = true;
  restore(path_, request, run, uuids, {.confirmed = true});
  SQLite::Database restored(path_);
  EXPECT_EQ(read_unsettled(restored), derive_unsettled(restored));
  EXPECT_EQ(partial_flashes(path_), decided_in_memory(path_));
}

INSTANTIATE_TEST_SUITE_P(Seeds, WaysTest, testing::Range(0, 4));

// ---- the table is no evidence

class UnsettledTableTest : public testing::Test {
 protected:
  UnsettledTableTest() {
    Store store(path_, "line-3", sample::run(), uuids_);
    store.append(std::vector<Record>{sample::visit(1), sample::started(2, 1), sample::passed(2)});
    store.append(std::vector<Record>{sample::visit(3, "A3", "1-1.3"), sample::started(4, 3)});
    AttemptFinished failed = sample::failed(4);
    failed.unit = "aa002c001847353236343033";
    store.append(failed);
  }
  void edit(const std::string& sql) { SQLite::Database(path_, SQLite::OPEN_READWRITE).exec(sql); }

  sample::Folder folder_;
  std::string path_ = folder_.file();
  UuidGenerator uuids_;
};

TEST_F(UnsettledTableTest, VerifyingComparesItWithTheRowsOfTheChain) {
  ASSERT_TRUE(verify_chain(path_).sound());
  ASSERT_EQ(partial_flashes(path_), std::vector{sample::uuid(4)});
  for (const char* sql :
       {"DELETE FROM unsettled", "UPDATE unsettled SET unit = 'another'", "UPDATE unsettled SET open = 1",
        "INSERT INTO unsettled SELECT id, NULL, 1 FROM attempt_started WHERE number = 1 LIMIT 1"}) {
    SQLite::Database file(path_, SQLite::OPEN_READWRITE);
    file.exec("CREATE TEMP TABLE kept AS SELECT * FROM unsettled");
    file.exec(sql);
    EXPECT_THAT(verify_chain(path_).file_problems, testing::ElementsAre(testing::HasSubstr("unsettled"))) << sql;
    EXPECT_FALSE(verify_chain(path_).chains.at(0).problem) << sql;
    file.exec("DELETE FROM unsettled; INSERT INTO unsettled SELECT * FROM temp.kept");
    EXPECT_TRUE(verify_chain(path_).sound()) << sql;
  }
}

TEST_F(UnsettledTableTest, ARowThatNoRowOfTheChainConfirmsSaysNothing) {
  edit(
      "INSERT INTO unsettled SELECT id, '3b002c001847353236343033', 1 FROM attempt_started WHERE seq = (SELECT "
      "min(seq) FROM attempt_started)");
  EXPECT_EQ(partial_flashes(path_), std::vector{sample::uuid(4)});
  const Store store(path_, "line-3", sample::run(201), uuids_);
  EXPECT_TRUE(store.interrupted().empty()) << "it has its verdict";
}

TEST_F(UnsettledTableTest, WithoutReadBackOnlyAPassMakesAUnitWhole) {
  AttemptFinished cut_short = sample::failed(6), passed = sample::passed(8);
  cut_short.outcome = Outcome::cancelled;
  cut_short.fault->operation = "write";
  for (AttemptFinished* end : {&cut_short, &passed}) {
    end->unit = "aa002c001847353236343033";
    end->verified.reset();
  }
  Store store(path_, "line-3", sample::run(201), uuids_);
  store.append(std::vector<Record>{sample::visit(5), sample::started(6, 5), cut_short});
  EXPECT_EQ(partial_flashes(path_), std::vector{sample::uuid(6)});
  store.append(std::vector<Record>{sample::visit(7), sample::started(8, 7), passed});
  EXPECT_EQ(partial_flashes(path_), std::vector<Uuid>{});
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST_F(UnsettledTableTest, OfTwoBoardsWithOneIdTheLastVerdictCounts) {
  Store store(path_, "line-3", sample::run(201), uuids_);
  for (const std::uint8_t attempt : {6, 8, 10, 12}) {
    const auto visit = static_cast<std::uint8_t>(attempt - 1);
    store.append(std::vector<Record>{sample::visit(visit), sample::started(attempt, visit)});
  }
  const auto end = [&](AttemptFinished verdict) {
    verdict.unit = "aa002c001847353236343033";
    store.append(verdict);
    EXPECT_TRUE(verify_chain(path_).sound());
    return partial_flashes(path_);
  };
  EXPECT_EQ(end(sample::passed(8)), std::vector<Uuid>{});
  EXPECT_EQ(end(sample::failed(6)), std::vector{sample::uuid(6)}) << "although it began first";
  EXPECT_EQ(end(sample::failed(12)), std::vector{sample::uuid(12)});
  EXPECT_EQ(end(sample::passed(10)), std::vector<Uuid>{}) << "although it began first";
}

TEST(IdInSerial, IsTwentyFourHexadecimalDigits) {
  EXPECT_EQ(id_in_serial("3B002C001847353236343033"), "3b002c001847353236343033");
  for (const char* none :
       {"", "00000000010C", "3B002C00184735323634303", "3B002C00184735323634303G", "3B002C0018473532363430333"}) {
    EXPECT_EQ(id_in_serial(none), "") << none;
  }
}

}  // namespace
}  // namespace db
