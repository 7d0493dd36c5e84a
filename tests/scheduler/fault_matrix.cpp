#include "tests/scheduler/fault_matrix.h"

#include <chrono>
#include <map>
#include <stdexcept>

#include "scheduler/fault_policy.h"
#include "tests/scheduler/truth.h"

namespace scheduler::matrix {
namespace {

using dfu::virt::BootOutcome;
using dfu::virt::FaultKind;
using dfu::virt::FaultPoint;
using dfu::virt::FaultSpec;
using dfu::virt::VirtualUnit;
using dialects::Dialect;
using fleet::Fleet;
using fleet::port_of;

// Longer than any case can take: a line that has not ended by then never will.
constexpr dfu::Duration patience = std::chrono::hours(1);
constexpr int for_ever = 1000000;

// ---- one case

void check_ends(const Fleet& fleet, Result& result) {
  std::map<std::string, int> open;
  for (const Record& record : fleet.recorder.records) {
    if (const auto* started = std::get_if<AttemptStarted>(&record)) ++open[started->attempt];
    if (const auto* ended = std::get_if<AttemptFinished>(&record)) --open[ended->started.attempt];
  }
  for (const auto& [attempt, count] : open) {
    if (count != 0) result.lies.push_back("an attempt does not have exactly one end");
  }
}

void check_neighbour(Fleet& fleet, const truth::Truth& truth, bool fits, Result& result) {
  const auto& attempts = fleet.watcher.attempts[{port_of(1)}];
  const bool unharmed =
      attempts.size() == 1 && truth::passed(attempts[0]) == fits && !truth::lie_in(attempts[0], truth);
  if (!unharmed) result.lies.push_back("the neighbour was harmed");
}

// A pass of a unit that does not run what was written is beyond the proof asked for, if it is no lie.
void note_beyond(const AttemptFinished& verdict, const truth::Truth& truth, Result& result) {
  if (!truth::passed(verdict) || truth::runs_it(verdict, truth)) return;
  result.beyond = truth::beyond_proof(*verdict.started.recipe, truth);
}

// Whatever happens to a unit, it must not be left so that its next start crashes: the way back to DFU mode would be
// lost. Not asked of one whose flash does not take what is written to it. The loop in which a Particle unit with a
// factory image restores that image for want of a system part 1 (docs/devices.md, "Boot of a Photon") cannot be avoided
// while part 1 is exchanged; its SETUP button leads out.
enum class Flash { sound, broken };

// Runs the line to its end and judges it. REQUIRES: the unit under test is the first of two.
Result judge(Fleet& fleet, const Dialect& dialect, Flash flash = Flash::sound) {
  std::map<dfu::PortPath, truth::Truth> at_verdict;
  fleet.watcher.on_event = [&](const Event& event) {
    const auto* verdict = std::get_if<VerdictReached>(&event);
    if (verdict) at_verdict[verdict->port] = truth::truth_of(fleet, verdict->port.text);
  };
  fleet.start();
  fleet.clock.run(patience);
  Result result;
  const auto& attempts = fleet.watcher.attempts[{port_of(0)}];
  if (!fleet.totals || attempts.empty()) {
    result.lies.push_back("the line never came to an end");
    return result;
  }
  const truth::Truth& truth = at_verdict[{port_of(0)}];
  if (auto lie = truth::lie_in(attempts.back(), truth)) result.lies.push_back(*lie);
  // Who waits for no start is told before it.
  const bool waits = attempts.back().booted.has_value();
  note_beyond(attempts.back(), waits ? truth : truth::truth_of(fleet, port_of(0)), result);
  if (truth.next_start == BootOutcome::crash && flash == Flash::sound && dialect.fits) {
    result.lies.push_back("the unit is left so that its next start crashes");
  }
  check_neighbour(fleet, at_verdict[{port_of(1)}], dialect.fits, result);
  check_ends(fleet, result);
  result.passed = truth::passed(attempts.back());
  result.first = attempts.size() == 1;
  result.unproved = truth::unproved(attempts.back(), truth);
  if (attempts.back().fault) result.fault = attempts.back().fault->code;
  return result;
}

enum class Unit { blank, used };

class Line : public Fleet {
 public:
  Line(const Dialect& dialect, Unit state, const std::vector<FaultSpec>& faults = {})
      : Fleet(spec_of(dialect, faults), dialect.recipe) {
    if (state == Unit::blank) return;
    for (const int index : {0, 1}) {
      line.with_unit({port_of(index)}, [&](VirtualUnit& unit) { dialect.wear(unit.flash()); });
    }
  }

