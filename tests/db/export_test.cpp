// One order for somebody else: what is in the file, that it stands by itself, and that it goes together with whatever
// else is or comes there.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/care.h"
#include "db/error.h"
#include "db/reader.h"
#include "db/schema.h"
#include "db/verify.h"
#include "tests/db/rows_of.h"
#include "tests/db/sample.h"

namespace db {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// A station that works for two orders in turn, and between them for none.
class Line {
 public:
  Line(const std::string& path, const std::string& name, UuidGenerator& uuids) : uuids_(uuids) {
    Run run = sample::run();
    run.id = uuids_.next();
    store_.emplace(path, name, run, uuids_);
  }

  void open(const std::string& order) { store_->append(sample::job(order)); }
  void close(const std::string& order) {
    store_->append(JobClosed{sample::at(60), order, "Ada", "done", "certificate of " + order});
  }
  // One attempt, with everything beside it.
  Uuid flash(const std::string& order, bool good = true) {
    const VisitStarted visit{uuids_.next(), sample::at(10), "1-1.2", "A2"};
    AttemptStarted started = sample::started(1, 1);
    started.visit = visit.visit;
    started.attempt = uuids_.next();
    started.job = order;
    AttemptFinished finished = good ? sample::passed(1) : sample::failed(1);
    finished.attempt = started.attempt;
    if (good) finished.unit = "unit of " + to_string(visit.visit);
    store_->append(std::vector<Record>{visit, started});
    store_->append(Event{sample::at(30), "clock-step", {}, "", "The clock stepped.", "{}"});
    store_->append(finished);
    store_->append(VisitEnded{visit.visit, sample::at(20000)});
    store_->append(Labelled{sample::at(50), visit.visit, "SN of " + to_string(visit.visit), "Ada"});
    store_->append(Disposition{sample::at(40), started.attempt, {}, Verdict::waiver, "Grace", "Seen by eye."});
    return started.attempt;
  }
  void work(int units) {
    for (int i = 0; i < units; ++i) {
      flash("J-7", i % 2 == 0);
      flash("J-8");
      flash("");
    }
  }
  Store& store() { return *store_; }

