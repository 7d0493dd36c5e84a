// The log's file: bounded, and never the reason why the record finds no room. A full part is renamed to `FILE.1`, older
// ones to `FILE.2` and so on; `keep_parts` of them stay. Of earlier runs the oldest files go when the folder holds more
// than `keep_bytes`. When the file system has too little room left (log_limits.h) nothing is written until there is
// more; that is said once, by `tell`.
//
// Not for several threads: the logger's own thread writes. Throws std::runtime_error where the file cannot be created.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "station/diagnostics/log_limits.h"

namespace station {

struct LogFileLimits {
  std::uint64_t part_bytes = std::uint64_t{16} << 20;   // a shift of a busy line
  int keep_parts = 4;                                   // beside the one that is written
  std::uint64_t keep_bytes = std::uint64_t{256} << 20;  // of all runs in the folder
};

// Nothing where the file system cannot be asked.
std::optional<DiskRoom> room_at(const std::string& folder);

class LogFile {
 public:
  using Room = std::function<std::optional<DiskRoom>(const std::string& folder)>;
  using Tell = std::function<void(const std::string& sentence)>;

  LogFile(std::string path, Tell tell, LogFileLimits limits = {}, Room room = room_at);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Whole lines.
  void write(std::string_view lines);
  const std::string& path() const { return path_; }

 private:
  bool has_room();
  void stop(const std::string& why);
  void rotate();
  void open_part();
  void close_part();
  void remove_old_runs() const;

  const std::string path_;
  const std::string folder_;
  const Tell tell_;
  const LogFileLimits limits_;
  const Room room_;
  int file_ = -1;
  std::uint64_t written_ = 0;  // bytes of the present part
  std::uint64_t unasked_ = 0;  // bytes that may be written before the file system is asked again
  bool writing_ = true;
  std::uint64_t left_out_ = 0;  // writes that were not made since it stopped
};

}  // namespace station
