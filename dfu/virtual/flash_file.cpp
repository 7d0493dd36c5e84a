#include "dfu/virtual/flash_file.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace dfu::virt {

std::optional<Flash> read_flash_file(const std::string& path, const FlashGeometry& geometry) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return {};
  if (!std::filesystem::is_regular_file(path, error)) {
    throw std::runtime_error("the flash file " + path + " is not a regular file");
  }
  const auto size = std::filesystem::file_size(path, error);
  if (error) throw std::runtime_error("the flash file " + path + " cannot be read: " + error.message());
  if (size != geometry.range.size()) {
    throw std::runtime_error("the flash file " + path + " has " + std::to_string(size) +
                             " bytes, but the unit's flash has " + std::to_string(geometry.range.size()) +
                             "; remove it to start with a blank unit");
  }
  Bytes bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    throw std::runtime_error("the flash file " + path + " cannot be read");
  }
  return Flash(std::move(bytes), geometry);
}

std::optional<std::string> write_flash_file(const std::string& path, ByteView bytes) {
  const std::string beside = path + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return "the flash file " + beside + " cannot be written: is the folder there, with room and permission?";
  std::error_code error;
  std::filesystem::rename(beside, path, error);
  if (error) return "the flash file " + path + " cannot be replaced: " + error.message();
  return {};
}

}  // namespace dfu::virt
