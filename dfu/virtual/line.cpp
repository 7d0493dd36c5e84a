#include "dfu/virtual/line.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <utility>

#include "dfu/virtual/flash_file.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// Linux enumerates one device after the other on a bus, 0.15-0.3 s each (facts/dfu.md 4.9).
constexpr Duration enumeration = 150ms;
// From a unit's going until the hub has reported it: one poll of the hub's status endpoint at its usual interval.
constexpr Duration notice = 100ms;
constexpr Duration reconnect_time = 200ms;
constexpr Duration power_switch_time = 10ms;
constexpr Duration close_time = 500us;
constexpr Duration open_timeout = 5s;  // the kernel's own for SET_INTERFACE

// The low bits of a handle name the port, so that no table of handles is needed; the rest counts enumerations.
constexpr int port_bits = 16;

// The control transfer that the host waits for.
struct Flight {
  std::uint64_t number = 0;  // 0: none
  Duration submitted{};
  Transfer transfer;
  std::function<void(TransferResult)> done;
};

struct Port {
  Port(const UnitSpec& spec, std::optional<Flash> flash)
      : path(spec.port),
        flash_file(spec.flash_file),
        plugged(spec.starts != Starts::absent),
        unit(spec, std::move(flash)) {}

  const PortPath path;
  const std::string flash_file;
  std::size_t index = 0;
  int bus = 1;
  PortPower switching = PortPower::none;

  std::mutex mutex;      // guards everything below
  bool started = false;  // announced, or known to be absent
  bool plugged;          // the cable
  bool powered = true;   // the port
  VirtualUnit unit;
  UnitHandle handle = 0;   // as last announced, until Left; 0: none
  bool reachable = false;  // the unit is there and enumerated
  bool open = false;
  std::uint64_t presence = 0;  // counts comings and goings: what was due for an earlier presence is void
  Duration begun{};            // when the unit took its last transfer
  Duration busy_until{};       // until when it works on that and does not listen
  Duration lag{};              // by how much the clock woke us late with the last answer
  Flight flight;
  std::uint64_t flights = 0;
  OpenStatus refusal = OpenStatus::ok;
  int refusals = 0;
};

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
  }
  return "";
}

}  // namespace

struct VirtualLine::Impl : std::enable_shared_from_this<Impl> {
  explicit Impl(Clock& the_clock) : clock(the_clock) {}

  void build(const LineSpec& spec);
  void add_unit(const UnitSpec& spec);

  // `task(impl)` in a task of the clock; not if the line has been destroyed by then.
  template <typename Task>
  void at(Duration when, Task task) {
    clock.at(when, [weak = weak_from_this(), task = std::move(task)] {
      const auto self = weak.lock();
      if (!self) return;
      const std::shared_lock open_gate(self->gate);
      if (!self->closed) task(*self);
    });
  }
  template <typename Task>
  void soon(Task task) {
    at(clock.now(), std::move(task));
  }

  Port& port_at(const PortPath& path) const;
  Port* find(UnitHandle handle) const;
  Duration reserve_bus(int bus, Duration from);

  // The following need the port's mutex.
  void fly(Port& port, Transfer transfer, std::function<void(TransferResult)> done);
  void begin(Port& port);
  void end_flight(Port& port, TransferStatus status);
  void go_dark(Port& port);
  void depart(Port& port, Departure::Cause cause);
  void come_back(Port& port, std::optional<Duration> delay);
  void power_down(Port& port);
  void power_up(Port& port);
  Arrived announce(Port& port);

  // Tasks of the clock; they take the mutex.
  void land(Port& port, std::uint64_t number, std::uint64_t presence, std::optional<Departure> departure,
            TransferResult result);
  void appear(Port& port, std::uint64_t presence);
  void arrive(Port& port, std::uint64_t presence);
  void finish_reset(Port& port, std::uint64_t presence, const std::function<void(ResetStatus)>& done);

