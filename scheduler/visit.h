// One unit in one slot, from insertion to removal: the whole life of DESIGN's "A unit's life" as one pure state
// machine. It is told what happened and when, and says what to do; it has no thread, no clock and does no I/O.
// Every transition stands in visit.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/judge.h"
#include "config/recipe.h"
#include "dfu/session.h"
#include "dfu/survey.h"
#include "scheduler/messages.h"

namespace scheduler {

struct VisitOptions {
  dfu::PortPath port;
  VisitSetting setting;
  bool once = false;  // one visit, then nothing more on this port
  bool dry_run = false;
  std::function<std::string()> new_id;
};

class Visit {
 public:
  explicit Visit(VisitOptions options);

  std::vector<Want> on(const Told& told, dfu::Duration now);

  const dfu::PortPath& port() const { return options_.port; }

  // Something is under way that must end before the program may.
  bool in_work() const { return phase_ != Phase::empty && phase_ != Phase::verdict; }

 private:
  enum class Phase {
    empty,         // nothing here, or nothing of ours
    queued,        // waits for a place
    saving_start,  // the attempt's start is being committed
    opening,
    surveying,
    flashing,
    suspecting,  // a transfer failed on the wire: has the unit left? (facts/dfu.md 4.7)
    closing,
    departing,  // leave was requested: the unit must go from the bus
    returning,  // and come back in application mode
    saving_end,
    awaiting,  // the unit left the bus by itself: a loose plug may bring it back
    verdict,
  };

  // What happens to one attempt; made anew for each.
  struct Attempt {
    AttemptStarted started;
    std::variant<std::monostate, dfu::Survey, dfu::Session> conversation;
    std::optional<dfu::Fault> fault;
    std::optional<bool> verified, booted;
    std::vector<std::string> serials;
    std::optional<std::string> unit_id;
    std::vector<StepDone> steps;
    dfu::Duration survey_floor{}, session_floor{};
    dfu::Duration opened{}, flashed{}, ended{}, accounted{};
    bool wrote = false;
    int percent = -1;
    std::string phase;
  };

  const config::Recipe& recipe() const { return *setting_.recipe; }
  bool ours(const dfu::UnitInfo& unit) const;
  // The unit that this attempt opened is still on the port, as far as anybody told.
  bool still_here() const { return present_ && present_->handle == attempt_.started.unit.handle; }

  void hear(const told::Arrived& arrived);
  void hear(const told::Left& left);
  void hear(const told::Admitted&);
  void hear(const told::Recorded& recorded);
  void hear(const told::Opened& opened);
  void hear(const told::Answered& answered);
  void hear(const told::Closed&);
  void hear(const told::TimeOver& over);
  void hear(const told::Stop& stop);
  void hear(const told::Setting& setting);

  void begin_visit();
  dfu::Duration until_empty_for(dfu::Duration limit) const;
  void watch_for_removal(dfu::Duration limit);
  void end_visit();
  void queue();
  void open();
  void converse(const dfu::Answer* answer);
  void surveyed();
  void judged(dfu::Plan plan);
  void flashed();
  void fail(dfu::Fault fault);
  void suspect_or_close();
  void call_it_gone();
  void close();
  void leave_or_return();
  void returned(const dfu::UnitInfo& unit);
  void conclude();
  void conclude_dry_run();
  void ended(bool committed);
  void reach_verdict(Outcome outcome);
  void note_identity(const dfu::UnitInfo& unit);
  void account_time();
  void tell_progress();
  void wait(Phase phase, dfu::Duration limit);
  void want(Want want) { wants_.push_back(std::move(want)); }
  AttemptFinished finished() const;

  VisitOptions options_;
  VisitSetting setting_;  // of the visit that runs, else of the next one
  Phase phase_ = Phase::empty;
  dfu::Duration now_{};
  std::vector<Want> wants_;
  std::optional<dfu::UnitInfo> present_;  // what is on the port now
  dfu::Duration empty_since_{};           // if nothing is
  // A departure until then is our doing (leave), and so is the return that follows it: neither is an insertion.
  std::optional<dfu::Duration> own_departure_until_;
  bool draining_ = false;  // no new visit, no further attempt
  bool stopping_ = false;  // and what runs is cut short
  int timer_ = 0;          // the one that counts; older ones are ignored
  std::string visit_;
  int attempts_ = 0;
  Attempt attempt_;
  Outcome outcome_ = Outcome::error;  // of the last attempt
};

}  // namespace scheduler
