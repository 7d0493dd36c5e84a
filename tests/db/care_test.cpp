#include "db/care.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/error.h"
#include "db/reader.h"
#include "db/store.h"
#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

class CareTest : public testing::Test {
 protected:
  // A station with attempts n, n + 3, ... of its own.
  void make(const std::string& name, std::uint8_t from, int units) {
    Store store(folder_.file(name), name, sample::run(static_cast<std::uint8_t>(from + 100)), uuids_);
    more(store, from, units);
  }
  static void more(Store& store, std::uint8_t from, int units) {
    for (int i = 0; i < units; ++i) {
      const auto n = static_cast<std::uint8_t>(from + 3 * i);
      store.append(sample::visit(n));
      store.append(sample::started(static_cast<std::uint8_t>(n + 1), n));
      store.append(sample::passed(static_cast<std::uint8_t>(n + 1)));
    }
  }
  std::string file(const std::string& name) const { return folder_.file(name); }
  std::vector<MergedChain> merge_into(const std::string& to, const std::vector<std::string>& names) {
    std::vector<std::string> sources;
    for (const std::string& name : names) sources.push_back(file(name));
    return merge(file(to), sources, uuids_);
  }
  // What a report says of it, in one text.
  std::string told(const std::string& name) const {
    Reader reader(file(name));
    std::string all;
    for (const StationInfo& station : reader.stations()) {
      all += to_string(station.installation) + " " + std::to_string(station.head.seq) + hex(station.head.hash) + "\n";
    }
    for (const Attempt& attempt : reader.attempts()) {
      all += attempt.station + " " + to_string(attempt.started.attempt) + " " +
             std::string(to_string(attempt.finished.outcome)) + "\n";
    }
    return all;
  }
  Head archive_it(const std::string& name, const std::string& to) {
    return archive(file(name), file(to), name, sample::run(250), uuids_).end;
  }
  bool has_rows(const std::string& name) const {
    SQLite::Database raw(file(name), SQLite::OPEN_READWRITE);
    return raw.tableExists("chain") && raw.execAndGet("SELECT count(*) FROM chain").getInt() > 0;
  }
  bool sound(const std::string& name) const { return verify_chain(file(name)).sound(); }

  sample::Folder folder_;
  UuidGenerator uuids_;
};

TEST_F(CareTest, ABackupMadeWhileTheRecordIsWrittenVerifiesAndHoldsWhatWasAcknowledged) {
  Store store(file("a"), "a", sample::run(), uuids_);
  more(store, 1, 5);
  back_up(file("a"), file("copy"));
  more(store, 30, 5);
  EXPECT_TRUE(sound("copy"));
  EXPECT_EQ(Reader(file("copy")).attempts().size(), 5u);
  EXPECT_THROW(back_up(file("a"), file("copy")), Error) << "a backup is not written over";
}

TEST_F(CareTest, ABackupDoesNotGetTheNameOfAnotherWhoseWalIsStillThere) {
  make("a", 1, 2);
  for (const char* suffix : {"-wal", "-journal"}) {
    const std::string left = file("copy") + suffix;
    std::ofstream(left) << "of another file";
    EXPECT_THROW(back_up(file("a"), file("copy")), Error) << suffix;
    EXPECT_THROW(archive_it("a", "copy"), Error) << suffix;
    EXPECT_FALSE(std::filesystem::exists(file("copy"))) << suffix;
    std::filesystem::remove(left);
  }
}

TEST_F(CareTest, TwoStationsMergedInEitherOrderGiveTheSame) {
  make("a", 1, 4);
  make("b", 40, 6);
  merge_into("ab", {"a", "b"});
  merge_into("ba", {"b", "a"});
  EXPECT_EQ(told("ab"), told("ba"));
  EXPECT_EQ(Reader(file("ab")).attempts().size(), 10u);
  EXPECT_TRUE(sound("ab"));
  EXPECT_TRUE(sound("ba"));
}

TEST_F(CareTest, MergedAgainNothingChangesAndWhatCameSinceIsAdded) {
  make("a", 1, 4);
  merge_into("all", {"a"});
  const std::string before = told("all");
  EXPECT_EQ(merge_into("all", {"a"})[0].added, 0);
  EXPECT_EQ(told("all"), before);
  {
    Store store(file("a"), "a", sample::run(240), uuids_);
    more(store, 60, 2);
  }
  EXPECT_GT(merge_into("all", {"a"})[0].added, 0);
  EXPECT_EQ(told("all"), told("a"));
  EXPECT_TRUE(sound("all"));
}

TEST_F(CareTest, AStationTakesOverAnotherAndGoesOnWithItsOwnChain) {
  make("a", 1, 2);
  make("b", 40, 2);
  merge_into("a", {"b"});
  {
    Store store(file("a"), "a", sample::run(240), uuids_);
    more(store, 60, 1);
  }
  EXPECT_TRUE(sound("a"));
  EXPECT_EQ(Reader(file("a")).attempts().size(), 5u);
}

