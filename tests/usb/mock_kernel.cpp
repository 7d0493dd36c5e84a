#include "tests/usb/mock_kernel.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "tests/usb/mock_clients.h"
#include "tests/usb/mock_sysfs.h"

namespace usb_mock {

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int superspeed_offset = 100;  // from a bus to that of the other halves
constexpr int most_numbers = 127;
constexpr int root_ports = 16;
constexpr auto patience = 10s;

int bus_of(const std::string& port) {
  return std::atoi(port.c_str());
}

std::string other_half(const std::string& port) {
  const int bus = bus_of(port);
  const int other = bus > superspeed_offset ? bus - superspeed_offset : bus + superspeed_offset;
  return std::to_string(other) + port.substr(port.find('-'));
}

// The sanitizer's library that this process has loaded, which a child with the same sanitizer must have first.
std::string sanitizer_library() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const bool wanted = line.find("/libasan.so") != std::string::npos || line.find("/libtsan.so") != std::string::npos;
    if (wanted) return line.substr(line.find('/'));
  }
  return "";
}

}  // namespace

// ---- inside

struct MockKernel::Impl {
  explicit Impl(const KernelSpec& the_spec) : spec(the_spec), clock(spec.line.speed), line(spec.line, clock) {}

  using Call = std::function<void()>;

  void build();
  void start_threads();
  void stop();

  // Devices; on the hub thread only.
  void add(const std::string& port, Face face, std::unique_ptr<Device> device);
  void remove(const std::string& port);
  void add_hub(const std::string& port, HubTraits traits);
  void arrived(const dfu::UnitInfo& unit);

  void later(Call job);
  void run_jobs();
  void watch_disable_files();
  void switch_power(const std::string& hub, int port, bool on);
  bool occupied(const std::string& port) const;

  std::shared_ptr<Ledger> ledger(const std::string& port) const;
  std::shared_ptr<Node> node(const std::string& port) const;
  std::shared_ptr<Node> node_at(const std::string& path) const;
  int next_number(int bus);

  const KernelSpec spec;
  Sysfs sysfs;
  scheduler::RealClock clock;
  dfu::virt::VirtualLine line;

  mutable std::mutex mutex;
  std::condition_variable changed;
  mutable std::map<std::string, std::shared_ptr<Ledger>> ledgers;  // by port
  std::map<std::string, std::shared_ptr<Node>> nodes;              // by port, what is there now
  std::set<std::string> visible;                                   // ports whose device is in sysfs
  std::map<std::string, unsigned> modes;                           // by port
  std::map<int, int> last_number;                                  // by bus
  std::map<std::string, std::set<std::string>> off;                // by port: the switches that are off
  std::map<int, std::pair<std::string, int>> watched;              // by inotify watch: hub and port
  std::deque<Call> jobs;
  bool listed = false;
  bool stopping = false;

  int inotify = -1;
  int wake[2] = {-1, -1};  // closed at one end, it ends the watch thread
  std::unique_ptr<Clients> clients;
  std::thread hub_thread, watch_thread;
};

std::shared_ptr<Ledger> MockKernel::Impl::ledger(const std::string& port) const {
  const std::lock_guard lock(mutex);
  auto& page = ledgers[port];
  if (!page) page = std::make_shared<Ledger>();
  return page;
}

std::shared_ptr<Node> MockKernel::Impl::node(const std::string& port) const {
  const std::lock_guard lock(mutex);
  const auto found = nodes.find(port);
  return found == nodes.end() ? nullptr : found->second;
}

std::shared_ptr<Node> MockKernel::Impl::node_at(const std::string& path) const {
  const std::lock_guard lock(mutex);
  for (const auto& [port, node] : nodes) {
    if (node->place().path() == path) return node;
  }
  return nullptr;
}