 private:
  UuidGenerator& uuids_;
  std::optional<Store> store_;
};

class ExportTest : public testing::Test {
 protected:
  std::string file(const std::string& name) const { return folder_.file(name); }
  Line line(const std::string& name) { return {file(name), name, uuids_}; }
  // Two orders, J-7 closed.
  void make(const std::string& name, int units = 2) {
    Line made = line(name);
    made.open("J-7");
    made.open("J-8");
    made.work(units);
    made.close("J-7");
  }
  ExportedJob export_it(const std::string& name, const std::string& order, const std::string& to) {
    return export_job(file(name), order, file(to), StationKey::load(file(name) + ".key"));
  }
  std::vector<MergedChain> import(const std::string& to, const std::string& from) {
    return import_job(file(to), file(from), uuids_);
  }
  void merge_into(const std::string& to, const std::string& from) { merge(file(to), {file(from)}, uuids_); }
  std::string refusal(const std::function<void()>& what) {
    try {
      what();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  }
  void edit(const std::string& name, const std::string& sql) {
    SQLite::Database raw(file(name), SQLite::OPEN_READWRITE);
    raw.exec("PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF");
    std::string drop, make;
    SQLite::Statement triggers(raw, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");
    while (triggers.executeStep()) {
      drop += "DROP TRIGGER " + triggers.getColumn(0).getString() + ";";
      make += triggers.getColumn(1).getString() + ";";
    }
    triggers.reset();
    raw.exec(drop + sql + ";" + make + "PRAGMA wal_checkpoint(TRUNCATE)");
  }
  void expect_sound(const std::string& name) const {
    const Verification result = verify_chain(file(name));
    for (const ChainVerification& chain : result.chains) EXPECT_FALSE(chain.problem) << name << chain.problem->text;
    EXPECT_TRUE(result.sound()) << name << testing::PrintToString(result.file_problems);
  }
  std::multiset<std::string> contents(const std::string& name) const {
    return sample::rows_of(file(name), {"excerpt"});
  }
  std::vector<Attempt> attempts(const std::string& name, const std::string& order) const {
    Filter filter;
    filter.job = order;
    return Reader(file(name)).attempts(filter);
  }

  sample::Folder folder_;
  UuidGenerator uuids_;
};

TEST_F(ExportTest, AnExportHoldsAllOfItsOrderAndNothingOfAnother) {
  make("a", 3);
  const ExportedJob exported = export_it("a", "J-7", "x");
  EXPECT_EQ(exported.attempts, 3);
  EXPECT_EQ(exported.open, 0);
  EXPECT_LT(exported.rows, exported.of_rows);
  const auto before = attempts("a", "J-7"), after = attempts("x", "J-7");
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(Reader(file("x")).attempts().size(), 3u) << "and no other";
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].started.attempt, before[i].started.attempt);
    EXPECT_EQ(after[i].station, "a");
    EXPECT_EQ(after[i].label, before[i].label);
    EXPECT_EQ(after[i].finished.unit, before[i].finished.unit);
    EXPECT_EQ(after[i].finished.steps.size(), before[i].finished.steps.size());
    ASSERT_TRUE(after[i].run && after[i].started.recipe);
    EXPECT_EQ(after[i].run->operator_name, "Ada");
    EXPECT_EQ(after[i].started.recipe->text, before[i].started.recipe->text);
    EXPECT_EQ(after[i].started.recipe->images.size(), 2u);
    EXPECT_EQ(Reader(file("x")).dispositions(after[i].started.attempt, "").size(), 1u);
  }
  EXPECT_FALSE(Reader(file("x")).events().empty()) << "clock steps, as long as the order was worked on";
  SQLite::Database raw(file("x"));
  EXPECT_EQ(raw.execAndGet("SELECT group_concat(order_number) FROM job").getString(), "J-7");
  EXPECT_EQ(raw.execAndGet("SELECT certificate FROM job_closed").getString(), "certificate of J-7");
  EXPECT_TRUE(attempts("x", "J-8").empty());
}

TEST_F(ExportTest, AnExportVerifiesByItselfAndSaysWhatItLeavesOut) {
  make("a");
  const ExportedJob exported = export_it("a", "J-7", "x");
  expect_sound("x");
  const Verification result = verify_chain(file("x"));
  ASSERT_EQ(result.chains.size(), 1u);
  const ChainVerification& chain = result.chains[0];
  EXPECT_EQ(chain.rows, exported.rows);
  EXPECT_EQ(chain.whole, 0) << "all of it is signed";
  ASSERT_EQ(chain.excerpts.size(), 1u);
  const Excerpt& says = chain.excerpts[0].says;
  EXPECT_EQ(says.order, "J-7");
  EXPECT_EQ(says.head, verify_chain(file("a")).chains[0].last);
  EXPECT_EQ(chain.left_out, chain.last.seq - chain.rows);
  const StationKey key = StationKey::load(file("a") + ".key");
  EXPECT_EQ(check_signature(chain.excerpts[0].statement, chain.excerpts[0].signature, key.public_key()),
            SignatureCheck::good);
}

TEST_F(ExportTest, AnAnchorInARowThatIsHereHoldsAndOneBetweenIsLeftOut) {
  make("a");
  export_it("a", "J-7", "x");
  std::set<std::int64_t> here;
  SQLite::Database raw(file("x")), all(file("a"));
  for (const std::string_view table : kChainedTables) {
    SQLite::Statement query(raw, "SELECT seq FROM " + std::string(table));
    while (query.executeStep()) here.insert(query.getColumn(0).getInt64());
  }
  std::int64_t held = 0;
  for (const std::string_view table : kChainedTables) {
    SQLite::Statement query(all, "SELECT seq, hash FROM " + std::string(table));
    while (query.executeStep()) {
      Anchor anchor{verify_chain(file("x")).chains[0].installation, {query.getColumn(0).getInt64(), {}}};
      std::copy_n(static_cast<const std::uint8_t*>(query.getColumn(1).getBlob()), 32, anchor.head.hash.begin());
      const std::int64_t seq = anchor.head.seq;
      const bool known = here.contains(seq) || here.contains(seq + 1);  // the row before one that is here is linked to
      EXPECT_EQ(verify_chain(file("x"), {anchor}).anchors[0].second, known ? AnchorCheck::holds : AnchorCheck::left_out)
          << seq;
      anchor.head.hash[7] ^= 1;
      EXPECT_NE(verify_chain(file("x"), {anchor}).anchors[0].second, AnchorCheck::holds) << seq;
      held += known;
    }
  }
  EXPECT_GT(held, 10);
}