 private:
  static dfu::virt::LineSpec spec_of(const Dialect& dialect, const std::vector<FaultSpec>& faults) {
    dfu::virt::LineSpec spec = dialects::line_of(dialect.unit, 2);
    spec.units[0].faults = faults;
    return spec;
  }
};

Result strike(const Dialect& dialect, Unit state, const FaultSpec& fault) {
  Line line(dialect, state, {fault});
  const bool corrupt = fault.kind == FaultKind::corrupt;
  Result result = judge(line, dialect, corrupt && fault.times == for_ever ? Flash::broken : Flash::sound);
  if (result.unproved && !corrupt) result.lies.push_back("a pass for a unit that holds something else");
  return result;
}

// The power is cut; then the unit comes to the line once more, as the cut left it, and must be finished.
Result cut(const Dialect& dialect, Unit state, std::uint32_t transfers) {
  Line line(dialect, state);
  line.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) { unit.cut_after(transfers); });
  Result result = judge(line, dialect);
  // Before leave it was pulled; after it nobody can tell a pulled unit from one that does not start.
  const bool told =
      result.passed ||
      (result.fault && (about(*result.fault) == About::cable || *result.fault == dfu::FaultCode::not_back));
  if (!told) result.lies.push_back("a unit without power is blamed for something else");
  Line again(dialect, state);
  line.line.with_unit({port_of(0)}, [&](const VirtualUnit& left) {
    again.line.with_unit({port_of(0)}, [&](VirtualUnit& unit) { unit.flash() = left.flash(); });
  });
  const Result second = judge(again, dialect);
  if (!second.passed || !second.first) result.lies.push_back("the next flash did not finish what the cut left");
  if (result.unproved || second.unproved) result.lies.push_back("a pass for a unit that holds something else");
  for (const std::string& lie : second.lies) result.lies.push_back("flashed again: " + lie);
  return result;
}

// ---- the places

struct FaultPlace {
  FaultPoint at;
  int times = 1;
  std::string name;
};

struct Extent {
  std::uint32_t transfers = 0;
  std::uint32_t flashing = 0;  // of them, until its firmware starts
  std::uint32_t blocks = 0;
};

// What a unit that does not fit shows: `wanted` follows from how it started.
dfu::FaultCode wanted(BootOutcome started) {
  switch (started) {
    case BootOutcome::factory_fallback:
      return dfu::FaultCode::factory_fallback;
    case BootOutcome::safe_mode:
      return dfu::FaultCode::safe_mode;
    case BootOutcome::application:
    case BootOutcome::dfu:
    case BootOutcome::reset_loop:
    case BootOutcome::crash:
      break;
  }
  return dfu::FaultCode::not_back;
}

Result without_fault(const Dialect& dialect, Unit state) {
  Line line(dialect, state);
  Result result = judge(line, dialect);
  if (dialect.fits) {
    if (!result.passed || !result.first) result.lies.push_back("no pass without a fault");
    return result;
  }
  line.line.with_unit({port_of(0)}, [&](const VirtualUnit& unit) {
    if (unit.last_boot() && result.fault == wanted(unit.last_boot()->outcome)) return;
    result.lies.push_back("the fault " + std::string(result.fault ? to_string(*result.fault) : "(none)") +
                          " does not say how the unit started");
  });
  return result;
}

