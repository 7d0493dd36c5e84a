// One program at a time on a line: a lock on the folder that the line lives in, which is /sys/bus/usb, or where virtual
// units keep their flash. It ends with the process, however it ends, and leaves nothing behind.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace station {

class LineLock {
 public:
  enum class Share {
    whole,  // nobody else
    part,   // with others who want a part as well: the units' own interfaces keep them apart
  };

  // Nothing if another program is in the way. A folder that cannot be opened needs no lock.
  static std::optional<LineLock> take(const std::string& folder, Share share);

  LineLock() = default;
  ~LineLock();
  LineLock(LineLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  LineLock& operator=(LineLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }

 private:
  int file_ = -1;
};

}  // namespace station
