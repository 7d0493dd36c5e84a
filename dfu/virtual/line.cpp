#include "dfu/virtual/line.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include "dfu/virtual/flash_file.h"
#include "dfu/virtual/line_impl.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// Linux enumerates one device after the other on a bus, 0.15-0.3 s each (docs/devices.md, "Enumeration and host
// limits").
constexpr Duration enumeration = 150ms;
constexpr Duration power_switch_time = 10ms;
constexpr Duration close_time = 500us;
constexpr Duration open_timeout = 5s;  // the kernel's own for SET_INTERFACE

int bus_of(const PortPath& path) {
  return std::atoi(path.text.c_str());
}

OpenResult open_result(TransferStatus status) {
  switch (status) {
    case TransferStatus::ok:
      return {};
    case TransferStatus::stall:
      return {OpenStatus::failed, "the unit has no such interface or alternate setting"};
    case TransferStatus::timed_out:
      return {OpenStatus::failed, "the unit did not answer SET_INTERFACE"};
    case TransferStatus::cancelled:
      return {OpenStatus::failed, "cancelled"};
    case TransferStatus::io_error:
    case TransferStatus::gone:
      return {OpenStatus::gone, "the unit has left"};
  }
  return {};
}

const char* refusal_text(OpenStatus status) {
  switch (status) {
    case OpenStatus::ok:
      return "";
    case OpenStatus::gone:
      return "the unit has left";
    case OpenStatus::access_denied:
      return "no permission to open the virtual unit";
    case OpenStatus::busy:
      return "another program holds the interface of the virtual unit";
    case OpenStatus::failed:
      return "the virtual unit cannot be opened";
    case OpenStatus::exhausted:
      return "no more files may be open";
  }
  return "";
}

}  // namespace

Port::Port(const UnitSpec& unit_spec, std::optional<Flash> flash, std::vector<Flash> beside)
    : home(unit_spec.port),
      spec(unit_spec),
      flash_file(spec.flash_file),
      bus(bus_of(spec.port)),
      place(spec.port),
      plugged(spec.starts != Starts::absent),
      unit(spec, std::move(flash), std::move(beside)) {}

// ---- the line as it is built

void VirtualLine::Impl::build(const LineSpec& spec) {
  enumerates_at_once = spec.enumerates_at_once;
  for (const auto& hub : spec.hubs) {
    hubs.push_back(std::make_unique<Hub>(hub));
    taken.insert(hub.port);
  }
  if (spec.units.size() >> port_bits) throw std::runtime_error("a virtual line has at most 65535 units");
  for (const auto& unit : spec.units) add_unit(unit);
  std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) { return a->home < b->home; });
  for (std::size_t i = 0; i < ports.size(); ++i) ports[i]->index = i;
}

void VirtualLine::Impl::add_unit(const UnitSpec& spec) {
  const std::string where = "virtual unit at port " + spec.port.text + ": ";
  Hub* hub = hub_at(spec.port.hub());
  if (!hub) throw std::runtime_error(where + "the line has no hub at " + spec.port.hub().text);
  const int number = std::atoi(spec.port.text.substr(hub->info.port.text.size() + 1).c_str());
  if (number < 1 || number > hub->info.ports) {
    throw std::runtime_error(where + "the hub has ports 1 to " + std::to_string(hub->info.ports));
  }
  if (!taken.insert(spec.port).second) throw std::runtime_error(where + "there is another unit at this port");
  if (const auto problem = problem_of(spec)) throw std::runtime_error(where + *problem);
  std::optional<Flash> flash;
  if (!spec.flash_file.empty()) flash = read_flash_file(spec.flash_file, geometry_of(spec));
  std::vector<Flash> beside;
  for (const MemorySpec& one : spec.beside) {
    auto kept = one.flash_file.empty() ? std::nullopt : read_flash_file(one.flash_file, *one.part);
    beside.push_back(kept ? *std::move(kept) : Flash(*one.part));
  }
  auto port = std::make_unique<Port>(spec, std::move(flash), std::move(beside));
  port->hub = hub;
  if (!reaches(hub->info.port)) port->with_hub = std::exchange(port->plugged, false);
  by_home[spec.port] = port.get();
  ports.push_back(std::move(port));
}

Port& VirtualLine::Impl::port_at(const PortPath& home) const {
  const auto found = by_home.find(home);
  assert(found != by_home.end());
  return *found->second;
}

Port* VirtualLine::Impl::find(UnitHandle handle) const {
  const std::size_t index = handle & ((1u << port_bits) - 1);
  return handle != 0 && index < ports.size() ? ports[index].get() : nullptr;
}