  Clock& clock;
  std::shared_mutex gate;  // shared by each running task; the destructor waits for it
  bool closed = false;
  OnEvent on_event;
  std::vector<HubInfo> hubs;
  std::vector<std::unique_ptr<Port>> ports;  // in port order
  std::map<PortPath, Port*> by_path;
  std::atomic<std::uint64_t> enumerations = 0;
  std::mutex bus_mutex;
  std::map<int, Duration> bus_free;  // when the bus has done with the enumerations asked for so far
};

// ---- the line as it is built

void VirtualLine::Impl::build(const LineSpec& spec) {
  for (const auto& hub : spec.hubs) hubs.push_back({hub.port, hub.ports, hub.tt, hub.power});
  if (spec.units.size() >> port_bits) throw std::runtime_error("a virtual line has at most 65535 units");
  for (const auto& unit : spec.units) add_unit(unit);
  std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) { return a->path < b->path; });
  for (std::size_t i = 0; i < ports.size(); ++i) ports[i]->index = i;
}

void VirtualLine::Impl::add_unit(const UnitSpec& spec) {
  const std::string where = "virtual unit at port " + spec.port.text + ": ";
  const auto hub =
      std::find_if(hubs.begin(), hubs.end(), [&](const HubInfo& one) { return one.port == spec.port.hub(); });
  if (hub == hubs.end()) throw std::runtime_error(where + "the line has no hub at " + spec.port.hub().text);
  const int number = std::atoi(spec.port.text.substr(hub->port.text.size() + 1).c_str());
  if (number < 1 || number > hub->ports) {
    throw std::runtime_error(where + "the hub has ports 1 to " + std::to_string(hub->ports));
  }
  if (by_path.contains(spec.port)) throw std::runtime_error(where + "there is another unit at this port");
  if (spec.profile != "photon")
    throw std::runtime_error(where + "the profile '" + spec.profile + "' cannot be simulated");
  if (!find_generation(spec.generation)) {
    throw std::runtime_error(where + "there is no bootloader generation " + std::to_string(spec.generation));
  }
  const std::string id = unit_id(spec);
  if (id.size() != 24 || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw std::runtime_error(where + "the id must be 24 hex digits, not '" + id + "'");
  }
  std::optional<Flash> flash;
  if (!spec.flash_file.empty()) flash = read_flash_file(spec.flash_file);
  auto port = std::make_unique<Port>(spec, std::move(flash));
  port->bus = bus_of(spec.port);
  port->switching = hub->power;
  by_path[spec.port] = port.get();
  ports.push_back(std::move(port));
}

Port& VirtualLine::Impl::port_at(const PortPath& path) const {
  const auto found = by_path.find(path);
  assert(found != by_path.end());
  return *found->second;
}

Port* VirtualLine::Impl::find(UnitHandle handle) const {
  const std::size_t index = handle & ((1u << port_bits) - 1);
  return handle != 0 && index < ports.size() ? ports[index].get() : nullptr;
}

Duration VirtualLine::Impl::reserve_bus(int bus, Duration from) {
  const std::lock_guard lock(bus_mutex);
  Duration& free = bus_free[bus];
  free = std::max(free, from) + enumeration;
  return free;
}

// ---- one transfer

void VirtualLine::Impl::fly(Port& port, Transfer transfer, std::function<void(TransferResult)> done) {
  assert(port.flight.number == 0);
  const Duration now = clock.now();
  const std::uint64_t number = ++port.flights;
  port.flight = {number, now, std::move(transfer), std::move(done)};
  if (!port.reachable) {  // it has gone, and nobody has said so yet
    at(now + transfer_time(0), [&port, number, presence = port.presence](Impl& self) {
      self.land(port, number, presence, {}, {TransferStatus::io_error, {}});
    });
  } else if (port.busy_until <= now) {
    begin(port);
  } else {
    // It still works on something whose answer nobody waited for. A request that is given up by then never reaches it.
    const Duration timeout = port.flight.transfer.timeout;
    const bool in_time = timeout == Duration{} || port.busy_until < now + timeout;
    at(in_time ? port.busy_until : now + timeout, [&port, number, in_time](Impl& self) {
      std::unique_lock lock(port.mutex);
      if (port.flight.number != number) return;
      if (in_time) return self.begin(port);
      const auto presence = port.presence;
      lock.unlock();
      self.land(port, number, presence, {}, {TransferStatus::timed_out, {}});
    });
  }
}

