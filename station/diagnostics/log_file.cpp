#include "station/diagnostics/log_file.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "station/output/output.h"

namespace station {

namespace {

namespace fs = std::filesystem;

// The file system is asked again after so much: less than what stays reserved on any that can hold a record.
constexpr std::uint64_t ask_after = std::uint64_t{256} << 10;

std::string part_name(const std::string& path, int number) {
  return path + "." + std::to_string(number);
}

// "flashline-20261122T101732Z-2690.log" and its parts: 2690. Nothing: no log of this program.
std::optional<pid_t> writer_of(const std::string& name) {
  const std::size_t end = name.find(".log"), dash = name.rfind('-', end);
  if (!name.starts_with("flashline-") || end == std::string::npos || dash == std::string::npos) return std::nullopt;
  pid_t process = 0;
  const auto [rest, problem] = std::from_chars(name.data() + dash + 1, name.data() + end, process);
  if (problem != std::errc() || rest != name.data() + end || process <= 0) return std::nullopt;
  return process;
}

bool is_running(pid_t process) {
  return kill(process, 0) == 0 || errno == EPERM;
}

struct OldLog {
  fs::path path;
  fs::file_time_type at;
  std::uint64_t bytes = 0;
};

}  // namespace

std::optional<DiskRoom> room_at(const std::string& folder) {
  struct statvfs facts {};
  if (statvfs(folder.c_str(), &facts) != 0) return std::nullopt;
  return DiskRoom{std::uint64_t{facts.f_blocks} * facts.f_frsize, std::uint64_t{facts.f_bavail} * facts.f_frsize};
}

LogFile::LogFile(std::string path, Tell tell, LogFileLimits limits, Room room)
    : path_(std::move(path)),
      folder_(fs::path(path_).parent_path()),
      tell_(std::move(tell)),
      limits_(limits),
      room_(std::move(room)) {
  std::error_code failure;
  fs::create_directories(folder_, failure);
  remove_old_runs();
  open_part();
  if (file_ < 0) throw std::runtime_error(path_ + " cannot be created: " + std::strerror(errno));
}

LogFile::~LogFile() {
  close_part();
}

void LogFile::write(std::string_view lines) {
  if (!has_room()) {
    ++left_out_;
    return;
  }
  if (written_ > 0 && written_ + lines.size() > limits_.part_bytes) rotate();
  if (file_ < 0) open_part();
  if (file_ < 0 || !write_all(file_, lines)) {
    ++left_out_;
    return stop(std::strerror(errno));
  }
  written_ += lines.size();
  unasked_ -= std::min<std::uint64_t>(unasked_, lines.size());
  if (std::exchange(writing_, true)) return;
  tell_("the log is written again; " + std::to_string(std::exchange(left_out_, 0)) + " lines were left out.");
}

// While it does not write the file system is asked at every line, so that it begins again in time: a call of a
// microsecond.
bool LogFile::has_room() {
  if (unasked_ > 0) return true;
  const std::optional<DiskRoom> disk = room_(folder_);
  const bool enough = !disk || may_log(*disk, writing_);
  if (!enough) {
    stop("the file system has " + std::to_string(disk->free >> 20) + " MiB left, and " +
         std::to_string(reserved_for_record(*disk) >> 20) + " MiB are kept for the record");
    return false;
  }
  unasked_ = ask_after;
  return true;
}

void LogFile::stop(const std::string& why) {
  unasked_ = 0;
  if (std::exchange(writing_, false)) tell_("the log " + path_ + " is not written now: " + why + ". Make room there.");
}

void LogFile::rotate() {
  close_part();
  std::error_code failure;
  fs::remove(part_name(path_, limits_.keep_parts), failure);
  for (int number = limits_.keep_parts - 1; number >= 1; --number) {
    fs::rename(part_name(path_, number), part_name(path_, number + 1), failure);
  }
  fs::rename(path_, part_name(path_, 1), failure);
  remove_old_runs();
}

// Nobody else's file: a link that waits under this name is not followed.
void LogFile::open_part() {
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
  written_ = 0;
}

void LogFile::close_part() {
  if (file_ >= 0) close(std::exchange(file_, -1));
}

void LogFile::remove_old_runs() const {
  std::vector<OldLog> old;
  std::uint64_t bytes = 0;
  std::error_code failure;
  for (fs::directory_iterator at(folder_, failure), end; !failure && at != end; at.increment(failure)) {
    const std::optional<pid_t> writer = writer_of(at->path().filename());
    std::error_code gone;
    if (!writer || !fs::is_regular_file(at->symlink_status(gone))) continue;
    const std::uint64_t size = at->file_size(gone);
    if (gone) continue;
    bytes += size;
    // Of a program that runs, this one among them, the parts are its own matter.
    if (!is_running(*writer)) old.push_back({at->path(), at->last_write_time(gone), size});
  }
  std::ranges::sort(old, {}, &OldLog::at);
  for (const OldLog& one : old) {
    if (bytes <= limits_.keep_bytes) return;
    if (fs::remove(one.path, failure)) bytes -= one.bytes;
  }
}

}  // namespace station