bool VirtualLine::Impl::reaches(const PortPath& path) const {
  for (PortPath at = path; Hub* hub = hub_at(at); at = at.hub()) {
    const std::lock_guard lock(hub->mutex);
    if (!hub->plugged) return false;
  }
  return true;
}

Hub* VirtualLine::Impl::hub_at(const PortPath& path) const {
  const auto found = std::find_if(hubs.begin(), hubs.end(), [&](const auto& one) { return one->info.port == path; });
  return found == hubs.end() ? nullptr : found->get();
}

Duration VirtualLine::Impl::reserve_bus(int bus, Duration from) {
  if (enumerates_at_once) return from + enumeration;
  const std::lock_guard lock(bus_mutex);
  Duration& free = bus_free[bus];
  free = std::max(free, from) + enumeration;
  return free;
}

// ---- Bus

VirtualLine::VirtualLine(const LineSpec& spec, Clock& clock) : impl_(std::make_shared<Impl>(clock)) {
  impl_->build(spec);
}

VirtualLine::~VirtualLine() {
  const std::lock_guard wait(impl_->gate);
  impl_->closed = true;
}

void VirtualLine::start(OnEvent on_event) {
  impl_->on_event = std::move(on_event);
  impl_->soon([](Impl& self) {
    for (const auto& port : self.ports) {
      std::optional<Arrived> arrived;
      {
        const std::lock_guard lock(port->mutex);
        port->started = true;
        if (port->plugged && port->unit.mode() != VirtualUnit::Mode::off_bus) arrived = self.announce(*port);
      }
      if (arrived) self.on_event(*arrived);
    }
    self.on_event(Listed{});
  });
}

void VirtualLine::open(UnitHandle unit, std::vector<Claim> claims, std::function<void(OpenResult)> done) {
  const auto refuse = [&](OpenStatus status) {
    impl_->soon([done = std::move(done), status](Impl&) { done({status, refusal_text(status)}); });
  };
  Port* port = impl_->find(unit);
  if (!port) return refuse(OpenStatus::gone);
  const std::lock_guard lock(port->mutex);
  if (port->handle != unit || !port->reachable) return refuse(OpenStatus::gone);
  if (port->refusals > 0) {
    --port->refusals;
    return refuse(port->refusal);
  }
  if (port->open) return refuse(OpenStatus::busy);
  port->open = true;
  const auto chosen = std::ranges::find_if(claims, [](const Claim& claim) { return claim.alternate.has_value(); });
  if (chosen == claims.end()) return impl_->soon([done = std::move(done)](Impl&) { done({}); });
  Transfer select{.setup = {.request_type = 0x01,
                            .request = 11,
                            .value = *chosen->alternate,
                            .index = chosen->interface_number,
                            .length = 0},
                  .data = {},
                  .timeout = open_timeout};
  impl_->fly(*port, std::move(select), [port, unit, done = std::move(done)](TransferResult result) {
    if (result.status != TransferStatus::ok) {
      const std::lock_guard relock(port->mutex);
      if (port->handle == unit) port->open = false;
    }
    done(open_result(result.status));
  });
}

void VirtualLine::submit(UnitHandle unit, Transfer transfer, std::function<void(TransferResult)> done) {
  assert(transfer.in() || transfer.data.size() == transfer.setup.length);
  if (Port* port = impl_->find(unit)) {
    const std::lock_guard lock(port->mutex);
    if (port->handle == unit && port->open) return impl_->fly(*port, std::move(transfer), std::move(done));
  }
  impl_->soon([done = std::move(done)](Impl&) { done({TransferStatus::gone, {}}); });
}

void VirtualLine::reset(UnitHandle unit, std::function<void(ResetStatus)> done) {
  if (Port* port = impl_->find(unit)) {
    const std::lock_guard lock(port->mutex);
    if (port->handle == unit && port->open && port->reachable) {
      impl_->end_flight(*port, TransferStatus::io_error);
      const Duration end = impl_->reserve_bus(port->bus, std::max(impl_->clock.now(), port->busy_until));
      port->busy_until = end;
      return impl_->at(end, [port, presence = port->presence, done = std::move(done)](Impl& self) {
        self.finish_reset(*port, presence, done);
      });
    }
  }
  impl_->soon([done = std::move(done)](Impl&) { done(ResetStatus::lost); });
}

void VirtualLine::cancel(UnitHandle unit) {
  Port* port = impl_->find(unit);
  if (!port) return;
  const std::lock_guard lock(port->mutex);
  if (port->handle == unit) impl_->end_flight(*port, TransferStatus::cancelled);
}

