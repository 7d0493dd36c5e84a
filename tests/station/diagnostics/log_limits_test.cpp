// How much may be logged: rates in made-up time, rotation and room on real files with a made-up file system.
#include "station/diagnostics/log_limits.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/mount.h>
#include <unistd.h>

#include "scheduler/remark.h"
#include "station/diagnostics/log_file.h"
#include "station/diagnostics/logging.h"
#include "tests/station/program.h"

namespace station {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(LogRateTest, ACauseIsWhatALineBeginsWith) {
  EXPECT_EQ(cause_of("board: GET /x was refused: no such page"), "board");
  EXPECT_EQ(cause_of("attempt 0193-1: starts"), "attempt 0193-1");
  EXPECT_EQ(cause_of("a line without one"), "a line without one");
  EXPECT_EQ(cause_of(std::string(1000, 'x')).size(), 64u);
}

TEST(LogObserverTest, ARemarkThatIsAboutNoPlaceBeginsWithItsKind) {
  std::ostringstream out;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out));
  logger.set_pattern("%v");
  const auto logged = [&](const scheduler::Remark& remark) {
    out.str("");
    LogObserver(logger).on(scheduler::Remarked{remark}, {});
    return out.str();
  };
  const scheduler::RemarkValues seconds{{"seconds", std::int64_t{3}}};
  EXPECT_THAT(logged(scheduler::make_remark(scheduler::RemarkCode::host_late, {}, {}, seconds)),
              testing::StartsWith("host: This computer "));
  EXPECT_THAT(logged(scheduler::make_remark(scheduler::RemarkCode::unit_not_back, {}, "1-1.2", {{"seconds", "3.0"}})),
              testing::StartsWith("recovery: 1-1.2: "));
}

TEST(LogRateTest, OneThatChattersIsCutAndTheOthersAreNot) {
  LogRate rate;
  const LogRate::Time start{};
  int written = 0;
  for (int i = 0; i < 10000; ++i) written += rate.ask("board: x", start).write ? 1 : 0;
  EXPECT_EQ(written, 200);
  EXPECT_TRUE(rate.ask("attempt 1: starts", start).write);
  EXPECT_EQ(rate.ask("attempt 2: starts", start).left_out, 0u);
}

TEST(LogRateTest, WhatWasLeftOutIsCountedAtTheNextLineThatIsWritten) {
  LogRate rate;
  const LogRate::Time start{};
  for (int i = 0; i < 250; ++i) rate.ask("board: x", start);
  EXPECT_FALSE(rate.ask("board: x", start + 40ms).write);
  const LogRate::Verdict next = rate.ask("board: x", start + 1s);
  EXPECT_TRUE(next.write);
  EXPECT_EQ(next.left_out, 51u);
  EXPECT_EQ(rate.ask("board: x", start + 1s).left_out, 0u);
}

TEST(LogRateTest, CausesThatSomebodyInventsCostNoMoreThanTheirBound) {
  LogRate rate;
  int written = 0;
  for (int i = 0; i < 100000; ++i) written += rate.ask(std::to_string(i) + ": x", {}).write ? 1 : 0;
  EXPECT_EQ(written, 100000) << "the file's own bound is for that";
}

