#include "station/run/line_lock.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace station {

std::optional<LineLock> LineLock::take(const std::string& folder, Share share) {
  LineLock lock;
  lock.file_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock.file_ < 0) return lock;
  const int kind = share == Share::whole ? LOCK_EX : LOCK_SH;
  if (flock(lock.file_, kind | LOCK_NB) != 0 && errno == EWOULDBLOCK) return {};
  return lock;
}

LineLock::~LineLock() {
  if (file_ >= 0) close(file_);
}

}  // namespace station
