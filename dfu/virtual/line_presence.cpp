#include <algorithm>

#include "dfu/virtual/line_impl.h"

namespace dfu::virt {

namespace {

using namespace std::chrono_literals;

// From a unit's going until the hub has reported it: one poll of the hub's status endpoint at its usual interval.
constexpr Duration notice = 100ms;
constexpr Duration reconnect_time = 200ms;

}  // namespace

// ---- coming and going

// The unit is off the bus from now on; the host hears of it a moment later.
void VirtualLine::Impl::go_dark(Port& port) {
  ++port.presence;
  port.reachable = false;
  port.busy_until = {};
  end_flight(port, TransferStatus::io_error);
  if (port.handle == 0) return;
  at(clock.now() + notice, [&port, handle = port.handle, place = port.place](Impl& self) {
    {
      const std::lock_guard lock(port.mutex);
      if (port.handle != handle) return;
      port.handle = 0;
      port.open = false;
      self.end_flight(port, TransferStatus::gone);
    }
    self.on_event(Left{handle, place});
  });
}

void VirtualLine::Impl::depart(Port& port, const Departure& departure) {
  if (departure.cause == Departure::Cause::detach_over) return port.unit.detach_over();
  go_dark(port);
  if (departure.elsewhere) move(port);
  switch (departure.cause) {
    case Departure::Cause::restart:
      return come_back(port, port.unit.restart(), departure.late);
    case Departure::Cause::reconnect:
      return come_back(port, reconnect_time, departure.late);
    case Departure::Cause::power_cut:
      port.plugged = false;
      port.unit.power_off();
      return;
    case Departure::Cause::dies:
      port.unit.power_off();
      return;
    case Departure::Cause::detach_over:
      return;
  }
}

// To the first port of its hub at which there is nothing and nobody lives; stays where it is if there is none.
void VirtualLine::Impl::move(Port& port) {
  const std::lock_guard lock(places_mutex);
  const HubInfo& hub = port.hub->info;
  for (int number = 1; number <= hub.ports; ++number) {
    PortPath free{hub.port.text + "." + std::to_string(number)};
    if (!taken.insert(free).second) continue;
    if (port.place != port.home) taken.erase(port.place);
    port.place = std::move(free);
    return;
  }
}

void VirtualLine::Impl::come_back(Port& port, std::optional<Duration> delay, Duration late) {
  if (!delay) return;
  at(clock.now() + std::max(*delay, notice) + late,
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

bool VirtualLine::Impl::plug(Port& port) {
  if (std::exchange(port.plugged, true)) return false;
  if (port.place != port.home) {
    const std::lock_guard places(places_mutex);
    taken.erase(port.place);
    port.place = port.home;
  }
  if (port.started && port.powered) power_up(port);
  // Before that it has all the time to boot: it is there when the line starts.
  if (!port.started && port.unit.mode() == VirtualUnit::Mode::off_bus) port.unit.restart();
  return true;
}

bool VirtualLine::Impl::pull(Port& port) {
  if (!std::exchange(port.plugged, false)) return false;
  if (port.started && port.powered) power_down(port);
  return true;
}

void VirtualLine::Impl::set_powered(Port& port, bool on) {
  if (std::exchange(port.powered, on) == on || !port.plugged || !port.started) return;
  on ? power_up(port) : power_down(port);
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
    if (const auto delay = port.unit.pulled_after_return()) {
      at(clock.now() + *delay, [&port, presence](Impl& self) {
        const std::lock_guard relock(port.mutex);
        if (port.presence == presence) self.pull(port);
      });
    }
  }
  on_event(arrived);
}

Arrived VirtualLine::Impl::announce(Port& port) {
  port.handle = ++enumerations << port_bits | port.index;
  port.announced = clock.now();
  port.reachable = true;
  port.open = false;
  port.busy_until = {};
  Arrived arrived{port.unit.describe()};
  arrived.unit.handle = port.handle;
  arrived.unit.port = port.place;
  return arrived;
}

void VirtualLine::Impl::finish_reset(Port& port, std::uint64_t presence, const std::function<void(ResetStatus)>& done) {
  bool well = false;
  {
    const std::lock_guard lock(port.mutex);
    if (port.presence == presence) {
      switch (port.unit.usb_reset()) {
        case AfterReset::stays:
          well = true;
          break;
        case AfterReset::restarts:
          depart(port, {});
          break;
        case AfterReset::silent:
          // A unit that does not answer its enumeration is given up by the host until it is powered up again.
          go_dark(port);
          break;
      }
    }
  }
  done(well ? ResetStatus::ok : ResetStatus::lost);
}

// ---- power

bool VirtualLine::Impl::switch_port(const PortPath& path, bool on) {
  Hub* hub = hub_at(path.hub());
  if (!hub) return false;
  switch (hub->info.power) {
    case PortPower::none:
    case PortPower::unknown:
      return false;
    case PortPower::ganged:
      return switch_gang(*hub, path, on);
    case PortPower::per_port:
      break;
  }
  for (const auto& port : ports) {
    const std::lock_guard lock(port->mutex);
    if (port->place == path) set_powered(*port, on);
  }
  return true;
}

// A ganged hub has one switch: it goes off when every port that holds a unit was asked to go off, and on again with the
// first one that was asked to go on.
bool VirtualLine::Impl::switch_gang(Hub& hub, const PortPath& path, bool on) {
  const std::lock_guard gang(hub.mutex);
  on ? static_cast<void>(hub.asked_off.erase(path)) : static_cast<void>(hub.asked_off.insert(path));
  bool all = true;
  for (const auto& port : ports) {
    const std::lock_guard lock(port->mutex);
    if (port->hub == &hub && port->plugged) all = all && hub.asked_off.contains(port->place);
  }
  if (all == hub.off) return hub.off && !on;
  hub.off = all;
  for (const auto& port : ports) {
    const std::lock_guard lock(port->mutex);
    if (port->hub == &hub) set_powered(*port, !hub.off);
  }
  return true;
}

}  // namespace dfu::virt
