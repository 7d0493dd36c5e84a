#include "db/store.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "db/error.h"
#include "db/reader.h"
#include "db/schema.h"
#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {Trouble::refused, ""};
}

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open(std::uint8_t run = 200) {
    return std::make_unique<Store>(path_, "line-3", sample::run(run), uuids_);
  }
  void fill(Store& store) {
    store.append(sample::visit(1));
    store.append(sample::started(2, 1));
    store.append(sample::passed(2));
    store.append(sample::beside(2, 1));
    store.append(VisitEnded{sample::uuid(1), sample::at(20000)});
  }
  SQLite::Database raw() { return {path_, SQLite::OPEN_READWRITE}; }

  sample::Folder folder_;
  std::string path_ = folder_.file();
  UuidGenerator uuids_;
};

TEST_F(StoreTest, CreatesFolderAndFile) {
  path_ = folder_.file("a/b/flashline.db");
  open();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(StoreTest, AFileThatLostItsContentIsNotBegunAgain) {
  open();
  std::ofstream(path_, std::ios::trunc).close();
  try {
    open();
    ADD_FAILURE() << "a new record was begun in the place of the old one";
  } catch (const Error& error) {
    EXPECT_EQ(error.trouble(), Trouble::damaged);
    EXPECT_THAT(error.what(), HasSubstr("db restore"));
  }
  EXPECT_EQ(std::filesystem::file_size(path_), 0u);
}

TEST_F(StoreTest, AnEmptyFileWithoutAKeyBeginsARecord) {
  std::ofstream(path_).close();
  open();
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST_F(StoreTest, SetsUpAWriteAheadLogAndItsApplicationId) {
  open();
  SQLite::Database file = raw();
  EXPECT_EQ(file.execAndGet("PRAGMA journal_mode").getString(), "wal");
  EXPECT_EQ(file.execAndGet("PRAGMA application_id").getInt64(), kApplicationId);
  EXPECT_EQ(
      file.execAndGet("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%'").getInt(),
      0);
}

TEST_F(StoreTest, EveryRowIsTheNextLinkOfOneChainOverAllTables) {
  const std::unique_ptr<Store> store = open();
  EXPECT_EQ(store->head().seq, 3);  // station, its key, run
  fill(*store);
  // visit; two images, recipe, attempt; unit, two steps, verdict; end of visit; what is beside
  EXPECT_EQ(store->head().seq, 3 + 1 + 4 + 4 + 1 + 5);
  const Verification verified = verify_chain(path_);
  ASSERT_EQ(verified.chains.size(), 1U);
  EXPECT_TRUE(verified.sound()) << testing::PrintToString(verified.file_problems);
  EXPECT_EQ(verified.chains[0].proven, store->head());
  EXPECT_EQ(verified.chains[0].last, store->head());
  EXPECT_EQ(verified.chains[0].rows, store->head().seq);
  EXPECT_EQ(verified.chains[0].installation, store->installation());
  EXPECT_EQ(verified.chains[0].station, "line-3");
}

TEST_F(StoreTest, ChainGoesOnWhereTheLastProgramLeftIt) {
  Uuid installation;
  Head head;
  {
    const std::unique_ptr<Store> store = open();
    fill(*store);
    installation = store->installation();
    head = store->head();
  }
  const std::unique_ptr<Store> store = open(201);
  EXPECT_EQ(store->installation(), installation);
  EXPECT_EQ(store->head().seq, head.seq + 1);  // the new run
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST_F(StoreTest, RecipeImagesAndUnitAreRecordedOnce) {
  const std::unique_ptr<Store> store = open();
  fill(*store);
  store->append(sample::visit(3));
  store->append(sample::started(4, 3));
  store->append(sample::passed(4));
  SQLite::Database file = raw();
  EXPECT_EQ(file.execAndGet("SELECT count(*) FROM recipe").getInt(), 1);
  EXPECT_EQ(file.execAndGet("SELECT count(*) FROM image").getInt(), 2);
  EXPECT_EQ(file.execAndGet("SELECT count(*) FROM unit").getInt(), 1);
}

TEST_F(StoreTest, SameRecipeTextWithAnotherImageIsAnotherRecipe) {
  const std::unique_ptr<Store> store = open();
  fill(*store);
  Recipe changed = *sample::recipe();
  changed.images[1] = sample::image(9, "part2.bin");
  AttemptStarted started = sample::started(4, 1, 2);
  started.recipe = std::make_shared<const Recipe>(changed);
  store->append(started);
  EXPECT_EQ(raw().execAndGet("SELECT count(*) FROM recipe").getInt(), 2);
}

TEST_F(StoreTest, ANewStationNameIsANewRow) {
  open();
  Store renamed(path_, "line-4", sample::run(201), uuids_);
  EXPECT_EQ(raw().execAndGet("SELECT count(*) FROM station").getInt(), 2);
  EXPECT_EQ(verify_chain(path_).chains[0].station, "line-4");
}

TEST_F(StoreTest, UpdatesAndDeletesAndReplacementsAreRefusedOnEveryTable) {
  fill(*open());
  SQLite::Database file = raw();
  file.exec("PRAGMA recursive_triggers = ON");
  std::vector<std::string> tables{"chain"};
  tables.insert(tables.end(), kChainedTables.begin(), kChainedTables.end());
  for (const std::string& table : tables) {
    EXPECT_GT(file.execAndGet("SELECT count(*) FROM " + table).getInt(), 0) << table;
    for (const std::string& edit : {"UPDATE " + table + " SET chain = chain", "DELETE FROM " + table,
                                    "INSERT OR REPLACE INTO " + table + " SELECT * FROM " + table + " LIMIT 1"}) {
      EXPECT_THROW(file.exec(edit), SQLite::Exception) << edit;
    }
  }
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST_F(StoreTest, ABatchIsRecordedWholeOrNotAtAll) {
  const std::unique_ptr<Store> store = open();
  const Head before = store->head();
  const std::vector<Record> batch{sample::visit(1), sample::started(2, 1), sample::passed(77)};
  const Error error = error_of([&] { store->append(batch); });
  EXPECT_EQ(error.trouble(), Trouble::refused);
  EXPECT_EQ(store->head(), before);
  EXPECT_EQ(raw().execAndGet("SELECT count(*) FROM visit").getInt(), 0);
  fill(*store);  // and goes on
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST_F(StoreTest, ASecondVerdictOfAnAttemptIsRefused) {
  const std::unique_ptr<Store> store = open();
  fill(*store);
  EXPECT_EQ(error_of([&] { store->append(sample::failed(2)); }).trouble(), Trouble::refused);
  AttemptFinished running = sample::passed(5);
  running.outcome = Outcome::running;
  store->append(sample::started(5, 1, 2));
  EXPECT_EQ(error_of([&] { store->append(running); }).trouble(), Trouble::refused);
}

TEST_F(StoreTest, ASecondWriterIsRefusedAndToldWhoHoldsTheDatabase) {
  const std::unique_ptr<Store> store = open();
  const Error error = error_of([&] { open(201); });
  EXPECT_EQ(error.trouble(), Trouble::in_use);
  EXPECT_THAT(error.what(), HasSubstr(std::to_string(::getpid())));
  EXPECT_THAT(error.what(), HasSubstr(path_));
  fill(*store);
}

TEST_F(StoreTest, ASecondWriterIsRefusedAlsoThroughALink) {
  const std::unique_ptr<Store> store = open();
  std::filesystem::create_symlink(path_, folder_.file("link.db"));
  const std::string other = folder_.file("link.db");
  EXPECT_EQ(error_of([&] { Store(other, "line-3", sample::run(201), uuids_); }).trouble(), Trouble::in_use);
}

TEST_F(StoreTest, AFileWithASecondNameIsNotWritten) {
  open().reset();
  std::filesystem::create_hard_link(path_, folder_.file("other.db"));
  EXPECT_THAT(error_of([&] { open(201); }).what(), HasSubstr("has 2 names (hard links)"));
  std::filesystem::remove(folder_.file("other.db"));
  open(202);
}

TEST_F(StoreTest, AReaderInTheSameProcessDoesNotDropTheLock) {
  const std::unique_ptr<Store> store = open();
  Reader(path_).counts();
  EXPECT_EQ(error_of([&] { open(201); }).trouble(), Trouble::in_use);
}

TEST_F(StoreTest, AttemptsLeftOpenAreClosedAsInterruptedAtTheNextOpening) {
  {
    const std::unique_ptr<Store> store = open();
    fill(*store);
    store->append(sample::started(4, 1, 2));
  }
  const std::unique_ptr<Store> store = open(201);
  EXPECT_THAT(store->interrupted(), ElementsAre(sample::uuid(4)));
  const std::vector<Attempt> attempts = Reader(path_).attempts();
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_FALSE(attempts[1].open);
  EXPECT_EQ(attempts[1].finished.outcome, Outcome::interrupted);
  EXPECT_EQ(attempts[1].finished.fault->code, "interrupted");
  EXPECT_EQ(attempts[1].finished.fault->about, "station");
  EXPECT_EQ(attempts[1].finished.verified, std::nullopt);
  EXPECT_EQ(attempts[1].finished.flash, std::nullopt);
}

TEST_F(StoreTest, AForeignDatabaseIsLeftAlone) {
  SQLite::Database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE mine (a)");
  const auto size = std::filesystem::file_size(path_);
  EXPECT_EQ(error_of([&] { open(); }).trouble(), Trouble::not_flashline);
  EXPECT_EQ(error_of([&] { Reader reader(path_); }).trouble(), Trouble::not_flashline);
  EXPECT_EQ(std::filesystem::file_size(path_), size);
}

TEST_F(StoreTest, AFileThatIsNoDatabaseIsRefused) {
  std::ofstream(path_) << std::string(5000, 'x');
  EXPECT_EQ(error_of([&] { open(); }).trouble(), Trouble::not_flashline);
  EXPECT_EQ(error_of([&] { verify_chain(path_); }).trouble(), Trouble::not_flashline);
}

TEST_F(StoreTest, AMissingDatabaseIsToldFromAnEmptyOne) {
  EXPECT_EQ(error_of([&] { Reader reader(path_); }).trouble(), Trouble::missing);
  EXPECT_EQ(error_of([&] { verify_chain(path_); }).trouble(), Trouble::missing);
  std::ofstream(path_).flush();
  EXPECT_EQ(error_of([&] { Reader reader(path_); }).trouble(), Trouble::not_flashline);
}

TEST_F(StoreTest, ADatabaseOfANewerVersionIsRefused) {
  open();
  raw().exec("PRAGMA user_version = 99");
  const Error error = error_of([&] { open(201); });
  EXPECT_EQ(error.trouble(), Trouble::newer_schema);
  EXPECT_THAT(error.what(), HasSubstr("99"));
  EXPECT_EQ(error_of([&] { Reader reader(path_); }).trouble(), Trouble::newer_schema);
}

TEST_F(StoreTest, AFullDiskIsASentenceAndTheStoreGoesOnWhenThereIsRoom) {
  const std::unique_ptr<Store> store = open();
  const std::unique_ptr<Store>& writer = store;
  const Head before = store->head();
  // A write beyond the limit fails with EFBIG, as on a full disk.
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = old;
  small.rlim_cur = std::filesystem::file_size(path_ + "-wal") + 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Error error = error_of([&] { fill(*writer); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error.trouble(), Trouble::cannot_write);
  EXPECT_EQ(store->head(), before);
  fill(*store);
  EXPECT_TRUE(verify_chain(path_).sound());
}

TEST(Migration, BringsAnOlderSchemaToTheNewestAndKeepsItsChain) {
  const sample::Folder folder;
  const std::string path = folder.file();
  UuidGenerator uuids;
  {
    Store store(path, "line-3", sample::run(), uuids);
    store.append(sample::visit(1));
  }
  SQLite::Database file(path, SQLite::OPEN_READWRITE);
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  const int next = steps.back().version + 1;
  steps.push_back({next, "ALTER TABLE visit ADD COLUMN label TEXT; CREATE INDEX visit_label ON visit (label);"});
  migrate(file, path, steps);
  EXPECT_EQ(file.execAndGet("PRAGMA user_version").getInt(), next);
  migrate(file, path, steps);  // again: nothing to do
  EXPECT_EQ(file.execAndGet("SELECT count(*) FROM visit WHERE label IS NULL").getInt(), 1);
  // Tables that this program does not make are not read: not even as a record of the version that they claim.
  file.exec("PRAGMA user_version = " + std::to_string(next - 1));
  EXPECT_FALSE(verify_chain(path).sound());
}

// A record as the program wrote it when the schema was that one, kept for good.
void load_fixture(const std::string& name, const std::string& path) {
  std::ifstream dump(FLASHLINE_SOURCE_DIR "/tests/db/fixtures/" + name);
  const std::string sql(std::istreambuf_iterator<char>(dump), {});
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(sql);
}

struct Fixture {
  const char* file;
  std::int64_t rows;
  std::size_t attempts, jobs;
  std::uint64_t failed;
};

TEST(Migration, TheRecordOfEveryOlderSchemaIsReadAsItIsAndGoesOnAfterMigration) {
  const sample::Folder folder;
  for (const Fixture& fixture : {Fixture{"schema-1.sql", 114, 16, 0, 3}, Fixture{"schema-2.sql", 46, 4, 1, 0},
                                 Fixture{"schema-3.sql", 34, 3, 1, 1}, Fixture{"schema-4.sql", 30, 3, 1, 1},
                                 Fixture{"schema-5.sql", 35, 4, 1, 2}}) {
    const std::string path = folder.file(fixture.file);
    load_fixture(fixture.file, path);
    const Verification before = verify_chain(path);
    ASSERT_TRUE(before.sound()) << testing::PrintToString(before.file_problems);
    EXPECT_EQ(before.chains[0].rows, fixture.rows);
    EXPECT_EQ(Reader(path).attempts().size(), fixture.attempts);
    EXPECT_EQ(Reader(path).jobs().size(), fixture.jobs);
    const std::size_t partial_flashes = Reader(path).partial_flashes().attempts.size();
    UuidGenerator uuids;
    Store store(path, "line-3", sample::run(), uuids);
    store.append(sample::job());
    const Verification after = verify_chain(path);
    ASSERT_TRUE(after.sound()) << testing::PrintToString(after.file_problems);
    EXPECT_EQ(Reader(path).counts().of(Outcome::failed), fixture.failed);
    EXPECT_EQ(Reader(path).jobs().size(), fixture.jobs + 1);
    EXPECT_EQ(Reader(path).partial_flashes().attempts.size(), partial_flashes);
    EXPECT_EQ(SQLite::Database(path).execAndGet("PRAGMA user_version").getInt(), migrations().back().version);
  }
}

// The last program of that record was killed while it flashed a unit; the one before left a unit half-written.
TEST(Migration, ARecordOfSchemaFourLearnsWhatIsNotSettled) {
  const sample::Folder folder;
  const std::string path = folder.file();
  load_fixture("schema-4.sql", path);
  UuidGenerator uuids;
  const Store store(path, "line-3", sample::run(), uuids);
  EXPECT_EQ(store.interrupted().size(), 1U);
  SQLite::Database file(path);
  EXPECT_EQ(file.execAndGet("SELECT group_concat(unit || open) FROM unsettled").getString(),
            "3b002c0018473532363430340");
  const std::vector<Attempt> left = Reader(path).partial_flashes().attempts;
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].finished.unit, "3b002c001847353236343034");
  EXPECT_EQ(left[1].started.attempt, store.interrupted()[0]);
}

// Every schema that there was has a fixture: a new one in the migrations needs one here.
TEST(Migration, EverySchemaButTheLastHasItsFixture) {
  for (const Migration& step : migrations()) {
    const bool there = std::filesystem::exists(FLASHLINE_SOURCE_DIR "/tests/db/fixtures/schema-" +
                                               std::to_string(step.version) + ".sql");
    EXPECT_EQ(there, step.version < migrations().back().version) << step.version;
  }
}

// The package takes its number from there: it is not installed over one that wrote a newer record.
TEST(Migration, TheNewestSchemaIsTheLastInTheDocuments) {
  std::ifstream document(std::filesystem::path(FLASHLINE_SOURCE_DIR "/docs/record").replace_extension("md"));
  int last = 0;
  for (std::string line; std::getline(document, line);) {
    int number = 0;
    if (std::sscanf(line.c_str(), "| %d | ", &number) == 1) last = number;
  }
  EXPECT_EQ(last, migrations().back().version);
}

TEST(Migration, ThatFailsHalfWayLeavesTheOlderSchema) {
  SQLite::Database file(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(file, ":memory:");
  const std::string before = schema_of(file);
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  const int newest = steps.back().version;
  steps.push_back({newest + 1, "CREATE TABLE extra (a INTEGER) STRICT; CREATE TABLE wrong (;"});
  EXPECT_THROW(migrate(file, ":memory:", steps), SQLite::Exception);
  EXPECT_EQ(schema_of(file), before);
  EXPECT_EQ(file.execAndGet("PRAGMA user_version").getInt(), newest);
}

// The program before must be able to go on: it knows the schema that it wrote, and none between.
TEST(Migration, ThatFailsAtItsLastStepUndoesTheStepsBefore) {
  const sample::Folder folder;
  const std::string path = folder.file();
  load_fixture("schema-2.sql", path);
  SQLite::Database file(path, SQLite::OPEN_READWRITE);
  const std::string before = schema_of(file);
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  steps.push_back({steps.back().version + 1, "CREATE TABLE wrong (;"});
  EXPECT_THROW(migrate(file, path, steps), SQLite::Exception);
  EXPECT_EQ(schema_of(file), before);
  EXPECT_EQ(file.execAndGet("PRAGMA user_version").getInt(), 2);
}

TEST(Migration, OnAFullDiskLeavesTheOldRecordWholeAndIsDoneWhenThereIsRoom) {
  const sample::Folder folder;
  const std::string path = folder.file();
  load_fixture("schema-1.sql", path);
  const auto version = [&] { return SQLite::Database(path).execAndGet("PRAGMA user_version").getInt(); };
  UuidGenerator uuids;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  int refused = 0;
  // From where SQLite's index of the -wal file fits, and on until all of the migration does.
  for (rlim_t room = 33000; version() == 1 && room < 1000000; room += 8192) {
    rlimit small = old;
    small.rlim_cur = room;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    std::optional<Trouble> trouble;
    try {
      const Store store(path, "line-3", sample::run(), uuids);
    } catch (const Error& error) {
      trouble = error.trouble();
    }
    ::setrlimit(RLIMIT_FSIZE, &old);
    if (trouble) {
      EXPECT_EQ(*trouble, Trouble::cannot_write) << room;
    }
    refused += version() == 1;
    EXPECT_TRUE(verify_chain(path).sound()) << room;
  }
  std::signal(SIGXFSZ, old_handler);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(version(), migrations().back().version);
}

}  // namespace
}  // namespace db
