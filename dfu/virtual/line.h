// A line of virtual units behind the two seams: units that come and go, transfers that take their time, hubs that
// switch power. Time is the clock's, so the same line runs in real, scaled and virtual time.
//
// Any thread may call any verb; answers and events come from tasks of the clock, one after the other if the clock runs
// them so. One mutex per unit; none is held while a callback runs. Where real USB needs a blocking call (open, close,
// reset) the time is modelled. The clock must outlive the line; after the destructor no callback comes, answered or
// not, and it must not be called from one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dfu/bus.h"
#include "dfu/clock.h"
#include "dfu/hubs.h"
#include "dfu/virtual/line_spec.h"
#include "dfu/virtual/unit.h"

namespace dfu::virt {

class VirtualLine : public Bus, public Hubs {
 public:
  // Throws std::runtime_error with a sentence for a person: a unit on no hub's port or on a taken one, an unknown
  // profile or generation, an id that is not 24 hex digits, a flash file of the wrong size. `spec.speed` is not used
  // here: it belongs to the clock.
  VirtualLine(const LineSpec& spec, Clock& clock);
  ~VirtualLine() override;

  void start(OnEvent on_event) override;
  // Selecting the alternate setting is a control transfer to the unit and counts as one.
  void open(UnitHandle unit, std::vector<Claim> claims, std::function<void(OpenResult)> done) override;
  void submit(UnitHandle unit, Transfer transfer, std::function<void(TransferResult)> done) override;
  void reset(UnitHandle unit, std::function<void(ResetStatus)> done) override;
  void cancel(UnitHandle unit) override;
  void close(UnitHandle unit, std::function<void()> done) override;

  Topology topology() override;
  // A ganged hub goes off with the last of its ports that is asked to and holds a unit (that call says so, the
  // others are refused), and on with the first.
  void set_power(const PortPath& port, bool on, std::function<void(bool switched)> done) override;

  // The spec has a unit at this port. A unit is named by the port that the spec puts it at, also after it has moved.
  bool has(const PortPath& port) const;
  // What people do at the line; plugged in again a unit is at its own port. False: there is nothing to do, for the unit
  // is plugged in, or is not. REQUIRES here and below: the port has a unit in the spec.
  bool plug(const PortPath& port);
  bool pull(const PortPath& port);
  // A new unit instead of the one that lived there: blank, another id, the spec's faults again. False: pull that first.
  bool fresh(const PortPath& port);
  // Likewise for a hub of the spec, with all that is behind it.
  bool has_hub(const PortPath& hub) const;
  bool plug_hub(const PortPath& hub);
  bool pull_hub(const PortPath& hub);
  // The hub, and those that it is behind, are plugged in. REQUIRES: it is in the spec.
  bool hub_is_there(const PortPath& hub) const;
  // The next `times` opens of the unit on this port are refused so.
  void refuse_open(const PortPath& port, OpenStatus status, int times);

  // The unit itself, with its mutex held: its true state for tests, and faults to come.
  void with_unit(const PortPath& port, const std::function<void(VirtualUnit&)>& use);
  // The next transfer was requested `late` ago: its way from the host's program to here took time that a host
  // controller would not take. The transfer begins as if it had come without that delay.
  void excuse(UnitHandle unit, Duration late);
  // Device and configuration descriptor, as the host's kernel reads them at enumeration; empty if the unit has left.
  Bytes descriptors(UnitHandle unit) const;
  // Enumerated now.
  bool present(const PortPath& port) const;
  // Where it is now: on another port after the fault `move`.
  PortPath place(const PortPath& port) const;

  // Writes the flash files, each through a file beside it that is renamed. Sentences about those that failed.
  std::vector<std::string> save() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace dfu::virt
