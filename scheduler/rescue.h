// Between two attempts on one unit: tries the rungs of the ladder (scheduler/ladder.h) until the unit answers again. A
// rung counts as a success only when the unit has answered. It gets what happened and when, and returns what to do; no
// thread, no clock, no I/O. What came of each rung is a remark on record.
//
// Each rung ends by itself: conversations by their own limits, waits by timers, everything else by being answered
// exactly once. A port whose power went off is switched on again whatever happens, also by a stop.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "scheduler/ladder.h"
#include "scheduler/messages.h"

namespace scheduler {

struct RescueOptions {
  dfu::Fault fault;     // that ended the attempt
  std::string attempt;  // its id
  dfu::PortPath port;
  Climbed climbed{};       // in this visit so far
  bool power = false;      // the hub may be asked to switch this port
  bool own_reset = false;  // the attempt's own reset made the unit leave the bus: it is waited for
  int first_timer = 0;     // timers count from here, as an attempt's do
  KnownUnit known{};       // the unit that is to answer again
};

class Rescue {
 public:
  // REQUIRES: the profile outlives it.
  Rescue(const dfu::Profile& profile, RescueOptions options);

  std::vector<VisitEffect> begin(std::optional<dfu::UnitInfo> present, dfu::Duration now);
  std::vector<VisitEffect> on(const VisitInput& input, dfu::Duration now);

  enum class Result {
    ready,    // the unit answers: the next attempt may begin
    gone,     // it left the bus by itself: it may come back, as a loose plug does
    another,  // the unit on the port is another one: it is not touched
    ask,      // no rung is left; `advice` is for the person at the line
    stopped,  // by a stop
  };
  // Nothing while it runs. Then the unit is closed and its port has power, or `advice` says that it has not.
  std::optional<Result> result() const { return result_; }
  const Climbed& climbed() const { return climbed_; }
  const std::string& advice() const { return advice_; }
  int last_timer() const { return timers_; }

 private:
  enum class Stage {
    opening,
    talking,  // does it answer? Or it is reset
    closing,
    suspecting,  // a transfer failed on the wire: has the unit left?
    departing,   // after a reset that made it leave the bus
    returning,   // it must come back by itself: we made it go
    switching_off,
    off,
    switching_on,
    on_again,  // the hub did not react, and is asked again
    over,
  };
  enum class After { climb, check, depart, suspect, ready };  // what follows the close

  void hear(const visit_input::Arrived& arrived);
  void hear(const visit_input::Left& left);
  void hear(const visit_input::Opened& opened);
  void hear(const visit_input::Talked&);
  void hear(const visit_input::Closed&);
  void hear(const visit_input::Powered& powered);
  void hear(const visit_input::TimeOver& over);
  void hear(const visit_input::Stop&);
  void hear(const visit_input::Admitted&) {}
  void hear(const visit_input::Recorded&) {}
  void hear(const visit_input::Halt&) {}  // the visit passes it on as a stop
  void hear(const visit_input::Setting&) {}

  bool another_is_here() const;
  void climb();
  void open_to_check();
  template <typename OneTask>
  void open(std::shared_ptr<OneTask> task);
  void ended(const CheckTask& check);
  void ended(const ResetTask& reset);
  void checked();
  void failed(const std::string& what, dfu::FaultCode code);
  void close(After after);
  void lost();
  dfu::Duration after_reset() const;
  void await_return(dfu::Duration limit);
  void came_back_or_not();
  void switch_on();
  void switched_on(bool switched);
  void say(RemarkCode code, RemarkValues values = {});
  void end(Result result);
  void wait(Stage stage, dfu::Duration limit);
  bool still_here() const { return present_ && present_->handle == unit_.handle; }
  template <typename What>
  void want(What what) {
    wants_.emplace_back(std::move(what));
  }

  const dfu::Profile* profile_;
  const RescueOptions options_;
  Climbed climbed_;
  dfu::FaultCode code_;  // what was seen last
  dfu::Duration now_{};
  std::vector<VisitEffect> wants_;
  Stage stage_ = Stage::over;
  After after_ = After::climb;
  Rung rung_ = Rung::reopen;
  std::optional<dfu::UnitInfo> present_;  // what is on the port now
  dfu::UnitInfo unit_;                    // that is open
  dfu::Duration ahead_{};                 // as Left has it
  // Not touched between Talk and Talked.
  std::variant<std::shared_ptr<CheckTask>, std::shared_ptr<ResetTask>> task_;
  bool our_doing_ = false;  // that it is off the bus
  bool stopping_ = false;
  int power_ons_ = 0;
  dfu::Duration gone_since_{};
  int timers_;
  int timer_ = -1;
  std::optional<Result> result_;
  std::string advice_;
};

}  // namespace scheduler
