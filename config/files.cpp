#include "config/files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace config {

namespace {

std::string words(std::error_code error) {
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) return "does not exist";
  if (error == std::errc::permission_denied) return "must not be read by this user (permission denied)";
  return "cannot be read (" + error.message() + ")";
}

}  // namespace

std::variant<dfu::Bytes, Unreadable> read_file(const std::string& path, std::size_t most_bytes) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return Unreadable{"does not exist", true};
  if (error) return Unreadable{words(error), true};
  if (std::filesystem::is_directory(status)) return Unreadable{"is a folder, not a file", true};
  if (!std::filesystem::is_regular_file(status)) return Unreadable{"is a pipe or device, not a file", true};

  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return Unreadable{words({errno, std::generic_category()}), true};
  dfu::Bytes bytes;
  char chunk[65536];
  while (in.read(chunk, sizeof chunk), in.gcount() > 0) {
    bytes.insert(bytes.end(), chunk, chunk + in.gcount());
    if (bytes.size() > most_bytes) {
      return Unreadable{"is larger than " + std::to_string(most_bytes >> 20) + " MiB, the most that is read", false};
    }
  }
  if (in.bad()) return Unreadable{words({errno, std::generic_category()}), true};
  return bytes;
}

std::string beside(const std::string& file, const std::string& named) {
  return (std::filesystem::path(file).parent_path() / named).lexically_normal().string();
}

}  // namespace config
