#include "station/version.h"

#include <QtGlobal>

#include <CLI/Version.hpp>
#include <spdlog/version.h>
#include <sys/utsname.h>

#include "dfu/usb/usb_line.h"

namespace station {

namespace {

utsname system_names() {
  utsname names{};
  uname(&names);
  return names;
}

}  // namespace

std::string version() {
  return FLASHLINE_VERSION;
}

std::chrono::sys_seconds build_time() {
  return std::chrono::sys_seconds(std::chrono::seconds(FLASHLINE_BUILD_SECONDS));
}

// Libraries of other folders are known by what the build found: their headers belong to those folders.
std::string version_text() {
  return "flashline " + version() + "\nlibraries: Qt " + qVersion() + ", " + dfu::usb::library_version() +
         ", " FLASHLINE_LIBRARIES ", spdlog " + std::to_string(SPDLOG_VER_MAJOR) + "." +
         std::to_string(SPDLOG_VER_MINOR) + "." + std::to_string(SPDLOG_VER_PATCH) + ", CLI11 " CLI11_VERSION;
}

std::string host_name() {
  return system_names().nodename;
}

std::string kernel() {
  const utsname names = system_names();
  return std::string(names.sysname) + " " + names.release;
}

}  // namespace station
