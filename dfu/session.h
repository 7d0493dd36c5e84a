// The conversation that carries out a plan: erase, write, read back, compare, leave. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "dfu/plan.h"

namespace dfu {

// What was really done for one step.
struct StepTally {
  std::uint32_t written_bytes = 0;
  std::uint32_t erased_sectors = 0;
  std::uint32_t verified_bytes = 0;  // read back equal since the last write to the unit, or found so by the survey
};

// REQUIRES: the unit is open and in dfuIDLE, as the survey left it; profile and layout outlive the session.
class Session {
 public:
  Session(const Profile& profile, const Layout& layout, Plan plan);

  Ask begin(Duration now);
  Ask answer(const Answer& answer, Duration now);

  // Ends the session after the operation that is running, unless the unit has been verified and is leaving.
  void stop() { stop_ = true; }

  // Nothing once Finished: all was done and leave was requested.
  const std::optional<Fault>& fault() const { return fault_; }
  // The operation that runs now.
  const Operation& operation() const { return plan_.operations[next_]; }
  const std::vector<StepTally>& steps() const { return steps_; }
  // Kept neighbours that are not restored yet: their bytes that are not blank, where the erase of their sector has
  // begun and they were not read back equal since.
  BytesAt at_risk() const;
  // Kept neighbours that were read back equal after that.
  BytesAt restored() const { return neighbours(restored_); }
  // Neighbours that are given up, in sectors whose erase has begun.
  std::vector<Neighbour> given_up() const;
  Duration device_time() const { return device_time_; }   // of what was done so far
  Duration planned() const { return plan_.device_time; }  // of everything

 private:
  Ask run(Duration now);
  Ask operation_done(Duration now);
  void name_likely_cause(const Operation& failed);
  void tally();
  void tally_neighbours(const Operation& read);
  BytesAt neighbours(const std::set<std::uint32_t>& sectors) const;

  const Profile* profile_;
  const Layout* layout_;
  Plan plan_;
  std::size_t next_ = 0;
  std::optional<Exchange> exchange_;
  bool stop_ = false;
  std::uint8_t selected_;  // alternate setting
  Duration device_time_{};
  std::vector<StepTally> steps_;
  std::set<std::uint32_t> erased_, restored_;         // sectors; restored: with all their neighbours
  std::map<std::uint32_t, std::uint32_t> read_back_;  // bytes of neighbours, by sector
  std::optional<Fault> fault_;
};

}  // namespace dfu
