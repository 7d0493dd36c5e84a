#include "station/diagnostics/gather_host.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "station/version.h"

namespace station {

namespace {

namespace fs = std::filesystem;

// statfs(2)'s numbers for what is no disk of this machine.
DatabaseFacts::Disk disk_of(std::uint32_t type) {
  constexpr std::array memory = {0x01021994u, 0x858458F6u};  // tmpfs, ramfs
  constexpr std::array network = {0x00006969u, 0xFF534D42u, 0xFE534D42u, 0x0000517Bu, 0x01021997u,
                                  0x00C36400u, 0x5346414Fu, 0x6B414653u, 0x73757245u, 0x0BD00BD0u};
  constexpr std::uint32_t fuse = 0x65735546;
  // nfs, cifs, smb2, smb, 9p, ceph, afs, kafs, coda, lustre
  if (std::ranges::count(network, type) > 0) return DatabaseFacts::Disk::network;
  if (std::ranges::count(memory, type) > 0) return DatabaseFacts::Disk::memory;
  return type == fuse ? DatabaseFacts::Disk::userspace : DatabaseFacts::Disk::local;
}

}  // namespace

DatabaseFacts gather_database(const std::string& file) {
  DatabaseFacts database;
  database.file = file;
  std::error_code error;
  fs::path folder = fs::absolute(file, error).parent_path();
  while (!fs::exists(folder, error) && folder != folder.parent_path()) folder = folder.parent_path();
  database.folder = folder.string();
  database.folder_writable = fs::is_directory(folder, error) && access(folder.c_str(), W_OK | X_OK) == 0;
  database.file_writable =
      !fs::exists(file, error) || (fs::is_regular_file(file, error) && access(file.c_str(), R_OK | W_OK) == 0);
  struct statfs found {};
  if (statfs(folder.c_str(), &found) == 0) {
    database.free_bytes = static_cast<std::uint64_t>(found.f_bavail) * static_cast<std::uint64_t>(found.f_bsize);
    database.disk = disk_of(static_cast<std::uint32_t>(found.f_type));
  }
  return database;
}

ClockFacts gather_clock() {
  using namespace std::chrono;
  timex asked{};  // no mode is set: nothing is changed
  const int state = adjtimex(&asked);
  return {.now = time_point_cast<seconds>(system_clock::now()),
          .built = build_time(),
          .synchronised = state != TIME_ERROR && (asked.status & STA_UNSYNC) == 0};
}

std::uint64_t open_files_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

bool may_go_first() {
  constexpr int wanted = -10;
  rlimit limit{};
  getrlimit(RLIMIT_NICE, &limit);  // counts the other way round, from 20 down
  return geteuid() == 0 || limit.rlim_cur >= static_cast<rlim_t>(20 - wanted);
}

}  // namespace station
