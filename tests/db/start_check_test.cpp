// What a station refuses to write to.
#include "db/start_check.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/error.h"
#include "db/schema.h"
#include "db/stored_row.h"
#include "db/verify.h"
#include "tests/db/sample.h"

namespace db {
namespace {

using testing::HasSubstr;

class StartCheck : public testing::Test {
 protected:
  StartCheck() {
    Store store(path_, "line-3", sample::run(), uuids_);
    for (std::uint8_t n = 1; n < 40; n = static_cast<std::uint8_t>(n + 2)) {
      store.append(std::vector<Record>{sample::visit(n), sample::started(static_cast<std::uint8_t>(n + 1), n),
                                       sample::passed(static_cast<std::uint8_t>(n + 1))});
    }
    end_ = store.head();
  }
  // Why it is not written to; empty: it is.
  std::string refusal() {
    const std::string foreseen = why_not_begun(path_);
    try {
      const Store store(path_, "line-3", sample::run(next_run_++), uuids_);
      EXPECT_EQ(foreseen, "");
      EXPECT_EQ(why_not_begun(path_), "") << "while a program writes";
      return {};
    } catch (const Error& error) {
      EXPECT_NE(foreseen, "");
      EXPECT_EQ(error.trouble(), Trouble::damaged);
      EXPECT_THAT(error.what(), HasSubstr(path_));
      return error.what();
    }
  }
  // Past the triggers, which are put back.
  void edit(const std::string& table, const std::string& sql) {
    SQLite::Database file(path_, SQLite::OPEN_READWRITE);
    std::vector<std::pair<std::string, std::string>> triggers;
    SQLite::Statement query(file, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?");
    query.bind(1, table);
    while (query.executeStep()) triggers.emplace_back(query.getColumn(0).getString(), query.getColumn(1).getString());
    query.reset();
    for (const auto& [name, text] : triggers) file.exec("DROP TRIGGER " + name);
    file.exec(sql);
    for (const auto& [name, text] : triggers) file.exec(text);
  }

  sample::Folder folder_;
  std::string path_ = folder_.file();
  UuidGenerator uuids_;
  Head end_;
  std::uint8_t next_run_ = 201;
};

TEST_F(StartCheck, ASoundRecordIsGoneOnWith) {
  EXPECT_EQ(why_not_begun(path_), "");
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal")) << "it only looks";
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(refusal(), "");
}

TEST_F(StartCheck, ARowThatWasChangedIsNamed) {
  edit("attempt_finished", "UPDATE attempt_finished SET outcome = 'failed' WHERE seq = " + std::to_string(end_.seq));
  EXPECT_THAT(refusal(), HasSubstr("row " + std::to_string(end_.seq) + " (table attempt_finished) is changed"));
}

TEST_F(StartCheck, ARowThatIsGoneIsNamed) {
  edit("step", "DELETE FROM step WHERE seq = " + std::to_string(end_.seq - 1));
  EXPECT_THAT(refusal(), HasSubstr("row " + std::to_string(end_.seq - 1) + " is missing"));
}

TEST_F(StartCheck, ATriggerThatIsGoneIsNoticedBeforeAnythingElse) {
  SQLite::Database(path_, SQLite::OPEN_READWRITE).exec("DROP TRIGGER visit_no_update");
  EXPECT_THAT(refusal(), HasSubstr("triggers"));
}

TEST_F(StartCheck, AnOldRecordWithoutATriggerIsNotMigrated) {
  SQLite::Database file(folder_.file("old.db"), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  migrate(file, "old.db", migrations().first(1));
  file.exec("DROP TRIGGER visit_no_update");
  EXPECT_THROW(check_tables(file, "old.db"), Error);
  path_ = folder_.file("old.db");
  EXPECT_THAT(refusal(), HasSubstr("triggers"));
  EXPECT_EQ(file.execAndGet("PRAGMA user_version").getInt(), 1);
}

// A writer that was killed leaves database, -wal and lock file as they are here, in a folder of their own.
class AfterAKill : public StartCheck {
 protected:
  AfterAKill() {
    const std::string killed = folder_.file("killed/r.db");
    std::filesystem::create_directories(folder_.file("killed"));
    Store store(path_, "line-3", sample::run(50), uuids_);
    for (const std::uint8_t n : {100, 102, 104}) {
      store.append(std::vector<Record>{sample::visit(n), sample::started(static_cast<std::uint8_t>(n + 1), n),
                                       sample::passed(static_cast<std::uint8_t>(n + 1))});
    }
    end_ = store.head();
    for (const char* suffix : {"", "-wal", ".lock", ".key"})
      std::filesystem::copy_file(path_ + suffix, killed + suffix);
    path_ = killed;
  }
  std::vector<std::string> warnings() {
    const Store store(path_, "line-3", sample::run(next_run_++), uuids_);
    return store.warnings();
  }
  bool says_rows_are_missing() {
    bool found = false;
    for (const Event& event : Reader(path_).events()) found = found || event.kind == "rows-missing";
    return found;
  }
};

TEST_F(AfterAKill, AWholeWalGivesEveryRowAndNoWarning) {
  EXPECT_TRUE(warnings().empty());
  EXPECT_FALSE(says_rows_are_missing());
  EXPECT_TRUE(warnings().empty()) << "nor later";
}

TEST_F(AfterAKill, AWalThatIsDamagedInTheMiddleLosesRowsAndTheNextStartSaysHowMany) {
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path_ + "-wal"));
  std::fstream(path_ + "-wal", std::ios::binary | std::ios::in | std::ios::out)
      .seekp(size / 2)
      .write(std::string(64, '\xA5').data(), 64);
  const std::vector<std::string> said = warnings();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], HasSubstr("Rows are missing"));
  EXPECT_THAT(said[0], HasSubstr("up to row " + std::to_string(end_.seq)));
  EXPECT_TRUE(says_rows_are_missing());
  EXPECT_TRUE(verify_chain(path_).sound()) << "the chain itself holds: only the note of the last writer can tell";
  EXPECT_EQ(verify_chain(path_).chains[0].remarks.back().kind, "rows-missing") << "so that an auditor reads it";
  EXPECT_TRUE(warnings().empty()) << "once";
}

TEST_F(AfterAKill, AWalThatIsGoneIsNoticed) {
  std::filesystem::remove(path_ + "-wal");
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(AfterAKill, ALockFileThatSaysNothingOrNonsenseIsNoReason) {
  for (const char* text : {"", "pid 1\n", "pid 1\nrun x\nhead\n", "pid 1\nhead -5 x\n", "pid 1\nhead 99999 abc\n"}) {
    std::ofstream(path_ + ".lock", std::ios::trunc) << text;
    EXPECT_TRUE(warnings().empty()) << text;
  }
}

TEST_F(StartCheck, APageThatWasOverwrittenIsNoticed) {
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path_));
  for (std::streamoff page = 4096; page < size; page += 4096) {
    const std::string kept = path_;
    path_ = folder_.file("page.db");
    std::filesystem::copy_file(kept, path_, std::filesystem::copy_options::overwrite_existing);
    std::fstream(path_, std::ios::binary | std::ios::in | std::ios::out)
        .seekp(page)
        .write(std::string(512, '\xA5').data(), 512);
    EXPECT_NE(refusal(), "") << "page at " << page;
    path_ = kept;
  }
}

}  // namespace
}  // namespace db