// Every row: each of its values changed, the row taken away, put twice, and exchanged with the next.
TEST_F(ExportTest, EveryRowOfAnExportThatIsNotAsItWasWrittenIsFoundWhereItStands) {
  make("a");
  export_it("a", "J-7", "x");
  std::vector<std::pair<std::int64_t, std::string>> rows;  // seq, table
  {
    SQLite::Database raw(file("x"));
    for (const std::string_view table : kChainedTables) {
      SQLite::Statement query(raw, "SELECT seq FROM " + std::string(table));
      while (query.executeStep()) rows.emplace_back(query.getColumn(0).getInt64(), table);
    }
  }
  std::ranges::sort(rows);
  int edits = 0;
  const auto expect_found = [&](const std::string& sql, std::int64_t seq) {
    fs::copy_file(file("x"), file("y"), fs::copy_options::overwrite_existing);
    edit("y", sql);
    const Verification result = verify_chain(file("y"));
    ASSERT_TRUE(result.chains.at(0).problem) << sql;
    EXPECT_EQ(result.chains[0].problem->seq, seq) << sql << ": " << result.chains[0].problem->text;
    EXPECT_THAT(refusal([&] { import("in", "y"); }), HasSubstr(" " + std::to_string(seq) + " ")) << sql;
    ++edits;
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& [seq, table] = rows[i];
    const std::string here = " WHERE seq = " + std::to_string(seq);
    std::vector<std::string> columns;
    {
      SQLite::Database raw(file("x"));
      SQLite::Statement query(raw, "SELECT name FROM pragma_table_info('" + table +
                                       "') WHERE name NOT IN ('chain', 'seq')"
                                       " AND (name <> 'hash')");
      while (query.executeStep()) columns.push_back(query.getColumn(0).getString());
      for (std::string& column : columns) {
        const std::string type =
            raw.execAndGet("SELECT type FROM pragma_table_info('" + table + "') WHERE name = '" + column + "'")
                .getString();
        column += type == "INTEGER" ? " = coalesce(" + column + ", 0) + 100"
                  : type == "TEXT"  ? " = coalesce(" + column + ", '') || 'x'"
                                    : " = CAST(coalesce(" + column + ", x'') || x'00' AS BLOB)";
      }
    }
    columns.emplace_back("hash = zeroblob(32)");
    for (const std::string& column : columns) expect_found("UPDATE " + table + " SET " + column + here, seq);
    expect_found("DELETE FROM " + table + here, seq);
    if (i + 1 < rows.size() && rows[i + 1].first == seq + 1) {
      const auto& [next_seq, next] = rows[i + 1];
      expect_found("UPDATE " + table + " SET seq = 1000000" + here + "; UPDATE " + next +
                       " SET seq = " + std::to_string(seq) + " WHERE seq = " + std::to_string(next_seq) + "; UPDATE " +
                       table + " SET seq = " + std::to_string(next_seq) + " WHERE seq = 1000000",
                   seq);
    } else {  // moved into what is left out behind it
      expect_found("UPDATE " + table + " SET seq = seq + 1" + here, seq);
    }
  }
  EXPECT_FALSE(fs::exists(file("in")) && Reader(file("in")).attempts().size() > 0);
  std::cout << edits << " edits of " << rows.size() << " rows\n";
}

