// The record is taken away from under a line that works: no unit passes whose verdict nobody would find, the operator
// is told, and the exit status says that records could not be written.
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "db/reader.h"
#include "tests/station/control_client.h"
#include "tests/station/program.h"

namespace station {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class MovedRecord : public testing::Test {
 protected:
  // A line with two sockets; the unit in the first one has passed.
  void begin() {
    fs::create_directories(folder_.path("data"));
    folder_.write("line.toml",
                  "[line]\nspeed = 10\ncontrol = \"line.ctl\"\n[[hub]]\nport = \"1-1\"\n"
                  "[[unit]]\nport = \"1-1.2\"\nstarts = \"absent\"\n[[unit]]\nport = \"1-1.3\"\nstarts = \"absent\"\n");
    process_ = folder_.start({"run", example_recipe(), "--db", "data/r.db", "--line", "line.toml", "--json"});
    hand_.emplace(folder_.path("line.ctl"));
    EXPECT_EQ(hand_->say("plug 1-1.2"), "ok");
    ASSERT_TRUE(wait_for_verdicts(1));
    ASSERT_EQ(outcomes(), std::vector<std::string>{"passed"});
  }

  // After the record is gone: the next unit has no verdict but an error of the station.
  void expect_no_further_pass() {
    EXPECT_EQ(hand_->say("plug 1-1.3"), "ok");
    const Ran ran = folder_.finish(process_);  // a run that cannot record ends by itself
    EXPECT_EQ(ran.status, 74) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("records are lost"));
    const std::vector<std::string> ended = outcomes();
    EXPECT_EQ(std::ranges::count(ended, "passed"), 1) << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("records-unavailable"));
  }

  std::vector<std::string> outcomes() const { return texts("verdict", "outcome"); }

  std::vector<std::string> texts(const std::string& event, const char* key) const {
    std::vector<std::string> found;
    const std::string out = folder_.read("stdout");
    std::istringstream lines(out.substr(0, out.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) {
      const QJsonObject one = QJsonDocument::fromJson(QByteArray::fromStdString(line)).object();
      if (one["event"].toString().toStdString() == event) found.push_back(one[key].toString().toStdString());
    }
    return found;
  }

  bool wait_for_verdicts(std::size_t count) const {
    return wait_until([&] { return outcomes().size() >= count; });
  }

  static bool wait_until(const std::function<bool()>& reached) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (!reached()) {
      if (std::chrono::steady_clock::now() > limit) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  ProgramFolder folder_;
  int process_ = 0;
  std::optional<ControlClient> hand_;
};

TEST_F(MovedRecord, RemovedFilesEndTheRecording) {
  begin();
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(folder_.path("data/r.db") + suffix);
  expect_no_further_pass();
}

TEST_F(MovedRecord, AnotherFileInItsPlaceIsNotTheRecord) {
  begin();
  fs::rename(folder_.path("data/r.db"), folder_.path("data/aside.db"));
  fs::copy_file(folder_.path("data/aside.db"), folder_.path("data/r.db"));
  expect_no_further_pass();
}

TEST_F(MovedRecord, AMovedFolderIsNotInItsPlace) {
  begin();
  fs::rename(folder_.path("data"), folder_.path("elsewhere"));
  expect_no_further_pass();
  // Of the second unit nothing was recorded: it was never begun.
  EXPECT_EQ(db::Reader(folder_.path("elsewhere/r.db")).attempts().size(), 1u);
}

TEST_F(MovedRecord, AnIdleLineSaysItBeforeTheNextUnitIsPluggedIn) {
  begin();
  fs::rename(folder_.path("data"), folder_.path("elsewhere"));
  EXPECT_TRUE(wait_until([&] {
    return folder_.read("stderr").find("No further unit is started") != std::string::npos;
  })) << folder_.read("stderr");
  ::kill(process_, SIGTERM);
  EXPECT_EQ(folder_.finish(process_).status, 74);
}

TEST_F(MovedRecord, ADiskThatIsUnmountedIsMissed) {
  fs::create_directories(folder_.path("data"));
  if (mount("tmpfs", folder_.path("data").c_str(), "tmpfs", 0, nullptr) != 0) {
    GTEST_SKIP() << "no file system may be mounted here";
  }
  begin();
  EXPECT_EQ(umount2(folder_.path("data").c_str(), MNT_DETACH), 0);
  expect_no_further_pass();
}

// As the kernel does with a file system in which it finds an error.
TEST_F(MovedRecord, ADiskThatTurnsReadOnlyEndsTheRecording) {
  fs::create_directories(folder_.path("data"));
  const std::string image = folder_.path("disk.img"), data = folder_.path("data");
  std::ofstream(image).flush();
  fs::resize_file(image, 64 << 20);
  const auto shell = [](const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()); };
  if (shell("PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 " + image) != 0 ||
      shell("mount -o loop " + image + " " + data) != 0) {
    GTEST_SKIP() << "no disk image may be mounted here";
  }
  begin();
  const bool read_only = shell("mount -o remount,abort " + data) == 0;
  if (read_only) expect_no_further_pass();
  if (!read_only) {
    ::kill(process_, SIGTERM);
    folder_.finish(process_);
  }
  EXPECT_EQ(umount2(data.c_str(), MNT_DETACH), 0);
  if (!read_only) GTEST_SKIP() << "this kernel does not turn a file system read-only on demand";
}

}  // namespace
}  // namespace station
