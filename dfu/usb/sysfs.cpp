#include "dfu/usb/sysfs.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace dfu::usb {

namespace {

namespace fs = std::filesystem;

const fs::path devices = "/sys/bus/usb/devices";

constexpr std::size_t device_descriptor_size = 18;

Bytes read_bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The first configuration of `all`, or the one with this value. The kernel's file has one after the other and has
// taken out what does not fit, so that wTotalLength says nothing: the next one ends it.
ByteView configuration(ByteView all, std::optional<int> value) {
  std::size_t begin = all.size();
  bool wanted = false;
  for (std::size_t at = 0; at + 2 <= all.size() && all[at] >= 2; at += all[at]) {
    if (all[at + 1] != descriptor_type_configuration) continue;
    if (wanted) return all.subspan(begin, at - begin);
    wanted = !value || (at + 6 <= all.size() && all[at + 5] == *value);
    begin = at;
  }
  return wanted ? all.subspan(begin) : ByteView();
}

}  // namespace

std::string DeviceAddress::node() const {
  char text[40];
  std::snprintf(text, sizeof text, "/dev/bus/usb/%03d/%03d", bus, address);
  return text;
}

fs::path device_folder(const PortPath& port) {
  const std::string& text = port.text;
  if (text.ends_with("-0")) return devices / ("usb" + text.substr(0, text.size() - 2));
  return devices / text;
}

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(devices, error)) {
    std::string name = entry.path().filename();
    if (name.find(':') == std::string::npos) names.push_back(std::move(name));
  }
  return names;
}

std::optional<std::string> read_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  if (!std::getline(in, line)) return {};
  return line;
}

std::optional<int> read_number(const fs::path& file, int base) {
  const auto line = read_line(file);
  if (!line) return {};
  char* end = nullptr;
  const long value = std::strtol(line->c_str(), &end, base);
  if (end == line->c_str()) return {};
  return static_cast<int>(value);
}

std::string link_name(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error).filename();
}

bool is_there(const DeviceAddress& place) {
  return read_number(device_folder(place.port) / "devnum") == place.address;
}

std::optional<UnitInfo> read_unit(const DeviceAddress& place) {
  const fs::path folder = device_folder(place.port);
  const Bytes all = read_bytes(folder / "descriptors");
  // Another device may have come to this port since the place was told.
  if (!is_there(place) || all.size() < device_descriptor_size) return {};
  UnitInfo unit;
  unit.port = place.port;
  unit.id = {le16(all, 8), le16(all, 10)};
  unit.release = le16(all, 12);
  if (auto parsed = parse_configuration(configuration(all, {}))) unit.configuration = std::move(*parsed);
  return unit;
}

void read_locked(const DeviceAddress& place, UnitInfo& unit) {
  const fs::path folder = device_folder(place.port);
  UnitInfo read = unit;
  read.serial = read_line(folder / "serial").value_or("");
  read.product = read_line(folder / "product").value_or("");
  const Bytes all = read_bytes(folder / "descriptors");
  if (all.size() >= device_descriptor_size && all[17] > 1) {
    const auto active = read_number(folder / "bConfigurationValue");
    if (auto parsed = parse_configuration(configuration(all, active))) read.configuration = std::move(*parsed);
  }
  if (is_there(place)) unit = std::move(read);
}

std::string driver_of(const PortPath& port, int interface_number) {
  const std::string begin = port.text + ":", end = "." + std::to_string(interface_number);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(devices, error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(begin) && name.ends_with(end)) return link_name(entry.path() / "driver");
  }
  return {};
}

}  // namespace dfu::usb