TEST_F(CareTest, ASourceThatWasTamperedWithOrHasAnotherHistoryIsRefusedWhole) {
  make("a", 1, 2);
  make("b", 40, 2);
  std::filesystem::copy_file(file("a"), file("restored"));
  merge_into("all", {"a"});
  {
    Store store(file("a"), "a", sample::run(240), uuids_);
    more(store, 60, 1);
  }
  merge_into("all", {"a"});
  {
    Store store(file("restored"), "a", sample::run(241), uuids_);
    more(store, 90, 1);
  }
  const std::string before = told("all");
  EXPECT_THROW(merge_into("all", {"restored"}), Error);
  {
    SQLite::Database edit(file("b"), SQLite::OPEN_READWRITE);
    edit.exec("DROP TRIGGER visit_no_update");
    edit.exec("UPDATE visit SET slot = 'B9' WHERE seq = (SELECT max(seq) FROM visit)");
  }
  EXPECT_THROW(merge_into("all", {"b"}), Error);
  EXPECT_EQ(told("all"), before);
}

TEST_F(CareTest, AnArchiveAndItsSuccessorAreOneChain) {
  make("a", 1, 3);
  const Head end = archive_it("a", "a-2026");
  EXPECT_TRUE(sound("a-2026"));
  EXPECT_TRUE(sound("a")) << verify_chain(file("a")).chains[0].problem->text;
  EXPECT_EQ(Reader(file("a")).attempts().size(), 0u);
  EXPECT_EQ(verify_chain(file("a")).chains[0].start, end);
  {
    Store store(file("a"), "a", sample::run(240), uuids_);
    more(store, 60, 2);
  }
  EXPECT_TRUE(sound("a"));
  archive_it("a", "a-2027");
  EXPECT_TRUE(sound("a")) << "and again";
  // Both parts know the same images and units, each for itself: in one database they would be there twice.
  merge_into("all", {"a-2026"});
  EXPECT_THROW(merge_into("all", {"a"}), Error);
  EXPECT_EQ(told("all"), told("a-2026"));
}

TEST_F(CareTest, WhereAnArchiveEndedCannotBeEdited) {
  make("a", 1, 3);
  archive_it("a", "a-2026");
  SQLite::Database edit(file("a"), SQLite::OPEN_READWRITE);
  EXPECT_THROW(edit.exec("UPDATE chain SET start_seq = 0"), SQLite::Exception);
  edit.exec("DROP TRIGGER chain_no_update");
  edit.exec("UPDATE chain SET start_hash = zeroblob(32)");
  EXPECT_EQ(verify_chain(file("a")).chains[0].problem->damage, Damage::changed);
}

TEST_F(CareTest, AnArchiveRefusesWhileAnOrderIsOpenOrTheNameIsTaken) {
  make("a", 1, 1);
  make("b", 40, 1);
  EXPECT_THROW(archive_it("a", "b"), Error);
  {
    Store store(file("a"), "a", sample::run(240), uuids_);
    store.append(sample::job());
  }
  EXPECT_THROW(archive_it("a", "a-2026"), Error);
  EXPECT_TRUE(sound("a"));
  EXPECT_EQ(Reader(file("a")).attempts().size(), 1u);
}

// Killed anywhere in backup, merge or archive: what was acknowledged is in one of the files, and that one verifies.
TEST_F(CareTest, KilledAtAnyMomentNothingAcknowledgedIsLost) {
  for (int moment = 0; moment < 40; ++moment) {
    const std::string name = "k" + std::to_string(moment);
    make(name, 1, 10);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      back_up(file(name), file(name + ".backup"));
      merge_into(name + ".all", {name});
      archive_it(name, name + ".old");
      _exit(0);
    }
    usleep(static_cast<useconds_t>(moment) * 1500);
    ::kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    std::size_t most = 0;
    for (const char* suffix : {"", ".old", ".backup", ".all"}) {
      const std::string one = name + suffix;
      if (!std::filesystem::exists(file(one))) continue;
      if (suffix == std::string(".all") && !has_rows(one)) continue;  // made, and nothing taken over yet
      const Verification result = verify_chain(file(one));
      EXPECT_TRUE(result.sound()) << one << testing::PrintToString(result.file_problems);
      if (suffix == std::string("") || suffix == std::string(".old")) {
        most = std::max(most, Reader(file(one)).attempts().size());
      }
    }
    EXPECT_EQ(most, 10u) << moment;
    UuidGenerator uuids;
    Store again(file(name), name, sample::run(static_cast<std::uint8_t>(201)), uuids);  // and the station goes on
  }
}

}  // namespace
}  // namespace db
