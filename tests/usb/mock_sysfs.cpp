#include "tests/usb/mock_sysfs.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <glob.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace usb_mock {

namespace fs = std::filesystem;

namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

bool is_root(const dfu::PortPath& port) {
  return port.text.ends_with("-0");
}

int bus_of(const dfu::PortPath& port) {
  return std::atoi(port.text.c_str());
}

// Buses beyond 100 are the SuperSpeed halves of those below, at the same controller.
std::string controller_folder(int bus) {
  return format("/sys/devices/pci0000:00/0000:00:%02x.0", 0x14 + (bus - 1) % 100);
}

std::string properties(const Node::DeviceAddress& place, const Face& face) {
  const auto& d = face.device;
  return format("DEVTYPE=usb_device\nDRIVER=usb\nPRODUCT=%x/%x/%x\nTYPE=%d/%d/%d\nBUSNUM=%03d\nDEVNUM=%03d\n",
                dfu::le16(d, 8), dfu::le16(d, 10), dfu::le16(d, 12), d[4], d[5], d[6], place.bus, place.number);
}

int minor_of(const Node::DeviceAddress& place) {
  return (place.bus - 1) * 128 + place.number - 1;
}

std::string device_number(const Node::DeviceAddress& place) {
  return format("189:%d", minor_of(place));
}

std::string descriptors_of(const Face& face) {
  std::string all(face.device.begin(), face.device.end());
  all.append(face.configuration.begin(), face.configuration.end());
  return all;
}

// MurmurHash2 with seed 0: how libudev's socket filter knows a subsystem or device type.
std::uint32_t filter_hash(const std::string& text) {
  constexpr std::uint32_t factor = 0x5BD1E995;
  auto hash = static_cast<std::uint32_t>(text.size());
  std::size_t at = 0;
  for (; at + 4 <= text.size(); at += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, text.data() + at, 4);
    word *= factor;
    word ^= word >> 24;
    hash = (hash * factor) ^ (word * factor);
  }
  if (at < text.size()) {
    std::uint32_t rest = 0;
    std::memcpy(&rest, text.data() + at, text.size() - at);
    hash = (hash ^ rest) * factor;
  }
  hash = (hash ^ (hash >> 13)) * factor;
  return hash ^ (hash >> 15);
}

// What udevd puts before the properties of an event.
struct EventHeader {
  char prefix[8] = "libudev";
  std::uint32_t magic = htonl(0xFEEDCAFE);
  std::uint32_t header_size = sizeof(EventHeader);
  std::uint32_t properties_at = sizeof(EventHeader);
  std::uint32_t properties_size = 0;
  std::uint32_t subsystem = 0, device_type = 0;
  std::uint32_t tags[2] = {};
};

// Waits for room: the queue of such a socket holds ten messages, and a real one would hold them all.
void deliver(const std::string& address, const std::string& message) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (address.size() >= sizeof to.sun_path) return;
  std::memcpy(to.sun_path, address.c_str(), address.size() + 1);
  const int from = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  setsockopt(from, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const bool sent =
      sendto(from, message.data(), message.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&to), sizeof to) >= 0;
  if (!sent && errno == ECONNREFUSED) unlink(address.c_str());  // its program has ended
  ::close(from);
}

}  // namespace

std::string device_name(const dfu::PortPath& port) {
  return is_root(port) ? "usb" + std::to_string(bus_of(port)) : port.text;
}

Sysfs::Sysfs() {
  std::string name = fs::temp_directory_path() / "umockdev.XXXXXX";
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder for the mock kernel: " + name);
  root_ = name;
  for (const char* folder : {"sys/bus/usb/devices", "sys/bus/usb/drivers/usb", "sys/bus/pci/devices", "sys/class",
                             "sys/dev/char", "dev/bus/usb", "dev/.node", "ioctl", "run/udev/data"}) {
    fs::create_directories(root_ / folder);
  }
}

Sysfs::~Sysfs() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

std::string Sysfs::device_folder(const dfu::PortPath& port) const {
  if (is_root(port)) return controller_folder(bus_of(port)) + "/" + device_name(port);
  return device_folder(port.hub()) + "/" + port.text;
}

std::string Sysfs::interface_folder(const dfu::PortPath& port, std::uint8_t number) const {
  const std::string name = is_root(port) ? port.text : device_name(port);
  return device_folder(port) + "/" + name + ":1." + std::to_string(number);
}

void Sysfs::write(const std::string& path, const std::string& text) {
  std::ofstream(root_ / path.substr(1), std::ios::binary) << text;
}