// Counts up and starts again, past those in use, as Linux does.
int MockKernel::Impl::next_number(int bus) {
  const std::lock_guard lock(mutex);
  const auto used = [&](int number) {
    return std::ranges::any_of(
        nodes, [&](const auto& one) { return one.second->place().bus == bus && one.second->place().number == number; });
  };
  int& last = last_number[bus];
  for (int tried = 0; tried < most_numbers; ++tried) {
    last = last % most_numbers + 1;
    if (!used(last)) return last;
  }
  throw std::length_error("bus " + std::to_string(bus) + " of the mock kernel is full, as USB has it at 127 devices");
}

// ---- devices

void MockKernel::Impl::add(const std::string& port, Face face, std::unique_ptr<Device> device) {
  const Node::DeviceAddress place{{port}, bus_of(port), next_number(bus_of(port))};
  auto fresh = std::make_shared<Node>(place, std::move(face), std::move(device), ledger(port));
  fresh->on_driver = [this, place](std::uint8_t number, const std::string& driver) {
    later([this, place, number, driver] { sysfs.set_driver(place, number, driver); });
  };
  {
    const std::lock_guard lock(mutex);
    nodes[port] = fresh;
  }
  clients->open_door(place.path());
  sysfs.add(place, fresh->face());
  if (const auto mode = modes.find(port); mode != modes.end()) sysfs.set_mode(place, fs::perms(mode->second));
  sysfs.uevent(place, fresh->face(), "add");
  const std::lock_guard lock(mutex);
  visible.insert(port);
  changed.notify_all();
}

void MockKernel::Impl::remove(const std::string& port) {
  std::shared_ptr<Node> lost;
  {
    const std::lock_guard lock(mutex);
    const auto found = nodes.find(port);
    if (found == nodes.end()) return;
    lost = found->second;
    nodes.erase(found);
  }
  lost->leave();
  clients->device_left(lost);
  sysfs.remove(lost->place());
  sysfs.uevent(lost->place(), lost->face(), "remove");
  const std::lock_guard lock(mutex);
  visible.erase(port);
  changed.notify_all();
}

void MockKernel::Impl::add_hub(const std::string& port, HubTraits traits) {
  auto switched = [this, port](int number, bool on) { switch_power(port, number, on); };
  auto taken = [this, port, root = traits.root](int number) {
    const std::string prefix = root ? port.substr(0, port.find('-') + 1) : port + ".";
    return occupied(prefix + std::to_string(number));
  };
  add(port, hub_face(traits, traits.root ? "0000:00:14.0" : ""), make_hub_device(traits, switched, taken));
  for (int number = 1; number <= traits.ports; ++number) {
    sysfs.add_port({port}, number, spec.superspeed && traits.half == 3 ? other_half(port) : "");
    const std::string file = sysfs.disable_file({port}, number);
    const int watch = inotify_add_watch(inotify, file.c_str(), IN_MODIFY);
    const std::lock_guard lock(mutex);
    watched[watch] = {port, number};
  }
}

void MockKernel::Impl::arrived(const dfu::UnitInfo& unit) {
  const dfu::Bytes descriptors = line.descriptors(unit.handle);
  if (descriptors.size() < 18) return;  // it has left already
  Face face;
  face.device.assign(descriptors.begin(), descriptors.begin() + 18);
  face.configuration.assign(descriptors.begin() + 18, descriptors.end());
  face.manufacturer = "Virtual";
  face.product = unit.product;
  face.serial = unit.serial;
  add(unit.port.text, std::move(face), make_unit_device(line, spec.line.speed, unit.handle));
}

bool MockKernel::Impl::occupied(const std::string& port) const {
  return node(port) != nullptr;
}

// Of a USB 3 hub both halves must be off before what is plugged in loses its power. Each half is switched by requests
// to the hub and by the port's `disable` file.
void MockKernel::Impl::switch_power(const std::string& hub, int port, bool on) {
  const std::string at =
      hub.ends_with("-0") ? hub.substr(0, hub.size() - 1) + std::to_string(port) : hub + "." + std::to_string(port);
  const bool fast = bus_of(at) > superspeed_offset;
  const std::string unit_port = fast ? other_half(at) : at;
  bool power = true;
  {
    const std::lock_guard lock(mutex);
    auto& switches = off[unit_port];
    on ? static_cast<void>(switches.erase(hub)) : static_cast<void>(switches.insert(hub));
    power = switches.size() < (spec.superspeed ? 2u : 1u);
  }
  line.set_power({unit_port}, power, [](bool) {});
}

