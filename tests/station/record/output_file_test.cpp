// What a slip of the hand at -o must not cost: each file that a station lives on, under each command that writes one.
#include "station/record/output_file.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/station/program.h"

namespace station {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class OutputFile : public testing::Test {
 protected:
  OutputFile() {
    const Ran ran = folder_.run({"flash", FLASHLINE_EXAMPLES "/photon.toml", "--line", "virtual", "--units", "1",
                                 "--speed", "20", "--db", "r.db"});
    EXPECT_LE(ran.status, 1) << "a record is all that is needed: " << ran.err;
    folder_.write("station.toml", "name = \"line-3\"\n");
    folder_.write("r.db.operators", "");
    fs::create_symlink(folder_.path("r.db"), folder_.path("report.txt"));
  }
  void expect_refused(std::vector<std::string> command, const std::string& file) {
    const std::string before = folder_.read(file);
    command.insert(command.end(), {"-o", file, "--db", "r.db"});
    const Ran ran = folder_.run(command);
    EXPECT_EQ(ran.status, 73) << command[0] << " " << file << ": " << ran.err;
    EXPECT_THAT(ran.err, AllOf(HasSubstr(file), HasSubstr("Name another file with -o."))) << command[0];
    EXPECT_EQ(folder_.read(file), before) << command[0] << " " << file;
  }

  ProgramFolder folder_;
};

TEST_F(OutputFile, IsNeverARecordNorAKeyNorAStationFile) {
  for (const char* file : {"r.db", "r.db.key", "r.db.operators", "station.toml", "report.txt"}) {
    for (const char* format : {"text", "csv", "xlsx"}) expect_refused({"report", "--format", format}, file);
    expect_refused({"audit", "anchor"}, file);
    expect_refused({"audit", "image", "user.bin"}, file);
  }
  EXPECT_EQ(folder_.run({"audit", "verify", "--db", "r.db"}).status, 0);
}

TEST_F(OutputFile, ThatIsRefusedLeavesAnOrderOpen) {
  ASSERT_EQ(
      folder_
          .run({"job", "open", "J-1", "--quantity", "1", "--recipe", FLASHLINE_EXAMPLES "/photon.toml", "--db", "r.db"})
          .status,
      0);
  expect_refused({"job", "close", "J-1", "--reason", "done"}, "r.db");
  EXPECT_THAT(folder_.run({"job", "list", "--db", "r.db"}).out, HasSubstr("open"));
}

TEST_F(OutputFile, WithoutANameLiesInThisFolderWhateverTheOrderIsCalled) {
  for (const char* order : {"../../x", "ORD/2", ".hidden"}) {
    ASSERT_EQ(folder_.run({"job", "open", order, "--quantity", "1", "--db", "r.db"}).status, 0) << order;
    EXPECT_EQ(folder_.run({"job", "export", order, "--db", "r.db"}).status, 0) << order;
    EXPECT_EQ(folder_.run({"job", "close", order, "--reason", "done", "--db", "r.db"}).status, 0) << order;
  }
  for (const char* file : {"_._.._x", "ORD_2", "_hidden"}) {
    EXPECT_TRUE(fs::exists(folder_.path(file + std::string(".flashline")))) << file;
    EXPECT_TRUE(fs::exists(folder_.path(file + std::string(".certificate")))) << file;
  }
}

TEST_F(OutputFile, NeedsAnOrderWhoseNumberCanBeShown) {
  for (const char* order : {"a\x1b[31m", "a\xE2\x80\xAE", "a\xFF", "a\nb"}) {
    const Ran ran = folder_.run({"job", "open", order, "--quantity", "1", "--db", "r.db"});
    EXPECT_EQ(ran.status, 64) << order;
    EXPECT_THAT(ran.err, HasSubstr("has characters that cannot be shown")) << order;
  }
}

TEST_F(OutputFile, IsNoDeviceAndNoFolder) {
  EXPECT_THAT(why_not_written("/dev/null").value_or(""), HasSubstr("a device or a pipe"));
  EXPECT_THAT(why_not_written(folder_.path("")).value_or(""), HasSubstr("is a folder"));
}

TEST_F(OutputFile, ThatIsThereIsReplacedByTheNextReport) {
  folder_.write("report.html", "of yesterday");
  EXPECT_EQ(folder_.run({"report", "--format", "html", "-o", "report.html", "--db", "r.db"}).status, 0);
  EXPECT_THAT(folder_.read("report.html"), HasSubstr("<html"));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(folder_.run({"audit", "anchor", "-o", "r.db.anchor", "--db", "r.db"}).status, 0);
}

}  // namespace
}  // namespace station