// A host's timer wakes late, which no unit would: the next transfer begins where it would have without that, and only
// what the host itself takes between two transfers counts.
void VirtualLine::Impl::begin(Port& port) {
  const Duration now = clock.now() - std::exchange(port.lag, Duration{});
  Flight& flight = port.flight;
  port.begun = now;
  Reaction reaction = port.unit.control(flight.transfer.setup, flight.transfer.data);
  const Duration end = now + reaction.takes;
  if (reaction.answered) port.busy_until = end;
  const Duration timeout = flight.transfer.timeout;
  const Duration limit = timeout == Duration{} ? Duration::max() : flight.submitted + timeout;
  if (!reaction.answered || end > limit) {
    if (limit != Duration::max()) {
      at(limit, [&port, number = flight.number, presence = port.presence](Impl& self) {
        self.land(port, number, presence, {}, {TransferStatus::timed_out, {}});
      });
    }
    if (!reaction.answered || !reaction.departure) return;
  }
  at(end, [&port, end, number = flight.number, presence = port.presence, departure = reaction.departure,
           result = TransferResult{reaction.status, std::move(reaction.data)}](Impl& self) {
    {
      const std::lock_guard relock(port.mutex);
      port.lag = self.clock.now() - end;
    }
    self.land(port, number, presence, departure, result);
  });
}

// The end of a transfer on the wire: its answer if it is still waited for, and what becomes of the unit.
void VirtualLine::Impl::land(Port& port, std::uint64_t number, std::uint64_t presence,
                             std::optional<Departure> departure, TransferResult result) {
  std::function<void(TransferResult)> done;
  {
    const std::lock_guard lock(port.mutex);
    if (port.flight.number == number) {
      port.flight.number = 0;
      done = std::move(port.flight.done);
    }
    if (departure && port.presence == presence) {
      if (departure->after == Duration{}) {
        depart(port, departure->cause);
      } else {
        at(clock.now() + departure->after, [&port, presence, cause = departure->cause](Impl& self) {
          const std::lock_guard relock(port.mutex);
          if (port.presence == presence) self.depart(port, cause);
        });
      }
    }
  }
  if (done) done(std::move(result));
}

void VirtualLine::Impl::end_flight(Port& port, TransferStatus status) {
  if (port.flight.number == 0) return;
  port.flight.number = 0;
  soon([done = std::move(port.flight.done), status](Impl&) { done({status, {}}); });
}

// ---- coming and going

// The unit is off the bus from now on; the host hears of it a moment later.
void VirtualLine::Impl::go_dark(Port& port) {
  ++port.presence;
  port.reachable = false;
  port.busy_until = {};
  end_flight(port, TransferStatus::io_error);
  if (port.handle == 0) return;
  at(clock.now() + notice, [&port, handle = port.handle](Impl& self) {
    {
      const std::lock_guard lock(port.mutex);
      if (port.handle != handle) return;
      port.handle = 0;
      port.open = false;
      self.end_flight(port, TransferStatus::gone);
    }
    self.on_event(Left{handle, port.path});
  });
}

void VirtualLine::Impl::depart(Port& port, Departure::Cause cause) {
  go_dark(port);
  switch (cause) {
    case Departure::Cause::restart:
      return come_back(port, port.unit.restart());
    case Departure::Cause::reconnect:
      return come_back(port, reconnect_time);
    case Departure::Cause::power_cut:
      port.plugged = false;
      port.unit.power_off();
      return;
  }
}

void VirtualLine::Impl::come_back(Port& port, std::optional<Duration> delay) {
  if (!delay) return;
  at(clock.now() + std::max(*delay, notice),
     [&port, presence = port.presence](Impl& self) { self.appear(port, presence); });
}

void VirtualLine::Impl::power_down(Port& port) {
  std::optional<Duration> into;
  if (clock.now() < port.busy_until) into = clock.now() - port.begun;
  go_dark(port);
  port.unit.power_off(into);
}

