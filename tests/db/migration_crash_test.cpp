// Kill -9 in the middle of a migration: the record is of the old schema or of the new one, whole, and goes on.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/schema.h"
#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

struct Older {
  const char* fixture;
  int schema;
  std::size_t attempts;
};

class MigrationCrash : public testing::TestWithParam<Older> {};

TEST_P(MigrationCrash, KilledAtAnyMomentTheRecordIsWholeAndGoesOn) {
  const sample::Folder folder;
  const std::string old = folder.file("old.db");
  {
    std::ifstream dump(std::string(FLASHLINE_SOURCE_DIR "/tests/db/fixtures/") + GetParam().fixture);
    const std::string sql(std::istreambuf_iterator<char>(dump), {});
    SQLite::Database file(old, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    file.exec(sql);
    file.exec("PRAGMA journal_mode = WAL");  // as every version has left it
  }
  const int newest = migrations().back().version;
  std::map<int, int> seen;  // schema after the kill, how often
  useconds_t life = 0;
  for (int round = 0; round < 40; ++round) {
    const std::string path = folder.file("k" + std::to_string(round));
    std::filesystem::copy_file(old, path);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      UuidGenerator uuids;
      const Store store(path, "line-3", sample::run(210), uuids);
      _exit(0);
    }
    usleep(life);
    ::kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    // Around the moments in which it matters, on whatever machine: later if it came too early, and the other way round.
    const bool ended = WIFEXITED(status);
    life = ended ? life * 3 / 4 : life + 400 + life / 16;

    const Verification killed = verify_chain(path);
    EXPECT_TRUE(killed.sound()) << round << testing::PrintToString(killed.file_problems);
    EXPECT_EQ(Reader(path).attempts().size(), GetParam().attempts) << round;
    ++seen[SQLite::Database(path).execAndGet("PRAGMA user_version").getInt()];
    UuidGenerator uuids;
    Store again(path, "line-3", sample::run(211), uuids);
    again.append(sample::job());
    EXPECT_EQ(SQLite::Database(path).execAndGet("PRAGMA user_version").getInt(), newest) << round;
    EXPECT_TRUE(verify_chain(path).sound()) << round;
  }
  int whole = 0;  // of the old schema or of a later one, never something between
  for (int schema = GetParam().schema; schema <= newest; ++schema) whole += seen[schema];
  EXPECT_EQ(whole, 40);
  EXPECT_GT(seen[GetParam().schema], 0) << "some were killed before";
}
INSTANTIATE_TEST_SUITE_P(OfEverySchema, MigrationCrash,
                         testing::Values(Older{"schema-1.sql", 1, 16}, Older{"schema-2.sql", 2, 4},
                                         Older{"schema-3.sql", 3, 3}, Older{"schema-4.sql", 4, 3},
                                         Older{"schema-5.sql", 5, 4}),
                         [](const auto& schema) { return "Schema" + std::to_string(schema.param.schema); });

}  // namespace
}  // namespace db
