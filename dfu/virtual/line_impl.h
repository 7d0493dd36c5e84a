// The inside of a virtual line, shared by the three files that hold it: line.cpp (the verbs), line_traffic.cpp
// (transfers) and line_presence.cpp (coming and going, power). Nobody else includes it.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <utility>

#include "dfu/virtual/line.h"

namespace dfu::virt {

// The low bits of a handle name the unit, so that no table of handles is needed; the rest counts enumerations.
constexpr int port_bits = 16;

// The control transfer that the host waits for.
struct Flight {
  std::uint64_t number = 0;  // 0: none
  Duration submitted{};
  Transfer transfer;
  std::function<void(TransferResult)> done;
};

// The 12 Mbit/s that all full-speed ports of a single-TT hub share. A multi-TT hub has as much for each port, which one
// transfer in flight per unit never waits for.
struct Translator {
  std::mutex mutex;
  Duration free{};  // when what was asked for so far has been on the wire
};

struct Hub {
  explicit Hub(const HubSpec& spec) : info{spec.port, spec.ports, spec.tt, spec.power}, plugged(!spec.absent) {}

  const HubInfo info;
  Translator translator;  // used by single-TT hubs
  std::mutex mutex;
  std::set<PortPath> asked_off;  // of a ganged hub: the ports that somebody wants without power
  bool off = false;              // of a ganged hub
  bool plugged;                  // its own cable
};

// A unit and the port it is at.
struct Port {
  Port(const UnitSpec& unit_spec, std::optional<Flash> flash, std::vector<Flash> beside);

  const PortPath home;  // where the spec puts it; people name it so
  const UnitSpec spec;
  const std::string flash_file;
  std::size_t index = 0;
  int bus = 1;
  Hub* hub = nullptr;

  std::mutex mutex;       // guards everything below
  PortPath place;         // where it is now
  bool started = false;   // announced, or known to be absent
  bool plugged;           // the cable, and its hub's
  bool with_hub = false;  // it went with its hub, and comes back with it
  bool powered = true;    // the port
  VirtualUnit unit;
  int fresh = 0;           // new units that were put here
  UnitHandle handle = 0;   // as last announced, until Left; 0: none
  Duration announced{};    // when it was
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

  Port& port_at(const PortPath& home) const;
  Port* find(UnitHandle handle) const;
  Hub* hub_at(const PortPath& path) const;
  // Its own cable is in, and so are those of the hubs it is behind. Takes the hubs' mutexes.
  bool reaches(const PortPath& hub) const;
  // The bus's next time for an enumeration or a reset, and the next one of a unit's 12 Mbit/s: from when on.
  Duration reserve_bus(int bus, Duration from);
  static Duration reserve_wire(Port& port, Duration from, Duration length);

  // The following need the port's mutex.
  void fly(Port& port, Transfer transfer, std::function<void(TransferResult)> done);
  void begin(Port& port);
  void end_flight(Port& port, TransferStatus status);
  void go_dark(Port& port);
  void depart(Port& port, const Departure& departure);
  void move(Port& port);
  void come_back(Port& port, std::optional<Duration> delay, Duration late = {});
  void power_down(Port& port);
  void power_up(Port& port);
  bool plug(Port& port);
  bool pull(Port& port);
  void set_powered(Port& port, bool on);
  Arrived announce(Port& port);

  // Tasks of the clock and the like; they take the mutexes.
  void land(Port& port, std::uint64_t number, std::uint64_t presence, std::optional<Departure> departure,
            TransferResult result);
  void appear(Port& port, std::uint64_t presence);
  void arrive(Port& port, std::uint64_t presence);
  void finish_reset(Port& port, std::uint64_t presence, const std::function<void(ResetStatus)>& done);
  bool switch_port(const PortPath& path, bool on);
  bool switch_gang(Hub& hub, const PortPath& path, bool on);

  Clock& clock;
  std::shared_mutex gate;  // shared by each running task; the destructor waits for it
  bool closed = false;
  OnEvent on_event;
  std::vector<std::unique_ptr<Hub>> hubs;
  std::vector<std::unique_ptr<Port>> ports;  // in port order
  std::map<PortPath, Port*> by_home;
  std::atomic<std::uint64_t> enumerations = 0;
  bool enumerates_at_once = false;
  std::mutex bus_mutex;
  std::map<int, Duration> bus_free;  // when the bus has done with the enumerations asked for so far
  std::mutex places_mutex;
  std::set<PortPath> taken;  // ports that hold something or are somebody's home
};

}  // namespace dfu::virt
