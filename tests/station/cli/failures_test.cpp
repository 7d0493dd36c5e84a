// What cannot be done is said about the thing that is in the way, with the status that the list gives it, and leaves
// nothing behind.
#include <cstdlib>
#include <filesystem>

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "tests/station/program.h"

namespace station {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Failures : public testing::Test {
 protected:
  Ran run(const std::vector<std::string>& arguments) { return folder_.run(arguments); }
  Ran flash(std::vector<std::string> more = {}) {
    std::vector<std::string> all{"flash", example_recipe(), "--line", "virtual", "--units",
                                 "1",     "--speed",        "100",    "--db",    "r.db"};
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
  // `limit`: of ulimit.
  Ran run_limited(const std::string& limit, const std::string& arguments) {
    const std::string command = "cd " + folder_.path("") + " && ulimit -S " + limit +
                                " && exec " FLASHLINE_PROGRAM " " + arguments +
                                " >limited.out 2>limited.err </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), folder_.read("limited.out"),
            folder_.read("limited.err")};
  }
  ProgramFolder folder_;
};

TEST_F(Failures, ABackupThatCannotBeMadeIsSaidAboutTheBackup) {
  ASSERT_EQ(flash().status, 0);
  folder_.write("file", "x");
  const Ran missing = run({"db", "backup", "no/b.db", "--db", "r.db"});
  EXPECT_EQ(missing.status, 73) << missing.err;
  EXPECT_THAT(missing.err,
              AllOf(HasSubstr("no/b.db cannot be made: its folder does not exist"), Not(HasSubstr("r.db"))));
  const Ran beneath = run({"db", "backup", "file/b.db", "--db", "r.db"});
  EXPECT_EQ(beneath.status, 73) << beneath.err;
  EXPECT_THAT(beneath.err, AllOf(HasSubstr("is a file, not a folder"), Not(HasSubstr("internal"))));
  EXPECT_EQ(run({"db", "archive", "no/old.db", "--db", "r.db"}).status, 73);
  run({"job", "open", "J", "--quantity", "1", "--db", "r.db"});
  EXPECT_EQ(run({"job", "export", "J", "-o", "no/j", "--db", "r.db"}).status, 73);
  EXPECT_FALSE(fs::exists(folder_.path("b.db.part")));
  EXPECT_EQ(run({"db", "backup", "b.db", "--db", "r.db"}).status, 0);
}

TEST_F(Failures, AFolderInThePlaceOfARecordIsSaidToBeOne) {
  fs::create_directories(folder_.path("folder/sub"));
  for (const std::vector<std::string>& command : {std::vector<std::string>{"job", "open", "J", "--quantity", "1"},
                                                  {"report"},
                                                  {"audit", "verify"},
                                                  {"db", "backup", "b.db"},
                                                  {"flash", example_recipe(), "--line", "virtual"}}) {
    std::vector<std::string> all = command;
    all.insert(all.end(), {"--db", "folder"});
    const Ran ran = run(all);
    EXPECT_NE(ran.status, 0);
    EXPECT_THAT(ran.err + ran.out,
                AllOf(HasSubstr("folder"), Not(HasSubstr("hard links")), Not(HasSubstr("internal"))));
    EXPECT_FALSE(fs::exists(folder_.path("folder.key")));
  }
}

TEST_F(Failures, AMergeThatTakesNothingOverLeavesNothingBehind) {
  folder_.write("not.db", std::string(5000, 'x'));
  const Ran ran = run({"db", "merge", "not.db", "--db", "new.db"});
  EXPECT_EQ(ran.status, 74) << ran.err;
  for (const auto& entry : fs::directory_iterator(folder_.path(""))) {
    EXPECT_THAT(entry.path().filename().string(), Not(testing::StartsWith("new.db")));
  }
}

TEST_F(Failures, TheFlashOfAUnitThatCannotBeKeptIsAFailure) {
  fs::create_directories(folder_.path("k/1-1.1.bin.new/in-the-way"));
  const Ran ran = flash({"--keep", "k"});
  EXPECT_EQ(ran.status, 74) << ran.err << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("k/1-1.1.bin.new cannot be written"));
}

TEST_F(Failures, AnOrderOfAnotherStationIsSaidToBeThat) {
  ASSERT_EQ(run({"job", "open", "JA", "--quantity", "1", "--db", "a.db"}).status, 0);
  ASSERT_EQ(flash().status, 0);
  ASSERT_EQ(run({"db", "merge", "a.db", "--db", "r.db"}).status, 0);
  const Ran ran = run({"job", "close", "JA", "--db", "r.db"});
  EXPECT_EQ(ran.status, 64) << ran.err;
  EXPECT_THAT(ran.err, AllOf(HasSubstr("belongs to station"), Not(HasSubstr("job list"))));
  EXPECT_THAT(run({"job", "close", "JB", "--db", "r.db"}).err, HasSubstr("`flashline job list` names them"));
}