TEST(LogRoom, TheRecordKeepsItsShareOfALargeAndOfASmallDisk) {
  constexpr std::uint64_t mib = 1 << 20;
  EXPECT_EQ(reserved_for_record({500'000 * mib, 0}), 64 * mib);
  EXPECT_EQ(reserved_for_record({12 * mib, 0}), 3 * mib);
  EXPECT_TRUE(may_log({500'000 * mib, 64 * mib}, true));
  EXPECT_FALSE(may_log({500'000 * mib, 64 * mib - 1}, true));
  EXPECT_FALSE(may_log({500'000 * mib, 100 * mib}, false)) << "it begins again with room to spare";
  EXPECT_TRUE(may_log({500'000 * mib, 128 * mib}, false));
  EXPECT_TRUE(may_log({12 * mib, 5 * mib}, false));
}

class LogFileTest : public testing::Test {
 protected:
  std::string path(const std::string& name = "flashline-20261122T000000Z-1.log") const {
    return folder_.path("logs/" + name);
  }
  std::unique_ptr<LogFile> open(LogFileLimits limits = {}) {
    return std::make_unique<LogFile>(
        path(), [this](const std::string& sentence) { told_.push_back(sentence); }, limits,
        [this](const std::string&) { return disk_; });
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path("logs"))) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  std::uint64_t bytes() const {
    std::uint64_t all = 0;
    for (const std::string& name : files()) all += fs::file_size(path(name));
    return all;
  }
  static std::string line(int number) { return std::to_string(number) + std::string(90, '.') + "\n"; }

  ProgramFolder folder_;
  std::vector<std::string> told_;
  std::optional<DiskRoom> disk_ = DiskRoom{std::uint64_t{1} << 40, std::uint64_t{1} << 39};
};

TEST_F(LogFileTest, AFloodTakesNoMoreThanItsPartsAndTheNewestStays) {
  const auto log = open({.part_bytes = 10000, .keep_parts = 3});
  for (int i = 0; i < 10000; ++i) log->write(line(i));
  EXPECT_THAT(files(), SizeIs(4));
  EXPECT_LE(bytes(), 40000u);
  EXPECT_THAT(folder_.read("logs/" + files().front()), HasSubstr("9999..."));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(LogFileTest, OldRunsGoWhenTheFolderHoldsTooMuchAndNothingElseDoes) {
  for (int i = 1; i <= 5; ++i) {
    folder_.write("logs/flashline-2026112" + std::to_string(i) + "T000000Z-99999999.log", std::string(1000, 'x'));
    fs::last_write_time(path("flashline-2026112" + std::to_string(i) + "T000000Z-99999999.log"),
                        fs::file_time_type::clock::now() - std::chrono::hours(100 - i));
  }
  const std::string living = "flashline-20200101T000000Z-" + std::to_string(getpid()) + ".log";
  folder_.write("logs/" + living, std::string(1000, 'x'));
  folder_.write("logs/notes.txt", std::string(100000, 'x'));
  folder_.write("logs/flashline-notes.log", std::string(100000, 'x'));
  open({.keep_bytes = 3500});
  EXPECT_TRUE(fs::exists(path(living)));
  EXPECT_TRUE(fs::exists(path("notes.txt")));
  EXPECT_TRUE(fs::exists(path("flashline-notes.log")));
  EXPECT_FALSE(fs::exists(path("flashline-20261121T000000Z-99999999.log")));
  EXPECT_TRUE(fs::exists(path("flashline-20261125T000000Z-99999999.log")));
}

TEST_F(LogFileTest, TheLastRoomIsTheRecordsAndItIsSaidOnce) {
  const auto log = open();
  disk_->free = std::uint64_t{10} << 20;
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 100; ++i) log->write(large);
  EXPECT_EQ(bytes(), 0u);
  EXPECT_THAT(told_, SizeIs(1));
  EXPECT_THAT(told_[0], HasSubstr("10 MiB left"));
  disk_->free = std::uint64_t{100} << 20;
  log->write(large);
  EXPECT_EQ(bytes(), 0u);
  disk_->free = std::uint64_t{200} << 20;
  log->write(large);
  EXPECT_EQ(bytes(), large.size());
  EXPECT_THAT(told_, SizeIs(2));
  EXPECT_THAT(told_[1], HasSubstr("101 lines were left out"));
}

// Not at every line: the screen would be as full as the log is empty.
TEST_F(LogFileTest, AFileThatCannotBeMadeIsSaidOnceHoweverMuchRoomThereIs) {
  const auto log = open({.part_bytes = 100});
  log->write(line(1));
  fs::remove_all(folder_.path("logs"));
  for (int i = 0; i < 50; ++i) log->write(line(i));
  EXPECT_THAT(told_, SizeIs(1));
  fs::create_directories(folder_.path("logs"));
  log->write(line(2));
  EXPECT_EQ(bytes(), line(2).size());
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_THAT(told_[1], HasSubstr("50 lines were left out"));
}

TEST_F(LogFileTest, ALinkUnderItsNameIsNotWrittenThrough) {
  folder_.write("victim", "precious");
  fs::create_directories(folder_.path("logs"));
  fs::create_symlink(folder_.path("victim"), path());
  EXPECT_THROW(open(), std::runtime_error);
  EXPECT_EQ(folder_.read("victim"), "precious");
}

// A small file system of its own, which takes root.
TEST_F(LogFileTest, OnASmallDiskAFloodLeavesAQuarterFree) {
  fs::create_directories(folder_.path("small"));
  if (mount("none", folder_.path("small").c_str(), "tmpfs", 0, "size=12m") != 0) GTEST_SKIP() << "only root may mount";
  {
    Log log(folder_.path("small/logs"), -10);
    const std::string host(3000, 'h');
    for (int i = 0; i < 20000; ++i) log.logger().info("client {}: GET {} refused", i % 400, host);
  }
  const std::optional<DiskRoom> left = room_at(folder_.path("small"));
  umount2(folder_.path("small").c_str(), MNT_DETACH);
  ASSERT_TRUE(left);
  EXPECT_GE(left->free, left->size / 4 - (512 << 10));
}

TEST_F(LogFileTest, AMessageIsOneLineThatSteersNothing) {
  std::string file;
  {
    Log log(folder_.path("logs"), -10);
    file = log.file();
    log.logger().info("board: \x1b]0;x\x07\n2026-11-22T00:00:00.000Z info forged \xC2\x9B \xE2\x80\xAE \xFF");
  }
  const std::string text = folder_.read("logs/" + fs::path(file).filename().string());
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_THAT(text, HasSubstr("board: \\u001b]0;x\\u0007\\u000a2026"));
  EXPECT_THAT(text, HasSubstr("forged \\u009b \\u202e \\xff\n"));
}

}  // namespace
}  // namespace station