// Both as a program under the preload library sees them.
void Sysfs::link(const std::string& from, const std::string& to) {
  const fs::path target = fs::path(to).lexically_relative(fs::path(from).parent_path());
  std::error_code ignored;
  fs::remove(root_ / from.substr(1), ignored);
  fs::create_symlink(target, root_ / from.substr(1));
}

void Sysfs::add(const Node::DeviceAddress& place, const Face& face) {
  if (is_root(place.port)) add_controller(place.bus);
  const std::string folder = device_folder(place.port);
  fs::create_directories(root_ / folder.substr(1));
  add_attributes(folder, place, face);
  for (const InterfaceFace& one : face.interfaces()) add_interface(place.port, face, one);
  add_node(place, face);
  link(folder + "/subsystem", "/sys/bus/usb");
  link(folder + "/driver", "/sys/bus/usb/drivers/usb");
  link("/sys/dev/char/" + device_number(place), folder);
  link("/sys/bus/usb/devices/" + device_name(place.port), folder);
}

void Sysfs::add_controller(int bus) {
  const std::string folder = controller_folder(bus), name = fs::path(folder).filename();
  if (fs::exists(root_ / folder.substr(1))) return;
  fs::create_directories(root_ / folder.substr(1));
  write(folder + "/uevent", "DRIVER=xhci_hcd\nPCI_SLOT_NAME=" + name + "\n");
  write(folder + "/class", "0x0c0330\n");
  link(folder + "/subsystem", "/sys/bus/pci");
  link("/sys/bus/pci/devices/" + name, folder);
}

void Sysfs::add_attributes(const std::string& folder, const Node::DeviceAddress& place, const Face& face) {
  const auto& d = face.device;
  const auto put = [&](const char* name, const std::string& text) { write(folder + "/" + name, text + "\n"); };
  put("busnum", std::to_string(place.bus));
  put("devnum", std::to_string(place.number));
  put("devpath", is_root(place.port) ? "0" : place.port.text.substr(place.port.text.find('-') + 1));
  put("idVendor", format("%04x", dfu::le16(d, 8)));
  put("idProduct", format("%04x", dfu::le16(d, 10)));
  put("bcdDevice", format("%04x", dfu::le16(d, 12)));
  put("bDeviceClass", format("%02x", d[4]));
  put("bDeviceSubClass", format("%02x", d[5]));
  put("bDeviceProtocol", format("%02x", d[6]));
  put("bMaxPacketSize0", std::to_string(d[7]));
  put("bNumConfigurations", std::to_string(d[17]));
  put("bNumInterfaces", format("%2d", face.configuration[4]));
  put("bConfigurationValue", std::to_string(face.configuration[5]));
  put("bmAttributes", format("%02x", face.configuration[7]));
  put("bMaxPower", std::to_string(face.configuration[8] * 2) + "mA");
  put("speed", face.speed);
  put("version", format("%2x.%02x", d[3], d[2]));
  put("removable", "unknown");
  put("authorized", "1");
  if (!face.manufacturer.empty()) put("manufacturer", face.manufacturer);
  if (!face.product.empty()) put("product", face.product);
  if (!face.serial.empty()) put("serial", face.serial);
  put("dev", device_number(place));
  write(folder + "/descriptors", descriptors_of(face));
  write(folder + "/uevent", format("MAJOR=189\nMINOR=%d\nDEVNAME=%s\n", minor_of(place), place.path().c_str() + 5) +
                                properties(place, face));
}

// Where the preload library finds a node's numbers, and the node itself: what is read from it are its descriptors.
void Sysfs::add_node(const Node::DeviceAddress& place, const Face& face) {
  std::string flat = place.path().substr(5);
  for (char& c : flat) c = c == '/' ? '_' : c;
  std::error_code ignored;
  fs::remove(root_ / "dev/.node" / flat, ignored);
  fs::create_symlink(device_number(place), root_ / "dev/.node" / flat);
  const fs::path node = root_ / place.path().substr(1);
  fs::create_directories(node.parent_path());
  std::ofstream(node, std::ios::binary) << descriptors_of(face);
  fs::permissions(node, fs::perms(0666));
}

