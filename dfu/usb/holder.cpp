#include "dfu/usb/holder.h"

#include <cstdio>
#include <filesystem>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dfu::usb {

namespace {

namespace fs = std::filesystem;

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

bool has_open(const fs::path& process, const struct stat& node) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(process / "fd", error)) {
    struct stat file {};
    if (stat(entry.path().c_str(), &file) != 0) continue;
    if (file.st_dev == node.st_dev && file.st_ino == node.st_ino) return true;
  }
  return false;
}

std::vector<std::string> programs_with(const std::string& node_path) {
  std::vector<std::string> found;
  struct stat node {};
  if (stat(node_path.c_str(), &node) != 0) return found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string id = entry.path().filename();
    if (!is_number(id) || id == std::to_string(getpid()) || !has_open(entry.path(), node)) continue;
    found.push_back(read_line(entry.path() / "comm").value_or("a program") + " (process " + id + ")");
  }
  return found;
}

// The names of owner and group are in files; libc's functions may ask the network.
std::string name_in(const char* file, unsigned id) {
  const std::string wanted = std::to_string(id);
  std::FILE* in = std::fopen(file, "re");
  std::string found = wanted;
  char name[64], number[16];
  for (char line[256]; in && std::fgets(line, sizeof line, in);) {
    if (std::sscanf(line, "%63[^:]:%*[^:]:%15[^:]:", name, number) == 2 && number == wanted) found = name;
  }
  if (in) std::fclose(in);
  return found;
}

}  // namespace

std::string holder_of(const DeviceAddress& place, int interface_number) {
  const std::string driver = driver_of(place.port, interface_number);
  if (!driver.empty() && driver != "usbfs") return "the kernel driver " + driver + " is bound to it";
  std::string text;
  for (const std::string& program : programs_with(place.node())) text += (text.empty() ? "" : ", ") + program;
  if (!text.empty()) return text + " has " + place.node() + " open";
  return "a program that this user may not see has " + place.node() + " open";
}

std::string access_remedy(const std::string& node) {
  const std::string remedy = "install Flashline's udev rules, or run as a user who may write to it";
  struct stat file {};
  if (stat(node.c_str(), &file) != 0) return node + ": " + remedy;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(file.st_mode & 07777));
  return node + " belongs to " + name_in("/etc/passwd", file.st_uid) + ", group " + name_in("/etc/group", file.st_gid) +
         ", mode " + mode + "; " + remedy;
}

}  // namespace dfu::usb