TEST_F(ExportTest, RowsInWhatIsLeftOutAndStatementsThatWereChangedAreFound) {
  make("a");
  export_it("a", "J-7", "x");
  const auto problem_after = [&](const std::string& sql) {
    fs::copy_file(file("x"), file("y"), fs::copy_options::overwrite_existing);
    edit("y", sql);
    const Verification result = verify_chain(file("y"));
    EXPECT_FALSE(result.sound()) << sql;
    return (result.chains[0].problem ? result.chains[0].problem->text : "") +
           testing::PrintToString(result.file_problems);
  };
  EXPECT_THAT(
      problem_after("INSERT INTO station SELECT chain, seq + 1000000, hash, at, installation, 'x' FROM station"),
      HasSubstr("is of no excerpt"));
  EXPECT_THAT(problem_after("UPDATE excerpt SET statement = replace(statement, 'order: J-7', 'order: J-9')"),
              HasSubstr("order J-9 is not as the station signed it"));
  EXPECT_THAT(problem_after("UPDATE excerpt SET signature = replace(signature, 'untrusted', 'untrustee')"),
              HasSubstr("not as the station signed it"));
  EXPECT_THAT(problem_after("UPDATE excerpt SET statement = 'flashline excerpt 1'"), HasSubstr("form"));
  EXPECT_THAT(problem_after("DELETE FROM excerpt"), HasSubstr("gone"));
  EXPECT_THAT(problem_after("UPDATE chain SET installation = zeroblob(16)"), HasSubstr("another station"));
  EXPECT_THAT(problem_after("UPDATE chain SET start_seq = 0, start_hash = zeroblob(32)"), HasSubstr("another station"));
  const std::string last = std::to_string(verify_chain(file("x")).chains[0].last.seq);
  std::string cut;
  for (const std::string_view table : kChainedTables) {
    cut += "DELETE FROM " + std::string(table) + " WHERE seq = " + last + ";";
  }
  EXPECT_THAT(problem_after(cut), HasSubstr("Row " + last + " is gone"));
}

TEST_F(ExportTest, ImportedTwiceNothingChanges) {
  make("a");
  make("b");
  export_it("a", "J-7", "x");
  const auto own = attempts("b", "J-7").size();
  const auto first = import("b", "x");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].added, verify_chain(file("x")).chains[0].rows);
  EXPECT_THAT(first[0].orders, ElementsAre("J-7"));
  EXPECT_EQ(attempts("b", "J-7").size(), own + 2) << "of both stations, each once";
  expect_sound("b");
  const auto before = contents("b");
  EXPECT_EQ(import("b", "x")[0].added, 0);
  EXPECT_EQ(contents("b"), before);
  line("b").flash("J-8");  // and that station goes on
  expect_sound("b");
}

TEST_F(ExportTest, TheLaterOfTwoExportsOfAnOrderWinsWhicheverComesFirst) {
  {
    Line a = line("a");
    a.open("J-7");
    a.open("J-8");
    a.work(2);
    const ExportedJob open = export_it("a", "J-7", "early");
    EXPECT_EQ(open.attempts, 2);
    a.work(2);
    a.close("J-7");
  }
  export_it("a", "J-7", "late");
  import("el", "early");
  EXPECT_EQ(attempts("el", "J-7").size(), 2u);
  import("el", "late");
  import("le", "late");
  EXPECT_EQ(import("le", "early")[0].added, 0);
  for (const char* name : {"el", "le"}) {
    EXPECT_EQ(attempts(name, "J-7").size(), 4u) << name;
    EXPECT_EQ(verify_chain(file(name)).chains[0].excerpts.size(), 1u) << name;
    expect_sound(name);
  }
  EXPECT_EQ(contents("el"), contents("le"));
}

TEST_F(ExportTest, AnExcerptAndTheWholeRecordEndTheSameInEitherOrder) {
  make("a");
  export_it("a", "J-7", "x7");
  export_it("a", "J-8", "x8");
  import("xw", "x7");
  import("xw", "x8");
  EXPECT_EQ(verify_chain(file("xw")).chains[0].excerpts.size(), 2u);
  EXPECT_EQ(Reader(file("xw")).attempts().size(), 4u);
  expect_sound("xw");
  merge_into("xw", "a");
  merge_into("wx", "a");
  import("wx", "x8");
  import("wx", "x7");
  merge_into("w", "a");
  EXPECT_EQ(contents("xw"), contents("w"));
  EXPECT_EQ(contents("wx"), contents("w"));
  EXPECT_TRUE(verify_chain(file("xw")).chains[0].excerpts.empty()) << "what the whole record says needs no excerpt";
  expect_sound("xw");
  // And what is cut out of it then is missed, as of any record.
  edit("xw", "DELETE FROM visit_ended WHERE seq = (SELECT max(seq) FROM visit_ended)");
  EXPECT_FALSE(verify_chain(file("xw")).sound());
}