void MockKernel::Impl::build() {
  std::set<int> buses;
  for (const auto& hub : spec.line.hubs) buses.insert(bus_of(hub.port.text));
  for (const auto& foreign : spec.foreign) buses.insert(bus_of(foreign.port.text));
  std::vector<int> halves{2};
  if (spec.superspeed) halves.push_back(3);
  for (const int half : halves) {
    const int offset = half == 3 ? superspeed_offset : 0;
    for (const int bus : buses) {
      add_hub(std::to_string(bus + offset) + "-0", {.half = half, .ports = root_ports, .root = true});
    }
    auto hubs = spec.line.hubs;
    std::ranges::sort(hubs, {}, [](const auto& hub) { return hub.port; });
    for (const auto& hub : hubs) {
      const std::string port = half == 3 ? other_half(hub.port.text) : hub.port.text;
      add_hub(port, {half, hub.ports, hub.tt, hub.power, false});
    }
  }
  for (const auto& foreign : spec.foreign) add(foreign.port.text, foreign.face, make_foreign_device(foreign.face));
  line.start([this](const dfu::BusEvent& event) {
    if (const auto* come = std::get_if<dfu::Arrived>(&event)) {
      later([this, unit = come->unit] { arrived(unit); });
    } else if (const auto* gone = std::get_if<dfu::Left>(&event)) {
      later([this, port = gone->port.text] { remove(port); });
    } else {
      later([this] {
        const std::lock_guard lock(mutex);
        listed = true;
        changed.notify_all();
      });
    }
  });
}

// ---- threads

void MockKernel::Impl::later(Call job) {
  {
    const std::lock_guard lock(mutex);
    jobs.push_back(std::move(job));
  }
  changed.notify_all();
}

void MockKernel::Impl::run_jobs() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [this] { return stopping || !jobs.empty(); });
    if (stopping) return;
    Call job = std::move(jobs.front());
    jobs.pop_front();
    lock.unlock();
    job();
    lock.lock();
  }
}

void MockKernel::Impl::watch_disable_files() {
  while (true) {
    pollfd files[] = {{inotify, POLLIN, 0}, {wake[0], 0, 0}};
    if (poll(files, 2, -1) < 0) continue;
    if ((files[1].revents & POLLHUP) != 0) return;
    alignas(inotify_event) char events[4096];
    const ssize_t size = ::read(inotify, events, sizeof events);
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events + at);
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
      std::pair<std::string, int> port;
      {
        const std::lock_guard lock(mutex);
        port = watched[event->wd];
      }
      std::ifstream file(sysfs.disable_file({port.first}, port.second));
      char value = 0;
      if (file >> value) switch_power(port.first, port.second, value == '0');
    }
  }
}

void MockKernel::Impl::start_threads() {
  inotify = inotify_init1(IN_CLOEXEC);
  if (inotify < 0 || pipe2(wake, O_CLOEXEC) != 0) throw std::runtime_error("the mock kernel has no more descriptors");
  clients = std::make_unique<Clients>(sysfs.root(), [this](const std::string& path) { return node_at(path); });
  hub_thread = std::thread([this] { run_jobs(); });
  watch_thread = std::thread([this] { watch_disable_files(); });
}

void MockKernel::Impl::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  changed.notify_all();
  if (wake[1] >= 0) close(wake[1]);
  for (std::thread* thread : {&hub_thread, &watch_thread}) {
    if (thread->joinable()) thread->join();
  }
  clients->hang_up();
  for (const auto& [port, node] : nodes) node->leave();
  clients.reset();
  clock.stop();
  for (const int file : {inotify, wake[0]}) {
    if (file >= 0) close(file);
  }
}

// ---- outside