TEST_F(Failures, LimitsThatAreTooSmallAreSaid) {
  ASSERT_EQ(flash().status, 0);
  const Ran stack = run_limited("-s 128", "report --db r.db");
  EXPECT_EQ(stack.status, 70) << stack.err;
  EXPECT_THAT(stack.err, HasSubstr("ulimit -s"));
#ifndef __SANITIZE_ADDRESS__  // which takes more than any limit before the program begins
  const Ran data = run_limited("-d 20000", "report --db r.db");
  EXPECT_EQ(data.status, 70) << data.err;
  EXPECT_THAT(data.err, HasSubstr("ulimit -d"));
#endif
  const Ran backup = run_limited("-f 16", "db backup b.db --db r.db");
  EXPECT_EQ(backup.status, 74) << backup.err;
  EXPECT_THAT(backup.err, Not(testing::IsEmpty()));
}

// Qt takes a write for a good one of which the disk took a part only.
TEST_F(Failures, AResultThatFitsInPartOnlyIsAFailureAndLeavesNoFile) {
  const Ran bundle = run_limited("-f 2", "support-bundle --db none.db --line virtual -o s.tar.gz");
  EXPECT_EQ(bundle.status, 73) << bundle.err;
  EXPECT_THAT(bundle.err, HasSubstr("s.tar.gz cannot be written: the disk took a part of it only"));
  EXPECT_FALSE(fs::exists(folder_.path("s.tar.gz")));
}

TEST_F(Failures, AnArchiveThatBeginsANewKeySaysSo) {
  ASSERT_EQ(flash().status, 0);
  fs::remove(folder_.path("r.db.key"));
  const Ran ran = run({"db", "archive", "old.db", "--db", "r.db"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("is not the one on record since"));
}

TEST_F(Failures, ATableThatSomebodyChangedIsToldAtTheStartAndIsMadeAgain) {
  ASSERT_EQ(flash().status, 0);
  {
    SQLite::Database raw(folder_.path("r.db"), SQLite::OPEN_READWRITE);
    raw.exec("INSERT INTO unsettled VALUES (zeroblob(16), '3b002c001847353236343033', 0)");
  }
  const Ran told = flash();
  EXPECT_EQ(told.status, 0) << "a line does not stand still for it";
  EXPECT_THAT(told.err, HasSubstr("flashline db rebuild"));
  EXPECT_THAT(run({"doctor", "--line", "virtual", "--db", "r.db"}).out, HasSubstr("flashline db rebuild"));
  const Ran verified = run({"audit", "verify", "--db", "r.db"});
  EXPECT_EQ(verified.status, 1);
  EXPECT_THAT(verified.out, HasSubstr("flashline db rebuild"));
  const Ran rebuilt = run({"db", "rebuild", "--db", "r.db", "--operator", "Li"});
  EXPECT_EQ(rebuilt.status, 0) << rebuilt.err << rebuilt.out;
  EXPECT_THAT(rebuilt.out, AllOf(HasSubstr("wrong entries: 1"), HasSubstr("VERIFIED")));
  EXPECT_THAT(run({"audit", "verify", "--db", "r.db"}).out, AllOf(HasSubstr("VERIFIED"), HasSubstr("made again")));
  EXPECT_THAT(flash().err, Not(HasSubstr("rebuild")));
}

TEST_F(Failures, AnIndexThatWasEmptiedIsMadeAgain) {
  ASSERT_EQ(flash().status, 0);
  const auto with_schema = [&](const std::string& sql) {
    SQLite::Database raw(folder_.path("r.db"), SQLite::OPEN_READWRITE);
    raw.exec("PRAGMA writable_schema = ON");
    raw.exec(sql);
  };
  // For a moment it is one that holds nothing.
  with_schema("UPDATE sqlite_schema SET sql = sql || ' WHERE at < 0' WHERE name = 'attempt_started_at'");
  with_schema("REINDEX attempt_started_at");
  with_schema("UPDATE sqlite_schema SET sql = replace(sql, ' WHERE at < 0', '') WHERE name = 'attempt_started_at'");
  const Ran verified = run({"audit", "verify", "--db", "r.db"});
  ASSERT_EQ(verified.status, 1) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("flashline db rebuild"));
  const Ran rebuilt = run({"db", "rebuild", "--db", "r.db"});
  EXPECT_EQ(rebuilt.status, 0) << rebuilt.err << rebuilt.out;
  EXPECT_EQ(run({"audit", "verify", "--db", "r.db"}).status, 0);
}

TEST_F(Failures, ATinyRecipeIsNotSaidToTakeNoTime) {
  folder_.write("p.bin", std::string("\x00\x50\x00\x20\x41\x00\x00\x08", 8) + std::string(56, '\x41'));
  folder_.write(
      "r.toml",
      "[recipe]\nname = \"r\"\n[device]\nusb = \"0483:df11\"\ndialect = \"dfu11\"\n[[step]]\nname = \"a\"\nimage = "
      "\"p.bin\"\nformat = \"raw\"\n[policy]\nconfirm = \"none\"\nunpinned = \"allow\"\n");
  const Ran ran = run({"check", "r.toml"});
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("less than 0.1 s"), HasSubstr("This counts 2.0 s a unit"), Not(HasSubstr(" 0.0 s"))));
}

}  // namespace
}  // namespace station