// States of a station's life, whole and as excerpts of either order, in any order and often.
TEST_F(ExportTest, AnyOrderOfExportsAndWholeRecordsEndsTheSame) {
  std::vector<std::string> whole, excerpts;
  {
    Line a = line("a");
    a.open("J-7");
    a.open("J-8");
  }
  for (int state = 0; state < 3; ++state) {
    line("a").work(1 + state);
    const std::string number = std::to_string(state);
    fs::copy_file(file("a"), file("w" + number));
    whole.push_back("w" + number);
    for (const char* order : {"J-7", "J-8"}) {
      export_it("a", order, order + number);
      excerpts.push_back(order + number);
    }
  }
  std::mt19937 random(20261125);
  const auto shuffled = [&](std::vector<std::string> files, const std::vector<std::string>& surely) {
    const std::vector<std::string> again = files;
    files.insert(files.end(), again.begin(), again.end());
    std::shuffle(files.begin(), files.end(), random);
    files.resize(random() % files.size());
    files.insert(files.end(), surely.begin(), surely.end());
    std::shuffle(files.begin(), files.end(), random);
    return files;
  };
  const auto taken = [&](const std::string& to, const std::vector<std::string>& files) {
    for (const std::string& one : files) {
      merge_into(to, one);
      EXPECT_TRUE(verify_chain(file(to)).sound()) << to << " after " << one;
    }
    return contents(to);
  };
  std::vector<std::string> all = whole;
  all.insert(all.end(), excerpts.begin(), excerpts.end());
  const auto latest = taken("latest", {"w2"}), both = taken("both", {"J-72", "J-82"});
  for (int round = 0; round < 8; ++round) {
    const std::string number = std::to_string(round);
    EXPECT_EQ(taken("any" + number, shuffled(all, {"w2"})), latest) << round;
    EXPECT_EQ(taken("only" + number, shuffled(excerpts, {"J-72", "J-82"})), both) << round;
    // Through another collection, where part of the record is whole and part of it an excerpt.
    const auto some = taken("some" + number, shuffled(all, {"J-72", "w0"}));
    EXPECT_EQ(taken("via" + number, {"some" + number}), some) << round;
  }
}

TEST_F(ExportTest, WhatIsNoExportOrDoesNotFitIsRefusedAndNothingIsTaken) {
  make("a");
  make("b");
  export_it("a", "J-7", "x");
  EXPECT_THAT(refusal([&] { import("in", "a"); }), HasSubstr("db merge"));
  EXPECT_THAT(refusal([&] { import("x", "x"); }), HasSubstr("itself"));
  EXPECT_THAT(refusal([&] { import("in", "nothing"); }), HasSubstr("no database"));
  EXPECT_THAT(refusal([&] { export_it("a", "J-9", "none"); }), HasSubstr("no order J-9"));
  EXPECT_THAT(refusal([&] { export_it("a", "J-7", "x"); }), HasSubstr("exists"));
  EXPECT_THAT(refusal([&] { export_job(file("a"), "J-7", file("none"), StationKey::load(file("b") + ".key")); }),
              HasSubstr("key"));
  EXPECT_FALSE(fs::exists(file("none")) || fs::exists(file("none.part")));
  // Another history of the same station: it was restored from a copy, and went on.
  fs::copy_file(file("a"), file("restored"));
  fs::copy_file(file("a.key"), file("restored.key"));
  line("a").flash("J-7");
  line("restored").flash("J-7");
  export_it("a", "J-7", "x2");
  export_it("restored", "J-7", "other");
  import("in", "x2");
  const auto before = contents("in");
  EXPECT_THAT(refusal([&] { import("in", "other"); }), HasSubstr("another history"));
  EXPECT_EQ(contents("in"), before);
}