Extent extent_of(const Dialect& dialect, Unit state) {
  Line line(dialect, state);
  judge(line, dialect);
  Extent extent;
  line.line.with_unit({port_of(0)}, [&](const VirtualUnit& unit) { extent = {unit.transfers(), unit.blocks()}; });
  // Its proof begins where the flash under no proof ends.
  Line plain(dialects::with_proof(dialect, config::Confirm::none), state);
  judge(plain, dialect);
  plain.line.with_unit({port_of(0)}, [&](const VirtualUnit& unit) { extent.flashing = unit.transfers(); });
  return extent;
}

// Each transfer and each block, the first, the header's and the last byte of each step, and the places with a name;
// all once and for ever. What differs with a unit that does not fit begins with its start: of the transfers before that
// there is one in sixteen.
std::vector<FaultPlace> places_of(const Dialect& dialect, const Extent& extent) {
  std::vector<std::string> names{"survey", "leave", "return", "return:50", "return:900"};
  for (std::uint32_t n = 1; n <= extent.transfers; ++n) {
    if (dialect.fits || n >= extent.flashing || n % 16 == 0) names.push_back("request:" + std::to_string(n));
  }
  for (std::uint32_t n = 1; n <= extent.blocks && dialect.fits; ++n) names.push_back("block:" + std::to_string(n));
  for (const dfu::Step& step : dialect.recipe->layout.steps) {
    for (const std::uint32_t at : {0u, step.header_offset.value_or(4), step.size() - 1}) {
      names.push_back("address:" + dfu::hex_address(step.address + at));
    }
  }
  std::vector<FaultPlace> places;
  for (const std::string& name : names) {
    places.push_back({*dfu::virt::fault_point_from(name), 1, name});
    places.push_back({*dfu::virt::fault_point_from(name), for_ever, name + " for ever"});
  }
  return places;
}

// ---- all cases

void add_jobs(const Dialect& dialect, Unit state, std::vector<Case>& jobs) {
  const std::string which = state == Unit::used ? " of a used unit" : "";
  const std::string proof(to_string(dialect.recipe->policy.confirm));
  const auto add = [&](const std::string& what, const std::string& where, std::function<Result()> run) {
    jobs.push_back({dialect.name, proof, what, where + which, std::move(run)});
  };
  add("no fault", "flash", [&dialect, state] { return without_fault(dialect, state); });
  const Extent extent = extent_of(dialect, state);
  for (std::uint32_t n = 1; n <= extent.transfers && dialect.fits; ++n) {
    add("cut", "transfer " + std::to_string(n), [&dialect, state, n] { return cut(dialect, state, n); });
  }
  const auto places = places_of(dialect, extent);
  for (const std::string& kind : dfu::virt::fault_kind_names()) {
    for (const FaultPlace& place : places) {
      const FaultSpec fault{*dfu::virt::fault_kind_from(kind), place.at, place.times};
      add(kind, place.name, [&dialect, state, fault] { return strike(dialect, state, fault); });
    }
  }
}

}  // namespace

std::vector<Dialect> subjects() {
  std::vector<Dialect> all;
  for (const Dialect& dialect : dialects::all()) {
    for (const config::Confirm proof : dialects::proofs_of(dialect)) all.push_back(with_proof(dialect, proof));
  }
  for (const Dialect& dialect : dialects::systems()) {
    for (const auto proof : {config::Confirm::reread, config::Confirm::modules}) {
      all.push_back(with_proof(dialect, proof));
    }
  }
  for (const Dialect& dialect : dialects::unfit()) {
    for (const config::Confirm proof : dialects::proofs_of(dialect)) all.push_back(with_proof(dialect, proof));
  }
  return all;
}

std::vector<Case> jobs_for(const std::vector<Dialect>& subjects) {
  std::vector<Case> jobs;
  for (const Dialect& dialect : subjects) {
    for (const Unit state : {Unit::blank, Unit::used}) add_jobs(dialect, state, jobs);
  }
  return jobs;
}

}  // namespace scheduler::matrix
