// Databases and folders that somebody else made so that reading them would take for ever, all memory, or other files.
// A test that hangs is a failure: each works in a child with limits.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/care.h"
#include "db/connection.h"
#include "db/error.h"
#include "db/image_store.h"
#include "db/private_copy.h"
#include "db/reader.h"
#include "db/schema.h"
#include "db/verify.h"
#include "db/wary.h"
#include "tests/db/sample.h"

namespace db {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr const char* endless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 1 AS chain, i AS seq, zeroblob(32) AS "
    "hash, "
    "zeroblob(16) AS run, 0 AS at, 'x' AS kind, NULL AS attempt, '' AS about, '' AS text, '' AS facts FROM n";

class HostileTest : public testing::Test {
 protected:
  HostileTest() {
    Store store(file("good.db"), "line-3", sample::run(), uuids_);
    for (std::uint8_t n = 1; n < 40; n = static_cast<std::uint8_t>(n + 3)) {
      store.append(sample::visit(n));
      store.append(sample::started(static_cast<std::uint8_t>(n + 1), n));
      store.append(sample::passed(static_cast<std::uint8_t>(n + 1)));
    }
    store.append(sample::beside(2, 1));
  }

  std::string file(const std::string& name) const { return folder_.file(name); }

  // A copy of the good record, changed by somebody who knows SQLite.
  std::string edited(const std::string& name, const std::function<void(SQLite::Database&)>& edit) {
    fs::copy_file(file("good.db"), file(name), fs::copy_options::overwrite_existing);
    SQLite::Database database(file(name), SQLite::OPEN_READWRITE);
    database.exec("PRAGMA journal_mode = DELETE");
    edit(database);
    return file(name);
  }
  std::string edited(const std::string& name, const std::string& sql) {
    return edited(name, [&](SQLite::Database& database) { database.exec(sql); });
  }

  // What each way in says about the file, each in a process that may take 10 s and 512 MiB more than it has.
  std::string refusal(const std::function<void()>& work) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      std::string said = "nothing";
      try {
        work();
      } catch (const Error& error) {
        said = error.what();
      }
      rusage used{};
      getrusage(RUSAGE_SELF, &used);
      if (used.ru_utime.tv_sec >= 10) said = "took " + std::to_string(used.ru_utime.tv_sec) + " s";
      (void)!write(ends[1], said.data(), said.size());
      _exit(0);
    }
    close(ends[1]);
    std::string said;
    char buffer[4096];
    for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
      said.append(buffer, static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
    return said;
  }

  void expect_refused_everywhere(const std::string& hostile, const std::string& says) {
    EXPECT_THAT(refusal([&] {
                  const Verification result = verify_chain(hostile);
                  throw Error(Trouble::damaged, result.sound()                 ? "sound"
                                                : result.file_problems.empty() ? "?"
                                                                               : result.file_problems[0]);
                }),
                HasSubstr(says));
    EXPECT_THAT(refusal([&] { Reader(hostile).attempts({}, [](const Attempt&) { return true; }); }), HasSubstr(says));
    EXPECT_THAT(refusal([&] { merge(file("to.db"), {hostile}, uuids_); }), HasSubstr(says));
    EXPECT_THAT(refusal([&] { import_job(file("to.db"), hostile, uuids_); }), HasSubstr(says));
    EXPECT_THAT(refusal([&] { check_images(hostile); }), HasSubstr(says));
    for (const auto& entry : fs::directory_iterator(fs::path(hostile).parent_path())) {
      EXPECT_EQ(entry.path().string().find(".incoming-"), std::string::npos) << entry.path();
    }
  }

  sample::Folder folder_;
  UuidGenerator uuids_;
};

TEST_F(HostileTest, AnEndlessViewInThePlaceOfATableIsNeverAsked) {
  for (const std::string table : {"event", "attempt_finished", "station", "chain"}) {
    const std::string hostile =
        edited("view.db", "DROP TABLE " + table + "; CREATE VIEW " + table + " AS " + std::string(endless));
    expect_refused_everywhere(hostile, "not as this program makes");
  }
}

TEST_F(HostileTest, WhatStandsBesideTheTablesIsRefusedToo) {
  for (const std::string& sql :
       {std::string("CREATE VIEW extra AS ") + endless, std::string("CREATE TABLE extra (a)"),
        std::string("CREATE INDEX extra ON event (hex(text))"),
        std::string("ALTER TABLE event ADD COLUMN more TEXT AS (hex(text))"),
        std::string("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE VIEW excerpt AS SELECT 1' "
                    "WHERE name = 'excerpt'")}) {
    const std::string hostile = edited("beside.db", sql);
    EXPECT_THAT(refusal([&] { Reader(hostile).attempts({}, [](const Attempt&) { return true; }); }),
                testing::AnyOf(HasSubstr("not as this program makes"), HasSubstr("damaged"), HasSubstr("SQLite")))
        << sql;
    EXPECT_THAT(refusal([&] { merge(file("to.db"), {hostile}, uuids_); }),
                testing::AnyOf(HasSubstr("does not verify"), HasSubstr("is damaged")))
        << sql;
  }
}

