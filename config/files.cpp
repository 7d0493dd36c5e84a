#include "config/files.h"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace config {

namespace {

struct Descriptor {
  explicit Descriptor(int value) : number(value) {}
  ~Descriptor() {
    if (number >= 0) close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

std::string words(int number) {
  const std::error_code error(number, std::generic_category());
  // A socket, or a device without a driver.
  if (number == ENXIO || number == ENODEV) return "is a pipe or device, not a file";
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return "does not exist";
  if (error == std::errc::permission_denied) return "cannot be read by this user (permission denied)";
  return "cannot be read (" + error.message() + ")";
}

}  // namespace

std::variant<dfu::Bytes, Unreadable> read_file(const std::string& path, std::size_t most_bytes) {
  // Without O_NONBLOCK a pipe would be waited for before it can be told from a file.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat facts {};
  if (file.number < 0 || fstat(file.number, &facts) != 0) return Unreadable{words(errno), true};
  if (S_ISDIR(facts.st_mode)) return Unreadable{"is a folder, not a file", true};
  if (!S_ISREG(facts.st_mode)) return Unreadable{"is a pipe or device, not a file", true};

  dfu::Bytes bytes;
  std::uint8_t chunk[65536];
  for (;;) {
    const ssize_t got = read(file.number, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unreadable{words(errno), true};
    if (got == 0) return bytes;
    bytes.insert(bytes.end(), chunk, chunk + got);
    if (bytes.size() > most_bytes) {
      return Unreadable{"is larger than " + std::to_string(most_bytes >> 20) + " MiB, the most that is read", false};
    }
  }
}

std::string beside(const std::string& file, const std::string& named) {
  return (std::filesystem::path(file).parent_path() / named).lexically_normal().string();
}

}  // namespace config
