// What a station refuses to write to.
#include "db/start_check.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/error.h"
#include "db/schema.h"
#include "db/stored_row.h"
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