void VirtualLine::close(UnitHandle unit, std::function<void()> done) {
  if (Port* port = impl_->find(unit)) {
    const std::lock_guard lock(port->mutex);
    if (port->handle == unit) {
      impl_->end_flight(*port, TransferStatus::cancelled);
      port->open = false;
    }
  }
  impl_->at(impl_->clock.now() + close_time, [done = std::move(done)](Impl&) { done(); });
}

// ---- Hubs, and people

Topology VirtualLine::topology() {
  Topology out;
  for (const auto& hub : impl_->hubs) {
    if (impl_->reaches(hub->info.port)) out.hubs.push_back(hub->info);
    const int bus = bus_of(hub->info.port);
    const auto same = [&](const ControllerInfo& one) { return one.bus == bus; };
    if (std::none_of(out.controllers.begin(), out.controllers.end(), same)) {
      out.controllers.push_back({bus, "virtual-" + std::to_string(bus)});
    }
  }
  return out;
}

void VirtualLine::set_power(const PortPath& path, bool on, std::function<void(bool switched)> done) {
  const bool switched = impl_->switch_port(path, on);
  impl_->at(impl_->clock.now() + power_switch_time, [done = std::move(done), switched](Impl&) { done(switched); });
}

bool VirtualLine::has(const PortPath& path) const {
  return impl_->by_home.contains(path);
}

bool VirtualLine::plug(const PortPath& path) {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  return impl_->plug(port);
}

bool VirtualLine::pull(const PortPath& path) {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  return impl_->pull(port);
}

bool VirtualLine::fresh(const PortPath& path) {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  if (port.plugged) return false;
  UnitSpec spec = port.spec;
  spec.starts = Starts::absent;
  spec.id = derived_id(path.text + " " + unit_id(port.spec) + " " + std::to_string(++port.fresh));
  port.unit = VirtualUnit(spec);
  return impl_->plug(port);
}

bool VirtualLine::has_hub(const PortPath& path) const {
  return impl_->hub_at(path) != nullptr;
}

bool VirtualLine::hub_is_there(const PortPath& path) const {
  return impl_->reaches(path);
}

bool VirtualLine::plug_hub(const PortPath& path) {
  Hub& hub = *impl_->hub_at(path);
  {
    const std::lock_guard lock(hub.mutex);
    if (std::exchange(hub.plugged, true)) return false;
  }
  for (const auto& port : impl_->ports) {
    if (!port->home.is_behind(path) || !impl_->reaches(port->home.hub())) continue;
    const std::lock_guard lock(port->mutex);
    if (std::exchange(port->with_hub, false)) impl_->plug(*port);
  }
  return true;
}

bool VirtualLine::pull_hub(const PortPath& path) {
  Hub& hub = *impl_->hub_at(path);
  {
    const std::lock_guard lock(hub.mutex);
    if (!std::exchange(hub.plugged, false)) return false;
  }
  for (const auto& port : impl_->ports) {
    if (!port->home.is_behind(path)) continue;
    const std::lock_guard lock(port->mutex);
    if (impl_->pull(*port)) port->with_hub = true;
  }
  return true;
}

void VirtualLine::refuse_open(const PortPath& path, OpenStatus status, int times) {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  port.refusal = status;
  port.refusals = times;
}

void VirtualLine::with_unit(const PortPath& path, const std::function<void(VirtualUnit&)>& use) {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  use(port.unit);
}

void VirtualLine::excuse(UnitHandle unit, Duration late) {
  Port* port = impl_->find(unit);
  if (!port) return;
  const std::lock_guard lock(port->mutex);
  if (port->handle == unit) port->lag += late;
}

Bytes VirtualLine::descriptors(UnitHandle unit) const {
  Port* port = impl_->find(unit);
  if (!port) return {};
  const std::lock_guard lock(port->mutex);
  return port->handle == unit && port->reachable ? port->unit.descriptors() : Bytes{};
}

bool VirtualLine::present(const PortPath& path) const {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  return port.reachable;
}

PortPath VirtualLine::place(const PortPath& path) const {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  return port.place;
}

std::vector<std::string> VirtualLine::save() const {
  std::vector<std::string> problems;
  for (const auto& port : impl_->ports) {
    std::vector<std::pair<std::string, Bytes>> files;
    {
      const std::lock_guard lock(port->mutex);
      files.emplace_back(port->flash_file, port->unit.flash().bytes());
      for (std::size_t i = 0; i < port->spec.beside.size(); ++i) {
        files.emplace_back(port->spec.beside[i].flash_file, port->unit.beside(i).bytes());
      }
    }
    for (const auto& [file, bytes] : files) {
      if (file.empty()) continue;
      if (auto problem = write_flash_file(file, bytes)) problems.push_back(*problem);
    }
  }
  return problems;
}

}  // namespace dfu::virt