void Sysfs::add_interface(const dfu::PortPath& port, const Face& face, const InterfaceFace& one) {
  const std::string folder = interface_folder(port, one.number);
  fs::create_directories(root_ / folder.substr(1));
  const auto put = [&](const char* name, const std::string& text) { write(folder + "/" + name, text + "\n"); };
  put("bInterfaceNumber", format("%02x", one.number));
  put("bAlternateSetting", " 0");
  put("bNumEndpoints", format("%02x", one.endpoints));
  put("bInterfaceClass", format("%02x", one.interface_class));
  put("bInterfaceSubClass", format("%02x", one.subclass));
  put("bInterfaceProtocol", format("%02x", one.protocol));
  const auto& d = face.device;
  std::string text = "DEVTYPE=usb_interface\n";
  if (!one.driver.empty()) text += "DRIVER=" + one.driver + "\n";
  text += format("PRODUCT=%x/%x/%x\nTYPE=%d/%d/%d\nINTERFACE=%d/%d/%d\n", dfu::le16(d, 8), dfu::le16(d, 10),
                 dfu::le16(d, 12), d[4], d[5], d[6], one.interface_class, one.subclass, one.protocol);
  write(folder + "/uevent", text);
  link(folder + "/subsystem", "/sys/bus/usb");
  if (!one.driver.empty()) {
    fs::create_directories(root_ / "sys/bus/usb/drivers" / one.driver);
    link(folder + "/driver", "/sys/bus/usb/drivers/" + one.driver);
  }
  link("/sys/bus/usb/devices/" + fs::path(folder).filename().string(), folder);
}

void Sysfs::remove(const Node::DeviceAddress& place) {
  std::error_code ignored;
  const fs::path folder = root_ / device_folder(place.port).substr(1);
  const fs::path devices = root_ / "sys/bus/usb/devices";
  fs::remove(devices / device_name(place.port), ignored);
  fs::remove(root_ / place.path().substr(1), ignored);
  fs::remove(root_ / "sys/dev/char" / device_number(place), ignored);
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    fs::remove(devices / entry.path().filename(), ignored);
  }
  fs::remove_all(folder, ignored);
}

fs::path Sysfs::disable_file(const dfu::PortPath& hub, int port) const {
  return root_ / interface_folder(hub, 0).substr(1) / (device_name(hub) + "-port" + std::to_string(port)) / "disable";
}

void Sysfs::add_port(const dfu::PortPath& hub, int port, const std::string& peer_hub) {
  const fs::path file = disable_file(hub, port);
  fs::create_directories(file.parent_path());
  std::ofstream(root_ / device_folder(hub).substr(1) / "maxchild") << port << "\n";  // the last one says it
  std::ofstream(file) << "0\n";
  std::ofstream(file.parent_path() / "connect_type") << "unknown\n";
  if (peer_hub.empty()) return;
  const fs::path peer = disable_file({peer_hub}, port).parent_path();
  if (!fs::exists(peer)) return;
  const fs::path here = file.parent_path();
  fs::create_symlink(peer.lexically_relative(here), here / "peer");
  fs::create_symlink(here.lexically_relative(peer), peer / "peer");
}

void Sysfs::set_driver(const Node::DeviceAddress& place, std::uint8_t interface_number, const std::string& driver) {
  const std::string folder = interface_folder(place.port, interface_number);
  std::error_code ignored;
  if (!fs::exists(root_ / folder.substr(1))) return;
  fs::remove(root_ / folder.substr(1) / "driver", ignored);
  if (driver.empty()) return;
  fs::create_directories(root_ / "sys/bus/usb/drivers" / driver);
  link(folder + "/driver", "/sys/bus/usb/drivers/" + driver);
}

void Sysfs::set_mode(const Node::DeviceAddress& place, fs::perms mode) {
  std::error_code ignored;
  fs::permissions(root_ / place.path().substr(1), mode, ignored);
}

void Sysfs::uevent(const Node::DeviceAddress& place, const Face& face, const std::string& action) {
  std::string text = "ACTION=" + action + "\nDEVPATH=" + device_folder(place.port).substr(4) + "\nSUBSYSTEM=usb\n" +
                     format("SEQNUM=%llu\n", ++sequence_) + "DEVNAME=" + place.path() + "\n" +
                     format("MAJOR=189\nMINOR=%d\n", minor_of(place)) + properties(place, face);
  const auto& d = face.device;
  text += format("ID_VENDOR_ID=%04x\nID_MODEL_ID=%04x\nID_REVISION=%04x\nID_BUS=usb\n", dfu::le16(d, 8),
                 dfu::le16(d, 10), dfu::le16(d, 12));
  if (!face.serial.empty()) text += "ID_SERIAL_SHORT=" + face.serial + "\n";
  for (char& c : text) c = c == '\n' ? '\0' : c;
  EventHeader header;
  header.properties_size = static_cast<std::uint32_t>(text.size());
  header.subsystem = htonl(filter_hash("usb"));
  header.device_type = htonl(filter_hash("usb_device"));
  const std::string message = std::string(reinterpret_cast<const char*>(&header), sizeof header) + text;
  glob_t found{};
  if (glob((root_ / "event*").c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) deliver(found.gl_pathv[i], message);
  }
  globfree(&found);
}

}  // namespace usb_mock