TEST_F(HostileTest, StatisticsOfSqlitesOwnAreNoReasonToRefuse) {
  const std::string analysed = edited("analysed.db", "ANALYZE");
  int attempts = 0;
  Reader(analysed).attempts({}, [&](const Attempt&) { return ++attempts > 0; });
  EXPECT_EQ(attempts, 13);
}

TEST_F(HostileTest, PipesLinksAndDevicesAreNotOpened) {
  ASSERT_EQ(mkfifo(file("pipe.db").c_str(), 0600), 0);
  expect_refused_everywhere(file("pipe.db"), "not a regular file");
  expect_refused_everywhere("/dev/zero", "not a regular file");
  for (const std::string suffix : {"-wal", "-shm", "-journal"}) {
    fs::copy_file(file("good.db"), file("beside.db"), fs::copy_options::overwrite_existing);
    ASSERT_EQ(mkfifo(file("beside.db" + suffix).c_str(), 0600), 0);
    expect_refused_everywhere(file("beside.db"), "not a regular file");
    fs::remove(file("beside.db" + suffix));
    fs::create_symlink("/dev/zero", file("beside.db" + suffix));
    expect_refused_everywhere(file("beside.db"), "not a regular file");
    fs::remove(file("beside.db" + suffix));
  }
}

TEST_F(HostileTest, ALinkToARecordIsFollowedByItsOwnersChoice) {
  fs::create_symlink(file("good.db"), file("link.db"));
  EXPECT_TRUE(verify_chain(file("link.db")).sound());
}

// Inner pages whose children are all one page: a file of some kilobytes with more rows than anybody can read.
TEST_F(HostileTest, PagesThatAreOneAnothersChildrenEndWithTheirAllowance) {
  const std::string hostile =
      edited("bomb.db", [](SQLite::Database& database) { database.exec("PRAGMA page_size = 512; VACUUM"); });
  std::int64_t root = 0;
  {
    SQLite::Database database(hostile, SQLite::OPEN_READWRITE);
    root = database.execAndGet("SELECT rootpage FROM sqlite_schema WHERE name = 'excerpt'").getInt64();
    SQLite::Statement insert(database, "INSERT INTO excerpt VALUES (1, 'x', 'y')");
    for (int i = 0; i < 20; ++i) insert.exec(), insert.reset();
  }
  // The root becomes an inner page of a table with as many children as it has room for, all of them the page after the
  // last, which is one like it, five levels deep; the last is the leaf.
  std::fstream raw(hostile, std::ios::in | std::ios::out | std::ios::binary);
  std::string leaf(512, '\0');
  raw.seekg((root - 1) * 512);
  raw.read(leaf.data(), 512);
  std::int64_t pages = static_cast<std::int64_t>(fs::file_size(hostile)) / 512;
  const auto inner = [](std::int64_t child) {
    std::string page(512, '\0');
    constexpr int cells = 60;
    const auto put = [&page](std::size_t at, std::int64_t value, int bytes) {
      for (int i = 0; i < bytes; ++i)
        page[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> 8 * (bytes - 1 - i));
    };
    page[0] = 5;
    put(3, cells, 2);
    put(5, 512 - cells * 5, 2);
    put(8, child, 4);
    for (int i = 0; i < cells; ++i) {
      const int at = 512 - (i + 1) * 5;
      put(static_cast<std::size_t>(12 + 2 * i), at, 2);
      put(static_cast<std::size_t>(at), child, 4);
      page[static_cast<std::size_t>(at) + 4] = static_cast<char>(i + 1);
    }
    return page;
  };
  constexpr int levels = 7;
  for (int level = 0; level < levels; ++level) {
    const std::int64_t place = level == 0 ? root : pages + level;
    raw.seekp((place - 1) * 512);
    raw << inner(pages + level + 1);
  }
  raw.seekp((pages + levels - 1) * 512);
  raw << leaf;
  const std::int64_t all = pages + levels;
  for (int i = 0; i < 4; ++i) {
    raw.seekp(28 + i);
    raw.put(static_cast<char>(all >> 8 * (3 - i)));
  }
  raw.close();
  const std::string said = refusal([&] {
    translated(hostile, [&] {
      SQLite::Database database = open_for_reading(hostile);
      SQLite::Statement rows(database, "SELECT statement FROM excerpt WHERE statement <> 'x'");
      while (rows.executeStep()) {
      }
    });
  });
  EXPECT_THAT(said, HasSubstr("more time or memory"));
  EXPECT_THAT(refusal([&] { throw Error(Trouble::damaged, verify_chain(hostile).sound() ? "sound" : "not sound"); }),
              HasSubstr("not sound"));
  EXPECT_THAT(refusal([&] { merge(file("to.db"), {hostile}, uuids_); }), HasSubstr("does not verify"));
}

