#include "db/regular_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace db {

namespace {

Unreadable reason(int error) {
  if (error == ENOENT || error == ENOTDIR) return Unreadable::missing;
  // A link where none is followed; a socket; a device without a driver.
  return error == ELOOP || error == ENXIO || error == ENODEV ? Unreadable::not_regular : Unreadable::failed;
}

}  // namespace

Descriptor::~Descriptor() {
  if (value_ >= 0) close(value_);
}

std::variant<std::vector<std::uint8_t>, Unreadable> read_regular(int folder, const std::string& path, Links links,
                                                                 std::size_t most_bytes) {
  // Without O_NONBLOCK a pipe would be waited for before it can be told from a file.
  const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (links == Links::refused ? O_NOFOLLOW : 0);
  const Descriptor file(openat(folder, path.c_str(), flags));
  if (file.get() < 0) return reason(errno);
  struct stat facts {};
  if (fstat(file.get(), &facts) != 0) return Unreadable::failed;
  if (!S_ISREG(facts.st_mode)) return Unreadable::not_regular;
  if (static_cast<std::uint64_t>(facts.st_size) > most_bytes) return Unreadable::too_large;
  // One byte more than it has: it may be growing.
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(facts.st_size) + 1);
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(size + 65536);
    const ssize_t got = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unreadable::failed;
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
    if (size > most_bytes) return Unreadable::too_large;
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace db