TEST_F(ExportTest, AStationTakesBackWhatItHasAndNothingThatItLost) {
  make("a");
  fs::copy_file(file("a"), file("backup"));
  line("a").flash("J-8");
  line("a").flash("J-7");
  export_it("a", "J-7", "x");
  EXPECT_EQ(import("a", "x")[0].added, 0);
  expect_sound("a");
  const auto before = contents("backup");
  EXPECT_THAT(refusal([&] { import("backup", "x"); }), HasSubstr("does not go together"));
  EXPECT_EQ(contents("backup"), before);
}

TEST_F(ExportTest, ARecordThatWasChangedIsNotSignedUnlessTheOrderHasNoPartInIt) {
  make("a");
  edit("a",
       "UPDATE attempt_started SET lot = 'x' WHERE seq = (SELECT min(seq) FROM attempt_started WHERE job = 'J-8')");
  export_it("a", "J-7", "x");
  expect_sound("x");
  EXPECT_THAT(refusal([&] { export_it("a", "J-8", "none"); }), HasSubstr("(table attempt_started) is not as it was"));
  EXPECT_FALSE(fs::exists(file("none")) || fs::exists(file("none.part")));
}

TEST_F(ExportTest, AnOrderOfAnArchivedRecordIsExportedAndItsPartIsKeptApart) {
  make("a");
  {
    Line a = line("a");
    a.close("J-8");
  }
  db::Run run = sample::run(250);
  run.id = uuids_.next();
  archive(file("a"), file("old"), "a", run, uuids_);
  {
    Line a = line("a");
    a.open("J-10");
    a.flash("");
    a.flash("J-10");
  }
  export_job(file("old"), "J-7", file("x7"), StationKey::load(file("a.key")));
  export_it("a", "J-10", "x10");
  expect_sound("x7");
  expect_sound("x10");
  EXPECT_GT(verify_chain(file("x10")).chains[0].start.seq, 0);
  import("in", "x7");
  EXPECT_THAT(refusal([&] { import("in", "x10"); }), HasSubstr("archiving"));
  import("in10", "x10");
  merge_into("in10", "a");
  expect_sound("in10");
}

// Killed anywhere in export or import: no half of a file, and what is taken over into still verifies and goes on.
TEST_F(ExportTest, KilledAtAnyMomentBothFilesAreWholeOrNotThere) {
  make("a", 6);
  export_it("a", "J-7", "x");
  make("b");
  const auto before = contents("b");
  import("b", "x");
  const auto after = contents("b");
  fs::remove(file("b"));
  make("b2");
  const std::size_t own = contents("b2").size(), more = after.size() - before.size();
  std::map<bool, int> imported;
  constexpr int rounds = 40;
  std::chrono::microseconds whole{};
  for (int round = rounds; round >= 0; --round) {  // the first one, which lives to its end, says how long that takes
    const std::string to = "k" + std::to_string(round), out = "o" + std::to_string(round);
    fs::copy_file(file("b2"), file(to));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      import(to, "x");
      export_it("a", "J-7", out);
      _exit(0);
    }
    const auto begun = std::chrono::steady_clock::now();
    if (round < rounds) {
      std::this_thread::sleep_for(whole * round / rounds);
      ::kill(child, SIGKILL);
    }
    waitpid(child, nullptr, 0);
    if (round == rounds) {
      whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
    }
    const Verification killed = verify_chain(file(to));
    EXPECT_TRUE(killed.sound()) << round << testing::PrintToString(killed.file_problems);
    const std::size_t rows = contents(to).size();
    EXPECT_TRUE(rows == own || rows == own + more) << rows << " are neither " << own << " nor " << own + more;
    ++imported[rows != own];
    if (fs::exists(file(out))) expect_sound(out);
    import(to, "x");
    EXPECT_EQ(contents(to).size(), own + more) << round;
    if (!fs::exists(file(out))) export_it("a", "J-7", out);
    expect_sound(to);
  }
  EXPECT_GT(imported[false], 0);
  EXPECT_GT(imported[true], 0);
}

}  // namespace
}  // namespace db