TEST_F(HostileTest, AFileOfHolesIsRefusedBeforeItIsCopied) {
  fs::copy_file(file("good.db"), file("holes.db"));
  fs::resize_file(file("holes.db"), std::uintmax_t{1} << 37);
  EXPECT_THAT(refusal([&] { merge(file("to.db"), {file("holes.db")}, uuids_); }), HasSubstr("mostly holes"));
  EXPECT_THAT(refusal([&] { verify_chain(file("holes.db")); }), HasSubstr("mostly holes"));
}

TEST_F(HostileTest, WhatWasVerifiedIsWhatIsTakenOver) {
  const PrivateCopy copy(file("good.db"), file("to.db"));
  // Exchanged while it is looked at.
  fs::copy_file(edited("other.db", "DROP TABLE label"), file("good.db"), fs::copy_options::overwrite_existing);
  EXPECT_TRUE(verify_chain(copy.path()).sound());
  struct stat facts {};
  ASSERT_EQ(stat(copy.path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(HostileTest, TheProblemOfAnImportIsAskedOfTheSameCopy) {
  export_job(file("good.db"), "J-7", file("order"), StationKey::load(file("good.db.key")));
  const auto refused = import_job(file("to.db"), file("order"), uuids_, [&](const Verification& verified) {
    EXPECT_TRUE(verified.sound());
    fs::remove(file("order"));  // it is not needed again
    return std::string("not today");
  });
  EXPECT_EQ(std::get<std::string>(refused), "not today");
  EXPECT_FALSE(fs::exists(file("to.db")));
}

TEST_F(HostileTest, InAnImageStoreOnlyRegularFilesAreRead) {
  const ImageStore store(file("good.db"));
  const Sha256 digest = sample::digest(1);
  const std::string name = store.file_of(digest);
  const auto altered = [&] {
    return refusal([&] {
      throw Error(Trouble::damaged,
                  std::holds_alternative<ImageStore::Altered>(store.get(digest)) ? "altered" : "something else");
    });
  };
  fs::create_directories(fs::path(name).parent_path());
  ASSERT_EQ(mkfifo(name.c_str(), 0600), 0);
  EXPECT_EQ(altered(), "altered");
  EXPECT_THAT(refusal([&] { ImageStore(file("mine.db")).take_over(store); }), "nothing");
  fs::remove(name);
  fs::create_symlink("/dev/zero", name);
  EXPECT_EQ(altered(), "altered");
  fs::remove(name);
  std::ofstream(file("elsewhere")) << "bytes";
  fs::create_symlink(file("elsewhere"), name);
  EXPECT_EQ(altered(), "altered") << "a link is none of the store's files";
  fs::remove(name);
  std::ofstream(name) << "";
  fs::resize_file(name, std::uintmax_t{1} << 40);
  EXPECT_EQ(altered(), "altered") << "holes";
  fs::remove_all(fs::path(name).parent_path());
  fs::create_directories(file("else/where"));
  fs::create_symlink(file("else/where"), fs::path(name).parent_path());
  EXPECT_EQ(altered(), "altered") << "the folder is a link";
}

TEST_F(HostileTest, AnImageIsNotWrittenThroughALinkThatWaitsForIt) {
  const ImageStore store(file("good.db"));
  const ImageStore::Bytes bytes{1, 2, 3};
  Sha256 digest{};
  {
    const char* hex_digits = "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81";
    for (std::size_t i = 0; i < digest.size(); ++i) {
      digest[i] = static_cast<std::uint8_t>(std::stoi(std::string(hex_digits + 2 * i, 2), nullptr, 16));
    }
  }
  const std::string name = store.file_of(digest);
  fs::create_directories(fs::path(name).parent_path());
  std::ofstream(file("victim")) << "precious";
  fs::create_symlink(file("victim"), name + "." + std::to_string(getpid()) + ".part");
  store.put(digest, bytes);
  EXPECT_EQ(fs::file_size(file("victim")), 8u);
  EXPECT_TRUE(std::holds_alternative<ImageStore::Bytes>(store.get(digest)));
}

TEST(Allowance, GrowsWithTheFileAndIsEnoughForTheSlowestReport) {
  // 1.6 GB: all holders of an image took 28 s, beside a busy line and on a slow machine ten times as long.
  const Allowance large = allowance_for(std::int64_t{1600} << 20);
  EXPECT_GT(large.cpu_seconds, 280);
  const Allowance small = allowance_for(100 << 10);
  EXPECT_LT(small.cpu_seconds, 8);
  EXPECT_LT(small.memory_bytes, std::int64_t{300} << 20);
  EXPECT_GE(small.longest_value, std::int64_t{16} << 20);
  EXPECT_LE(large.longest_value, std::int64_t{512} << 20);
}

}  // namespace
}  // namespace db
