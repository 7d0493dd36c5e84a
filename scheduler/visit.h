// One unit in one slot, from insertion to removal: docs/architecture.md, "A unit's life", as one pure state machine. It
// waits for a place, has each attempt recorded before and after, decides about the next one and holds the verdict; what
// happens to the unit in between is its Attempt. It gets what happened and when, and returns what to do; no thread, no
// clock, no I/O.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/recipe.h"
#include "scheduler/attempt.h"
#include "scheduler/messages.h"
#include "scheduler/rescue.h"

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

  std::vector<VisitEffect> on(const VisitInput& input, dfu::Duration now);

  const dfu::PortPath& port() const { return options_.port; }

  // Something is under way that must end before the program may.
  bool in_work() const { return phase_ != Phase::empty && phase_ != Phase::verdict; }

 private:
  enum class Phase {
    empty,         // nothing here, or nothing of ours
    queued,        // waits for a place
    saving_start,  // the attempt's start is being committed
    attempting,
    saving_end,
    rescuing,  // between two attempts the unit is brought to answer again
    awaiting,  // the unit left the bus by itself: a loose plug may bring it back
    verdict,
  };

  const config::Recipe& recipe() const { return *setting_.recipe; }
  bool ours(const dfu::UnitInfo& unit) const;
  // Ours, or was until our own switch of its power started its application.
  bool workable(const dfu::UnitInfo& unit) const;
  // It was verified, left before it had proven its boot, and is back in application mode.
  bool owes_proof(const dfu::UnitInfo& unit) const;
  // Of what is on the port now, against the unit of this visit.
  SameUnit who_is_here() const;
  UnitArrived arrival(const dfu::UnitInfo& unit) const;
  bool gives_back() const;
  void tell_lost();
  void remember_neighbours();

  void hear(const visit_input::Arrived& arrived);
  void hear(const visit_input::Left& left);
  void hear(const visit_input::Admitted&);
  void hear(const visit_input::Recorded& recorded);
  void hear(const visit_input::Opened&) {}
  void hear(const visit_input::Talked&) {}
  void hear(const visit_input::Closed&) {}
  void hear(const visit_input::Powered&) {}
  void hear(const visit_input::TimeOver& over);
  void hear(const visit_input::Stop& stop);
  void hear(const visit_input::Halt& halt);
  void hear(const visit_input::Setting& setting);

  void begin_if_ours(const std::shared_ptr<const AttemptFinished>& pending_proof);
  void arrived_after_verdict();
  void begin_visit();
  void look_at_the_port();
  void begin_with_the_other();
  bool may_begin_at_once(bool another);
  void hold();
  dfu::Duration until_empty_for(dfu::Duration limit) const;
  void watch_for_removal(dfu::Duration limit);
  void end_visit(bool never_begun = false);
  void queue();
  void go_on_with_what_is_here();
  void attempt(std::vector<VisitEffect> wanted);
  void go_on_after(const dfu::Fault& fault);
  void wait_after_halt();
  void rescue(const dfu::Fault& fault);
  void rescue(std::vector<VisitEffect> wanted);
  void await_return();
  void supersede();
  void conclude();
  void conclude_dry_run();
  void ended(const visit_input::Recorded& recorded);
  void reach_verdict(Outcome outcome, std::string advice = {});
  void start_timer(dfu::Duration limit) { want(visit_effect::Timer{++timer_, limit}); }
  void want(VisitEffect want) { wants_.push_back(std::move(want)); }

  VisitOptions options_;
  VisitSetting setting_;  // of the visit that runs, else of the next one
  Phase phase_ = Phase::empty;
  dfu::Duration now_{};
  std::vector<VisitEffect> wants_;
  std::optional<dfu::UnitInfo> present_;  // what is on the port now
  dfu::Duration empty_since_{};           // if nothing is
  KnownUnit known_;                       // of the unit of this visit, as its last attempt found it
  Gap gap_;                               // on this port, since that was last certain
  // Bytes beside the steps that an attempt on this port erased in a unit and did not write back. They outlive the
  // visit, for that unit may be plugged in here again.
  struct Taken {
    dfu::BytesAt bytes;
    KnownUnit unit;
    std::string visit;
  };
  std::optional<Taken> taken_;
  bool given_ = false;  // to the attempt that runs
  // quick_returns_: visits in a row that began with a unit which shows no id and came back within `insert_after`.
  // idle_returns_: how many visits before such a return, in a row, made no unit; a failed one counts twice.
  int quick_returns_ = 0, idle_returns_ = 0;
  bool held_ = false;  // too many of them: nothing is begun until the port was empty for longer
  // A departure until then is our doing (leave), and so is the return that follows it: neither is an insertion.
  std::optional<dfu::Duration> own_departure_until_;
  bool draining_ = false;         // no new visit, no further attempt
  std::optional<StopKind> stop_;  // of the last input
  bool halted_ = false;           // the attempt that runs was asked to end, and its unit waits for its turn after it
  int halts_ = 0;                 // attempts of this visit that a halt ended: policy.attempts does not count them
  int timer_ = 0;                 // the one that counts; older ones are ignored
  std::string visit_;
  int attempts_ = 0;
  std::optional<Attempt> attempt_;                        // the last one of this visit
  std::shared_ptr<const AttemptFinished> pending_proof_;  // what it has left to prove
  WallTime began_{};                                      // it, as its record has it
  Outcome outcome_ = Outcome::error;                      // of it
  std::optional<dfu::Fault> fault_;                       // likewise
  std::optional<Rescue> rescue_;                          // the last one of this visit
  Climbed climbed_;                                       // in this visit
  bool asked_ = false;                                    // the verdict asks a person to plug the unit in again
};

}  // namespace scheduler