MockKernel::MockKernel(const KernelSpec& spec) : impl_(std::make_unique<Impl>(spec)) {
  impl_->start_threads();
  impl_->later([impl = impl_.get()] { impl->build(); });
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [this] { return impl_->listed; });
}

MockKernel::~MockKernel() {
  impl_->stop();
}

dfu::virt::VirtualLine& MockKernel::line() {
  return impl_->line;
}

dfu::Clock& MockKernel::clock() {
  return impl_->clock;
}

Counts MockKernel::counts(const std::string& port) const {
  const auto ledger = impl_->ledger(port);
  const std::lock_guard lock(ledger->mutex);
  return ledger->counts;
}

std::string MockKernel::node(const std::string& port) const {
  const auto node = impl_->node(port);
  return node ? node->place().path() : "";
}

std::string MockKernel::read(const std::string& port, const std::string& attribute) const {
  const fs::path folder = impl_->sysfs.root() / "sys/bus/usb/devices" / device_name({port});
  std::ostringstream text;
  text << std::ifstream(folder / attribute, std::ios::binary).rdbuf();
  return text.str();
}

void MockKernel::set_mode(const std::string& port, unsigned mode) {
  std::promise<void> done;
  impl_->later([&, impl = impl_.get()] {
    impl->modes[port] = mode;
    if (const auto node = impl->node(port)) impl->sysfs.set_mode(node->place(), fs::perms(mode));
    done.set_value();
  });
  done.get_future().wait();
}

void MockKernel::wedge(const std::string& port, Wedge what) {
  const auto ledger = impl_->ledger(port);
  const std::lock_guard lock(ledger->mutex);
  ledger->wedges.insert(what);
}

void MockKernel::hide_place(const std::string& port) {
  const auto ledger = impl_->ledger(port);
  const std::lock_guard lock(ledger->mutex);
  ledger->tells_place = false;
}

void MockKernel::release(const std::string& port) {
  const auto ledger = impl_->ledger(port);
  {
    const std::lock_guard lock(ledger->mutex);
    ledger->wedges.clear();
  }
  ledger->changed.notify_all();
}

bool MockKernel::hold(const std::string& port, std::uint8_t interface_number) {
  const auto node = impl_->node(port);
  return node && node->claim(interface_number, this) == 0;
}

void MockKernel::let_go(const std::string& port, std::uint8_t interface_number) {
  if (const auto node = impl_->node(port)) node->release(interface_number, this);
}

bool MockKernel::wait_for(const std::string& port, bool present) {
  std::unique_lock lock(impl_->mutex);
  return impl_->changed.wait_for(lock, patience, [&] { return impl_->visible.contains(port) == present; });
}

std::vector<std::string> MockKernel::environment(bool built_here) const {
  std::string preload = built_here ? sanitizer_library() : "";
  for (const char* library : {FLASHLINE_MOCK_PRELOAD, "libumockdev-preload.so.0"}) {
    preload += (preload.empty() ? "" : ":") + std::string(library);
  }
  return {"UMOCKDEV_DIR=" + impl_->sysfs.root().string(), "LD_PRELOAD=" + preload};
}

ForeignDevice keyboard(const std::string& port) {
  Face face = foreign_face({0x046D, 0xC31C}, 0x4900, {{.interface_class = 3, .interface_subclass = 1, .protocol = 1}});
  face.product = "Keyboard";
  face.speed = "1.5";
  return {{port}, std::move(face)};
}

ForeignDevice run_time_dfu(const std::string& port) {
  Face face =
      foreign_face({0x2522, 0x0007}, 0x0100, {{.interface_class = 0xFE, .interface_subclass = 1, .protocol = 1}},
                   dfu::FunctionalDescriptor{.can_download = true,
                                             .will_detach = true,
                                             .detach_timeout = std::chrono::milliseconds(1000),
                                             .transfer_size = 1024,
                                             .version = 0x0110});
  face.product = "Somebody's device";
  return {{port}, std::move(face)};
}

}  // namespace usb_mock