void VirtualLine::Impl::power_up(Port& port) {
  ++port.presence;
  come_back(port, port.unit.restart());
}

void VirtualLine::Impl::appear(Port& port, std::uint64_t presence) {
  const std::lock_guard lock(port.mutex);
  if (port.presence != presence) return;
  at(reserve_bus(port.bus, clock.now()), [&port, presence](Impl& self) { self.arrive(port, presence); });
}

void VirtualLine::Impl::arrive(Port& port, std::uint64_t presence) {
  Arrived arrived;
  {
    const std::lock_guard lock(port.mutex);
    if (port.presence != presence) return;
    arrived = announce(port);
  }
  on_event(arrived);
}

Arrived VirtualLine::Impl::announce(Port& port) {
  port.handle = ++enumerations << port_bits | port.index;
  port.reachable = true;
  port.open = false;
  port.busy_until = {};
  Arrived arrived{port.unit.describe()};
  arrived.unit.handle = port.handle;
  arrived.unit.port = port.path;
  return arrived;
}

void VirtualLine::Impl::finish_reset(Port& port, std::uint64_t presence, const std::function<void(ResetStatus)>& done) {
  bool well = false;
  {
    const std::lock_guard lock(port.mutex);
    if (port.presence == presence) {
      well = port.unit.usb_reset();
      // A unit that does not answer its enumeration is given up by the host until its power comes anew.
      if (!well) go_dark(port);
    }
  }
  done(well ? ResetStatus::ok : ResetStatus::lost);
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

void VirtualLine::open(UnitHandle unit, std::uint8_t interface_number, std::uint8_t alternate,
                       std::function<void(OpenResult)> done) {
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
  Transfer select{
      .setup = {.request_type = 0x01, .request = 11, .value = alternate, .index = interface_number, .length = 0},
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
  assert(transfer.setup.in() || transfer.data.size() == transfer.setup.length);
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
  Topology out{.controllers = {}, .hubs = impl_->hubs};
  for (const auto& hub : impl_->hubs) {
    const int bus = bus_of(hub.port);
    const auto same = [&](const ControllerInfo& one) { return one.bus == bus; };
    if (std::none_of(out.controllers.begin(), out.controllers.end(), same)) {
      out.controllers.push_back({bus, "virtual-" + std::to_string(bus)});
    }
  }
  return out;
}

void VirtualLine::set_power(const PortPath& path, bool on, std::function<void(bool switched)> done) {
  bool switched = false;
  if (const auto found = impl_->by_path.find(path); found != impl_->by_path.end()) {
    Port& port = *found->second;
    const std::lock_guard lock(port.mutex);
    switched = port.switching == PortPower::per_port;
    if (switched && std::exchange(port.powered, on) != on && port.plugged && port.started) {
      on ? impl_->power_up(port) : impl_->power_down(port);
    }
  }
  impl_->at(impl_->clock.now() + power_switch_time, [done = std::move(done), switched](Impl&) { done(switched); });
}

void VirtualLine::plug(const PortPath& path) {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  if (std::exchange(port.plugged, true)) return;
  if (port.started && port.powered) impl_->power_up(port);
}

void VirtualLine::pull(const PortPath& path) {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  if (!std::exchange(port.plugged, false)) return;
  if (port.started && port.powered) impl_->power_down(port);
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

bool VirtualLine::present(const PortPath& path) const {
  Port& port = impl_->port_at(path);
  const std::lock_guard lock(port.mutex);
  return port.reachable;
}

std::vector<std::string> VirtualLine::save() const {
  std::vector<std::string> problems;
  for (const auto& port : impl_->ports) {
    if (port->flash_file.empty()) continue;
    Bytes bytes;
    {
      const std::lock_guard lock(port->mutex);
      bytes = port->unit.flash().bytes();
    }
    if (auto problem = write_flash_file(port->flash_file, bytes)) problems.push_back(*problem);
  }
  return problems;
}

}  // namespace dfu::virt
