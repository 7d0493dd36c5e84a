// What must be on record, and the interface to what keeps it. Values; the scheduler knows no SQL.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/recipe.h"
#include "dfu/bus.h"
#include "dfu/fault.h"
#include "scheduler/remark.h"
#include "scheduler/same_unit.h"

namespace scheduler {

// When something happened, as people know it: each event is stamped once, where it happened, and has this time on
// record and wherever it is shown. Steps when the clock is set; nothing is measured by it.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

enum class Outcome { passed, failed, error, cancelled, interrupted, already };
std::string_view to_string(Outcome outcome);
// The station, not the unit, is to blame for faults about the station, a hub or a port.
Outcome outcome_of(const dfu::Fault& fault);

struct VisitStarted {
  std::string visit;  // UUIDv7
  dfu::PortPath port;
  std::string slot;  // empty: no label
};

// The order that units are made for, and who lets the line work for it.
struct WorkOrder {
  std::string order;  // empty: none
  std::string lot;
  std::string operator_name{};  // empty: the operator of the run
};

struct AttemptStarted {
  std::string attempt;  // UUIDv7
  std::string visit;
  int number = 1;  // of the visit, from 1
  dfu::PortPath port;
  std::string slot;
  dfu::UnitInfo unit;  // as it showed itself, before it was touched
  std::shared_ptr<const config::Recipe> recipe;
  std::shared_ptr<const WorkOrder> job{};  // null: for none
};

// One recipe step of one attempt.
struct StepDone {
  std::string name;
  std::shared_ptr<const dfu::Image> image;
  std::uint32_t address = 0;
  std::uint32_t bytes = 0;
  std::uint32_t written_bytes = 0;
  std::uint32_t unchanged_bytes = 0;
  std::uint32_t erased_sectors = 0;
  double seconds = 0;
  std::optional<dfu::Sha256> readback;  // over the bytes read back at the step's address and length
  // Of a step that goes into another memory than the profile's own: what it is on this unit.
  std::optional<std::uint8_t> alternate{};
};

struct AttemptFinished {
  AttemptStarted started;
  Outcome outcome = Outcome::error;
  std::optional<dfu::Fault> fault;
  std::optional<bool> verified;      // null where the unit cannot upload or the recipe waives it
  std::optional<bool> booted;        // null where the recipe asks for no proof
  std::optional<std::string> unit;   // chip or device id where one could be read
  std::vector<std::string> serials;  // in the order in which they were shown
  double flash_seconds = 0;          // from open to the answer of leave (or to the end)
  double return_seconds = 0;         // from there to the proof
  double floor_seconds = 0;          // the unit's own time for what was really done
  std::vector<StepDone> steps;
  // By what evidence the unit that came back is the unit that was verified; null: it was not asked, or none was found.
  std::optional<Evidence> identity{};
};

struct VisitEnded {
  std::string visit;
};

using Record = std::variant<VisitStarted, AttemptStarted, AttemptFinished, VisitEnded, Remark>;

class Recorder {
 public:
  virtual ~Recorder() = default;
  // `done` is called exactly once, from any thread: true when the record is committed, false when it never will be.
  // Records are committed in the order in which they were given. Any thread.
  virtual void record(Record record, WallTime at, std::function<void(bool committed)> done) = 0;
};

}  // namespace scheduler
